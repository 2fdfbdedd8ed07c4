import { createNativeProvider } from '@basalt/crypto';
import { type BatchVerifier, createLedger, type Ledger, type LedgerOptions } from '@basalt/ledger';
import {
  ALGORITHM,
  type Block,
  type BlockHash,
  type CryptoProvider,
  createBlock,
  createSigner,
  decodeBlock,
  deriveNamespaceId,
  encodeBlock,
  encodeGenesis,
  type HashKind,
  type NamespaceId,
  PAYLOAD_TYPE,
  type Signer,
  tipAfter,
  verifySignature,
} from '@basalt/protocol';
import { createLogStore, createMemoryEngine, type LogStore } from '@basalt/store';

/** One for all tests of a process. */
export const provider: CryptoProvider = createNativeProvider();

export const clock: { nowMs(): number } = { nowMs: () => Date.now() };

export function seededSigner(seed: number): Signer {
  const bytes = new Uint8Array(32).fill(seed);
  return createSigner(provider.suite(ALGORITHM.ed25519).keyPairFromSeed(bytes), provider);
}

export const verifier: BatchVerifier = {
  verify: async (items) =>
    items.map(({ entry, publicKey, payload }) =>
      verifySignature(entry, publicKey, payload, provider),
    ),
};

/** The real ledger over a store in memory, with real time and short intervals. */
export async function createTestLedger(
  options: Partial<LedgerOptions> & { readonly store?: LogStore } = {},
): Promise<Ledger> {
  let drawn = 0;
  return createLedger(
    {
      store: options.store ?? (await createLogStore(createMemoryEngine())),
      crypto: provider,
      verifier,
      clock,
      scheduler: {
        after: (delayMs, run) => {
          const timer = setTimeout(run, delayMs);
          return () => clearTimeout(timer);
        },
      },
      random: { bytes: (length) => new Uint8Array(length).fill(++drawn) },
      logSigner: seededSigner(200),
      recordPublished: async () => {},
    },
    { origin: 'test.example/log', checkpointIntervalMs: 10, superEpochMs: 50, ...options },
  );
}

/** Builds a chain outside of the ledger, as a remote writer would. */
export class ChainWriter {
  readonly signer: Signer;
  readonly namespace: NamespaceId;
  readonly blocks: Block[] = [];
  readonly hashes: BlockHash[] = [];
  #tip: Parameters<typeof createBlock>[0]['tip'];

  constructor(seed: number, label = `chain-${seed}`) {
    this.signer = seededSigner(seed);
    const genesis = encodeGenesis({
      strategy: { kind: 'topic', topic: label },
      label,
      currentKey: { algorithm: ALGORITHM.ed25519, publicKey: this.signer.publicKey },
      nextKeyHash: undefined,
      recoveryKeys: [],
      recoveryDelayMs: 0,
      parent: undefined,
      nonce: new Uint8Array(16).fill(seed),
    });
    this.namespace = deriveNamespaceId(genesis);
    this.add(genesis, PAYLOAD_TYPE.namespaceGenesis);
  }

  add(
    payload: Uint8Array,
    payloadType: number = PAYLOAD_TYPE.opaque,
    payloadHashKind?: HashKind,
  ): Block {
    const made = createBlock({
      namespace: this.namespace,
      tip: this.#tip,
      timestampMs: 1_760_000_000_000 + this.blocks.length,
      payloadType,
      payload,
      signer: this.signer,
      provider,
      ...(payloadHashKind === undefined ? {} : { payloadHashKind }),
    });
    // As a reader sees it: decoded from its bytes.
    const block = decodeBlock(encodeBlock(made.block));
    this.#tip = tipAfter(made.block, made.hash);
    this.blocks.push(block);
    this.hashes.push(made.hash);
    return block;
  }

  wire(index: number): Uint8Array {
    return encodeBlock(this.blocks[index]!);
  }

  hash(index: number): string {
    return Buffer.from(this.hashes[index]!).toString('hex');
  }
}
