import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createNativeProvider,
  createVerifierPool,
  type NativeProvider,
  type VerifierPool,
} from '@basalt/crypto';
import {
  ALGORITHM,
  type Block,
  createBlock,
  createGenesisBlock,
  createSigner,
  decodeBlock,
  encodeBlock,
  encodeGenesis,
  PAYLOAD_TYPE,
  type Signer,
} from '@basalt/protocol';
import { createLmdbEngine, createLogStore } from '@basalt/store';
import { createLedger, type Ledger } from '../src/index.ts';

export const provider: NativeProvider = createNativeProvider();

export function newSigner(): Signer {
  const suite = provider.suite(ALGORITHM.ed25519);
  return createSigner(suite.keyPairFromSeed(randomBytes(32)), provider);
}

/** Payloads that nothing compresses: the honest case for sizes. */
export function randomPayloads(count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(randomBytes(bytes)));
}

export interface BenchLedger extends AsyncDisposable {
  readonly ledger: Ledger;
  readonly folder: string;
  readonly pool: VerifierPool;
}

/** The whole thing: LMDB with a sync per group, native crypto, real timers. */
export async function openBenchLedger(workers = 1): Promise<BenchLedger> {
  const folder = mkdtempSync(join(process.env['BASALT_BENCH_DIR'] ?? tmpdir(), 'basalt-bench-'));
  const store = await createLogStore(await createLmdbEngine({ path: folder }));
  const pool = createVerifierPool({ workers, maxQueuedBlocks: 400_000 });
  const ledger = await createLedger(
    {
      store,
      crypto: provider,
      verifier: pool,
      clock: { nowMs: () => Date.now() },
      scheduler: {
        after: (delayMs, run) => {
          const timer = setTimeout(run, delayMs);
          return () => clearTimeout(timer);
        },
      },
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      logSigner: newSigner(),
      recordPublished: async () => undefined,
    },
    { origin: 'bench.example' },
  );
  return {
    ledger,
    folder,
    pool,
    async [Symbol.asyncDispose]() {
      await ledger.close();
      await pool.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function genesisOf(signer: Signer): Uint8Array {
  return encodeGenesis({
    strategy: { kind: 'topic', topic: 'bench' },
    label: 'bench',
    currentKey: { algorithm: ALGORITHM.ed25519, publicKey: signer.publicKey },
    nextKeyHash: undefined,
    recoveryKeys: [],
    recoveryDelayMs: 0,
    parent: undefined,
    nonce: randomBytes(16),
  });
}

/** A chain signed elsewhere, as it comes out of the wire form. */
export function foreignChain(payloads: readonly Uint8Array[]): Block[] {
  const signer = newSigner();
  const timestampMs = Date.now();
  const genesis = createGenesisBlock({
    label: 'foreign',
    nonce: randomBytes(16),
    timestampMs,
    signer,
    provider,
  });
  const { namespace } = genesis.block.entry.header;
  let tip = { size: 1, headHash: genesis.hash, timestampMs };
  const blocks = [decodeBlock(encodeBlock(genesis.block))];
  for (const payload of payloads) {
    const payloadType = PAYLOAD_TYPE.opaque;
    const made = createBlock({
      namespace,
      tip,
      timestampMs,
      payloadType,
      payload,
      signer,
      provider,
    });
    tip = { size: tip.size + 1, headHash: made.hash, timestampMs };
    blocks.push(decodeBlock(encodeBlock(made.block)));
  }
  return blocks;
}
