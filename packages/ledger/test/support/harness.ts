import { createNativeProvider } from '@basalt/crypto';
import {
  ALGORITHM,
  type Block,
  createBlock,
  createSigner,
  decodeBlock,
  deriveNamespaceId,
  encodeBlock,
  encodeGenesis,
  type GenesisPayload,
  PAYLOAD_TYPE,
  type Signer,
  utf8,
  verifySignature,
} from '@basalt/protocol';
import {
  createLogStore,
  createMemoryEngine,
  type KeyValueEngine,
  type LogStore,
} from '@basalt/store';
import { TestTime } from '../../../../tools/testing/test-time.ts';
import type { Ledger, LedgerComponents, LedgerOptions, PublishedSize } from '../../src/index.ts';
import { createLedger } from '../../src/index.ts';

export { settle, TestTime } from '../../../../tools/testing/test-time.ts';

/** One for all tests: a provider owns caches and a kernel. */
const provider = createNativeProvider();

export function seededSigner(seed: number): Signer {
  const bytes = new Uint8Array(32).fill(seed);
  const pair = provider.suite(ALGORITHM.ed25519).keyPairFromSeed(bytes);
  return createSigner(pair, provider);
}

export function genesisPayload(
  signer: Signer,
  label = 'audit',
  more: Partial<GenesisPayload> = {},
): Uint8Array {
  return encodeGenesis({
    strategy: { kind: 'topic', topic: label },
    label,
    currentKey: { algorithm: ALGORITHM.ed25519, publicKey: signer.publicKey },
    nextKeyHash: undefined,
    recoveryKeys: [],
    recoveryDelayMs: 0,
    parent: undefined,
    nonce: new Uint8Array(16).fill(7),
    ...more,
  });
}

export interface TestLedger {
  readonly ledger: Ledger;
  readonly store: LogStore;
  readonly engine: KeyValueEngine;
  readonly time: TestTime;
  /** What was made durable before a checkpoint left, in order. */
  readonly published: PublishedSize[];
  readonly components: LedgerComponents;
}

export interface TestLedgerOptions extends Partial<LedgerOptions> {
  readonly engine?: KeyValueEngine;
  readonly time?: TestTime;
  readonly components?: Partial<LedgerComponents>;
}

/** The real ledger over a store in memory, with time and randomness in the test's hands. */
export async function createTestLedger(options: TestLedgerOptions = {}): Promise<TestLedger> {
  const engine = options.engine ?? createMemoryEngine();
  const time = options.time ?? new TestTime();
  const store = await createLogStore(engine);
  const published: PublishedSize[] = [];
  let drawn = 0;
  const components: LedgerComponents = {
    store,
    crypto: provider,
    verifier: {
      verify: async (items) =>
        items.map(({ entry, publicKey, payload }) =>
          verifySignature(entry, publicKey, payload, provider),
        ),
    },
    clock: time,
    scheduler: time,
    random: { bytes: (length) => new Uint8Array(length).fill(++drawn) },
    logSigner: seededSigner(200),
    recordPublished: async (records) => {
      published.push(...records);
    },
    ...options.components,
  };
  const ledger = await createLedger(components, {
    origin: 'test.example/log',
    ...options,
  });
  return { ledger, store, engine, time, published, components };
}

/** A chain of signed blocks made outside of the ledger, as a remote writer would. */
export function signedChain(signer: Signer, count: number, label = 'remote'): Block[] {
  const blocks: Block[] = [];
  const genesis = genesisPayload(signer, label);
  const namespace = deriveNamespaceId(genesis);
  let tip: Parameters<typeof createBlock>[0]['tip'];
  for (let index = 0; index < count; index++) {
    const { block, hash } = createBlock({
      namespace,
      tip,
      timestampMs: 1_799_999_000_000 + index,
      payloadType: index === 0 ? PAYLOAD_TYPE.namespaceGenesis : PAYLOAD_TYPE.opaque,
      payload: index === 0 ? genesis : utf8(`record ${index}`),
      signer,
    });
    tip = { size: index + 1, headHash: hash, timestampMs: block.entry.header.timestampMs };
    // Through the wire form, so that tests see what a node would.
    blocks.push(decodeBlock(encodeBlock(block)));
  }
  return blocks;
}
