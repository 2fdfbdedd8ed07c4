import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNativeProvider } from '@basalt/crypto';
import {
  compileNow,
  createMemoryState,
  keccak256,
  type TierDifference,
  type TierOptions,
} from '@basalt/evm';
import type { ExecutionJob } from '@basalt/execution';
import { createLedger, type Ledger } from '@basalt/ledger';
import { ALGORITHM, createSigner, toHex } from '@basalt/protocol';
import { createLogStore, createMemoryEngine } from '@basalt/store';
import { createJsonLogger, createMetricsRegistry } from '@basalt/telemetry';
import { executionFaults } from '../src/chain/execution-faults.ts';
import { type OpenedChain, openChain } from '../src/chain/open-chain-shell.ts';

const provider = createNativeProvider();

/** Returns the call data's first word plus five. */
const CODE = new Uint8Array(Buffer.from('60003560050160005260206000f3', 'hex'));
const CODE_HASH = keccak256(CODE);
const SENDER = new Uint8Array(20).fill(0xaa);
const CONTRACT = new Uint8Array(20).fill(0xcc);
const INPUT = new Uint8Array(32).fill(9);

interface Line {
  readonly level: string;
  readonly part?: string;
  readonly message: string;
  readonly reason?: string;
  readonly codeHashes?: readonly string[];
  readonly input?: string;
  readonly differed?: Readonly<Record<string, string>>;
}

function observed() {
  const lines: Line[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Line);
  const logger = createJsonLogger({ write, clock: { nowMs: () => 0 } }).child({ part: 'chain' });
  const metrics = createMetricsRegistry();
  const found = /^basalt_execution_differences_total (\d+)/m;
  const count = (): string | undefined => found.exec(metrics.expose())?.[1];
  return { lines, logger, metrics, count };
}

async function ledgerInMemory(): Promise<Ledger> {
  const pair = provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(7));
  const components = {
    store: await createLogStore(createMemoryEngine()),
    crypto: provider,
    verifier: { verify: () => Promise.reject(new Error('nothing comes from elsewhere')) },
    clock: { nowMs: () => 1_800_000_000_000 },
    scheduler: { after: () => () => undefined },
    random: { bytes: (length: number) => new Uint8Array(length).fill(3) },
    logSigner: createSigner(pair, provider),
    recordPublished: async () => undefined,
  };
  return await createLedger(components, { origin: 'test.example/log' });
}

/** One call of the contract. */
function callJob(): ExecutionJob {
  const state = createMemoryState();
  const account = { nonce: 0n, balance: 10n ** 18n, codeHash: keccak256(new Uint8Array(0)) };
  const plain = { storageCleared: false, storage: [] };
  state.apply([
    { ...plain, address: SENDER, account },
    { ...plain, address: CONTRACT, account: { ...account, codeHash: CODE_HASH }, code: CODE },
  ]);
  return {
    fork: 'osaka',
    environment: {
      number: 1n,
      timestamp: 1n,
      coinbase: new Uint8Array(20),
      gasLimit: 30_000_000n,
      baseFee: 7n,
      prevRandao: new Uint8Array(32),
      difficulty: 0n,
      blobBaseFee: 1n,
      chainId: 1n,
    },
    state: {
      number: 0,
      readAccount: (address) => state.readAccount(address),
      readStorage: (address, slot) => state.readStorage(address, slot),
      readCode: (codeHash) => state.readCode(codeHash),
      hasStorage: () => false,
    },
    blockHash: () => new Uint8Array(32),
    transactions: [
      {
        type: 0,
        sender: SENDER,
        to: CONTRACT,
        nonce: 0n,
        gasPrice: 7n,
        gasLimit: 100_000n,
        value: 0n,
        data: INPUT,
      },
    ],
    blobGasLimit: 0n,
    purpose: 'import',
  };
}

test('generated code that fails in a block is logged with its input, and counted', async () => {
  const { lines, logger, metrics, count } = observed();
  const dataDir = mkdtempSync(join(tmpdir(), 'basalt-faults-'));
  const ledger = await ledgerInMemory();
  const tier: TierOptions = {
    hotGas: 0n,
    // Of another code: SUB in place of ADD.
    compile: (job) => compileNow({ ...job, code: job.code.map((byte) => (byte === 1 ? 3 : byte)) }),
  };
  let opened: OpenedChain | undefined;
  try {
    opened = await openChain(
      { ledger, crypto: provider, logger, metrics, dataDir },
      {
        workers: 1,
        engine: 'tiered',
        tier,
        isTemporary: true,
        executed: () => undefined,
        found: () => ({ kind: 'imported', genesis: GENESIS }),
      },
    );
    assert.equal(count(), '0');
    const { results } = await opened.executor.execute(callJob());
    assert.ok(results[0]?.included && results[0].succeeded, 'the interpreter’s result counts');
    assert.equal(count(), '1');
    const [line] = lines.filter(({ level }) => level === 'error');
    assert.match(line?.message ?? '', /generated code differed/);
    assert.equal(line?.part, 'chain');
    assert.deepEqual(line?.codeHashes, [toHex(CODE_HASH)]);
    assert.equal(line?.input, toHex(INPUT));
    const right = `${'09'.repeat(31)}0e`;
    const wrong = `${'f6'.repeat(31)}fc`;
    assert.deepEqual(line?.differed, { output: `${wrong}; interpreter ${right}` });
  } finally {
    await opened?.close();
    await ledger.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

const GENESIS = {
  config: { chainId: 1 },
  difficulty: '0x0',
  gasLimit: '0x1c9c380',
  timestamp: '0x0',
  extraData: '0x',
  alloc: {},
};

test('the line says what differed, and is bounded', () => {
  const { lines, logger, metrics } = observed();
  const { onDifference, onWorkerLost } = executionFaults(logger, metrics);
  const result = {
    halt: undefined,
    gasLeft: 10n,
    gasRefund: 0n,
    output: new Uint8Array(2),
    created: undefined,
  };
  const outcome = { result, logs: [], changes: [] };
  const difference: TierDifference = {
    fork: 'osaka',
    codeHashes: [CODE_HASH],
    request: { from: SENDER, to: undefined, data: new Uint8Array(100_000), gasLimit: 50n },
    tiered: { ...outcome, result: { ...result, gasLeft: 7n, output: new Uint8Array(1) } },
    interpreted: outcome,
  };
  onDifference(difference);
  assert.deepEqual(lines[0]?.differed, {
    gasLeft: '7; interpreter 10',
    output: '00; interpreter 0000',
  });
  assert.match(lines[0]?.input ?? '', /^(?:00){2048}… of 100000 bytes$/);
  onDifference({ ...difference, tiered: outcome });
  assert.deepEqual(lines[1]?.differed, { state: 'logs or changes of the state' });
  onDifference({ ...difference, tiered: undefined });
  assert.deepEqual(lines[2]?.differed, { end: 'the generated code trapped' });
  onWorkerLost('worker 1 ended with exit code 5');
  assert.deepEqual(
    [lines[3]?.level, lines[3]?.reason],
    ['warn', 'worker 1 ended with exit code 5'],
  );
});
