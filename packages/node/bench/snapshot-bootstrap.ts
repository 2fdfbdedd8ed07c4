import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNativeProvider, createVerifierPool } from '@basalt/crypto';
import { createGateway } from '@basalt/gateway';
import { createLedger, type Ledger } from '@basalt/ledger';
import {
  ALGORITHM,
  createSigner,
  encodeGenesis,
  type NamespaceId,
  type Signer,
} from '@basalt/protocol';
import { createLmdbEngine, createLogStore } from '@basalt/store';
import { createMetricsRegistry } from '@basalt/telemetry';
import { systemClock, systemScheduler } from '../src/system-shell.ts';

/** What one bootstrap took, over HTTP on the loopback interface, in a process of its own. */
export interface SnapshotBootstrap {
  /** `node`: a data folder that can go on; `client`: the newest block, verified. */
  readonly who: 'node' | 'client';
  /** Blocks of the namespace. */
  readonly height: number;
  /** Newest blocks whose entries came along, each signature checked. */
  readonly blocks: number;
  /** Bodies as they came over the line. */
  readonly bytes: number;
  readonly requests: number;
  /** From the first request to the last commit, program start not counted. */
  readonly ms: number;
  /** Greatest resident set of the process, and what it was before the first request. */
  readonly peakRssBytes: number;
  readonly startRssBytes: number;
}

export interface SnapshotBootstrapOptions {
  /** Blocks of the namespace; default 1,000,000. */
  readonly height?: number;
  /** Windows to measure for a node; default 1 and 100,000 blocks. */
  readonly windows?: readonly number[];
  /** Told while the origin is made, which takes most of the time. */
  readonly onProgress?: (blocks: number) => void;
}

const PAYLOAD_BYTES = 32;
const GROUP = 4_000;
const provider = createNativeProvider();

/**
 * Makes a namespace of a million blocks in LMDB, serves it with the gateway, and lets fresh
 * processes begin from it: a node per window, and a light client that verifies the newest block.
 * The writer signs truly what a bootstrap looks at (the genesis and the newest `windows`); older
 * blocks have filler in place of a signature, since nobody reads them.
 *
 * @example
 * for (const result of await measureSnapshotBootstrap({ height: 100_000 })) console.log(result);
 */
export async function measureSnapshotBootstrap(
  options: SnapshotBootstrapOptions = {},
): Promise<SnapshotBootstrap[]> {
  const { height = 1_000_000, windows = [1, 100_000] } = options;
  const root = mkdtempSync(join(process.env['BASALT_BENCH_DIR'] ?? tmpdir(), 'basalt-snapshot-'));
  const store = await createLogStore(await createLmdbEngine({ path: join(root, 'origin') }));
  const pool = createVerifierPool({ workers: 1 });
  const ledger = await createLedger(
    {
      store,
      crypto: provider,
      verifier: pool,
      clock: systemClock,
      scheduler: systemScheduler,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      logSigner: newSigner(),
      recordPublished: async () => undefined,
    },
    { origin: 'bench.example' },
  );
  const metrics = createMetricsRegistry();
  const components = { ledger, crypto: provider, clock: systemClock, metrics };
  const gateway = createGateway(components, {});
  try {
    const signedFrom = height - Math.max(...windows, 1) - 256;
    const namespace = await grow(ledger, height, signedFrom, options.onProgress);
    const { url } = await gateway.start();
    const results: SnapshotBootstrap[] = [];
    for (const [i, blocks] of windows.entries()) {
      results.push(await bootstrap(['node', url, namespace, join(root, `copy-${i}`), `${blocks}`]));
    }
    results.push(await bootstrap(['client', url, namespace, root, '1']));
    return results;
  } finally {
    await gateway.stop(1_000);
    await ledger.close();
    await pool.close();
    await store.close();
    rmSync(root, { recursive: true, force: true });
  }
}

function newSigner(): Signer {
  const suite = provider.suite(ALGORITHM.ed25519);
  return createSigner(suite.keyPairFromSeed(randomBytes(32)), provider);
}

async function grow(
  ledger: Ledger,
  height: number,
  signedFrom: number,
  onProgress: ((blocks: number) => void) | undefined,
): Promise<NamespaceId> {
  const real = newSigner();
  const filler = new Uint8Array(64).fill(7);
  let signed = 0;
  const signer: Signer = {
    ...real,
    sign: (message) => {
      const index = signed++;
      return index === 0 || index >= signedFrom ? real.sign(message) : filler;
    },
  };
  const genesis = encodeGenesis({
    strategy: { kind: 'topic', topic: 'bench' },
    label: 'bench',
    currentKey: { algorithm: ALGORITHM.ed25519, publicKey: real.publicKey },
    nextKeyHash: undefined,
    recoveryKeys: [],
    recoveryDelayMs: 0,
    parent: undefined,
    nonce: randomBytes(16),
  });
  const writer = await ledger.createNamespace(genesis, signer);
  for (let size = 1; size < height; ) {
    const count = Math.min(GROUP, height - size);
    const payloads = randomBytes(count * PAYLOAD_BYTES);
    const records = Array.from({ length: count }, (_, i) => ({
      payload: payloads.subarray(i * PAYLOAD_BYTES, (i + 1) * PAYLOAD_BYTES),
    }));
    await writer.append(records);
    size += count;
    onProgress?.(size);
  }
  await ledger.flush();
  return writer.namespace;
}

async function bootstrap(args: readonly string[]): Promise<SnapshotBootstrap> {
  const script = fileURLToPath(import.meta.resolve('./snapshot-bootstrap-child.ts'));
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 300_000,
    killSignal: 'SIGKILL',
  });
  let text = '';
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the bootstrap ended with ${code}`);
  return JSON.parse(text) as SnapshotBootstrap;
}
