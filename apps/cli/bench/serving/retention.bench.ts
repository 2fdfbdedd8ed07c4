/**
 * How fast a data folder grows at a hundred blocks a second under each policy: a real store in
 * LMDB, one namespace, payloads of 256 bytes that do not compress, simulated time. Each simulated
 * second a hundred blocks are appended and checkpoints published, each minute the policy makes its
 * pass. What a stretch of ten minutes adds on disk, after five that do not count, is scaled to a
 * day: 144 times. Indexes and trees grow with the logarithm, so that is near enough; a policy that
 * keeps the last minutes only is in its steady state, as one of days is after those days.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNativeProvider, verifyBatchSync } from '@basalt/crypto';
import { createLedger, createRetention, type Ledger, type RetentionPolicy } from '@basalt/ledger';
import {
  ALGORITHM,
  createSigner,
  encodeCheckpointPayload,
  encodeGenesis,
  PAYLOAD_TYPE,
  parseNote,
} from '@basalt/protocol';
import { createLmdbEngine, createLogStore } from '@basalt/store';
import { compare, printResult } from '../../../../tools/bench/report.ts';
import { TestTime } from '../../../../tools/testing/test-time.ts';

const BLOCKS_PER_SECOND = 100;
const WARM_UP_SECONDS = 300;
const MEASURED_SECONDS = 600;
const DAY_SECONDS = 86_400;
const PASS_SECONDS = 60;
const PAYLOAD_BYTES = 256;
const GIB = 2 ** 30;

/** Half of the records are small: what a rule by size tells apart. */
const SMALL_BYTES = 64;
const POLICIES: Readonly<Record<string, RetentionPolicy>> = {
  none: { mode: 'none' },
  'after-checkpoint, one a minute': { mode: 'after-checkpoint' },
  'keep-recent, two minutes': { mode: 'keep-recent', blocks: 120 * BLOCKS_PER_SECOND },
  'keep-headers': { mode: 'keep-headers' },
  'selective, the larger half goes': {
    mode: 'selective',
    rules: [{ action: 'prune', bytesMin: SMALL_BYTES + 1 }],
    otherwise: 'keep',
  },
};

/** Bytes that the folder takes on disk. */
function diskBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).blocks * 512, 0);
}

const provider = createNativeProvider();

function newSigner(): ReturnType<typeof createSigner> {
  const suite = provider.suite(ALGORITHM.ed25519);
  return createSigner(suite.keyPairFromSeed(randomBytes(32)), provider);
}

interface Growing {
  readonly ledger: Ledger;
  /** One simulated second. */
  second(number: number): Promise<void>;
  readonly prune: () => Promise<unknown>;
  close(): Promise<void>;
}

async function open(folder: string, policy: RetentionPolicy): Promise<Growing> {
  const time = new TestTime();
  const store = await createLogStore(await createLmdbEngine({ path: folder }));
  const ledger = await createLedger(
    {
      store,
      crypto: provider,
      verifier: { verify: async (items) => verifyBatchSync(items, { provider }) },
      clock: time,
      scheduler: time,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      logSigner: newSigner(),
      recordPublished: async () => undefined,
    },
    { origin: 'bench.example' },
  );
  const signer = newSigner();
  const currentKey = { algorithm: ALGORITHM.ed25519, publicKey: signer.publicKey };
  const genesis = encodeGenesis({
    strategy: { kind: 'topic', topic: 'bench' },
    label: 'bench',
    currentKey,
    nextKeyHash: undefined,
    recoveryKeys: [],
    recoveryDelayMs: 0,
    parent: undefined,
    nonce: randomBytes(16),
  });
  const writer = await ledger.createNamespace(genesis, signer);
  const isConfirmed = policy.mode === 'after-checkpoint';
  const isMixed = policy.mode === 'selective';
  const retention = createRetention({ store, clock: time, scheduler: time }, { policy });
  return {
    ledger,
    prune: () => retention.run(),
    async second(number) {
      const records = Array.from({ length: BLOCKS_PER_SECOND }, (_, i) => ({
        payload: randomBytes(isMixed && i % 2 === 0 ? SMALL_BYTES : PAYLOAD_BYTES),
      }));
      await writer.append(records);
      await time.advance(1_000);
      await ledger.flush();
      if (!isConfirmed || number % PASS_SECONDS !== PASS_SECONDS - 1) return;
      await writer.append([await checkpointRecord(ledger, writer.namespace)]);
    },
    async close() {
      await ledger.close();
      await store.close();
    },
  };
}

async function checkpointRecord(
  ledger: Ledger,
  namespace: Parameters<Ledger['checkpoint']>[0],
): Promise<{ payload: Uint8Array; payloadType: number }> {
  const { text, signatures } = parseNote((await ledger.checkpoint(namespace)) ?? '');
  const payload = encodeCheckpointPayload({
    noteText: text,
    signatures,
    aggregate: undefined,
    pruningBoundary: 0,
    blockCount: Number(text.split('\n')[1]),
    timestampToken: undefined,
  });
  return { payload, payloadType: PAYLOAD_TYPE.checkpoint };
}

/** Bytes a day. */
async function measure(policy: RetentionPolicy): Promise<number> {
  const folder = mkdtempSync(join(process.env['BASALT_BENCH_DIR'] ?? tmpdir(), 'basalt-growth-'));
  const growing = await open(folder, policy);
  try {
    let before = 0;
    for (let number = 0; number < WARM_UP_SECONDS + MEASURED_SECONDS; number++) {
      if (number === WARM_UP_SECONDS) before = diskBytes(folder);
      await growing.second(number);
      if (number % PASS_SECONDS === PASS_SECONDS - 1) await growing.prune();
    }
    return ((diskBytes(folder) - before) * DAY_SECONDS) / MEASURED_SECONDS;
  } finally {
    await growing.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

let unpruned: number | undefined;
for (const [name, policy] of Object.entries(POLICIES)) {
  const value = (await measure(policy)) / GIB;
  unpruned ??= value;
  // Every second of its records is small; without the policy it would grow by less than that.
  const isComparable = policy.mode !== 'none' && policy.mode !== 'selective';
  const peer = isComparable ? { peer: { name: 'no pruning', value: unpruned } } : {};
  const what = `growth at ${BLOCKS_PER_SECOND} blocks/s, ${PAYLOAD_BYTES} B: ${name}`;
  printResult(compare({ name: what, unit: 'GiB/day', value, better: 'lower', ...peer }));
}
