import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { FORK_RULES } from '../src/forks.ts';
import type { VersionedMemory } from '../src/parallel/types.ts';
import { versionedEngine } from '../src/parallel/versioned-engine.ts';
import { createMemoryState, type MemoryState } from '../src/state/memory-state.ts';
import type { RunTransaction } from '../src/state-test/run-case.ts';
import { runStateTests } from '../src/state-test/state-tests-shell.ts';
import { blobBaseFee } from '../src/transaction/blob-fee.ts';
import type { Transaction } from '../src/transaction/types.ts';
import type { BlockEnvironment, Fork } from '../src/types.ts';
import { fromHex } from './support/machine.ts';
import {
  createMachine,
  linesOf,
  resultsOf,
  runBlock,
  runSequentially,
} from './support/parallel-machine.ts';
import { createSeeded } from './support/workloads.ts';

const CORE_CASES = 752;
const WIDE = {
  engines: 2,
  engineSizes: {
    frameMemoryBytes: 64 * 2 ** 20,
    codeBytes: 64 * 2 ** 20,
    accounts: 2 ** 16,
    slots: 2 ** 18,
    logBytes: 8 * 2 ** 20,
    journalBytes: 32 * 2 ** 20,
  },
} as const;

test('the core of the execution-spec-tests, each as a block of one transaction', {
  skip: skipReason('state-tests', 'core.ndjson.gz'),
}, async () => {
  const memories = new Map<Evm, VersionedMemory>();
  const run: RunTransaction = (evm, state, transaction, block) => {
    const memory = memories.get(evm);
    assert(memory !== undefined);
    memory.clear();
    memory.beginBlock(1);
    const space = {
      gas: block.gasLimit,
      blobGas: BigInt(FORK_RULES[evm.fork].blobsPerBlockMax * 131_072),
    };
    versionedEngine(evm).execute(0, 0, transaction, block, state, space);
    assert(versionedEngine(evm).validate(0));
    const result = memory.result(0);
    return result.included ? { ...result, changes: memory.changes(1) } : result;
  };
  const createEngine = async (fork: Fork): Promise<Evm> => {
    const machine = await createMachine(fork, WIDE);
    const evm = await createEvm({ fork, shared: { plan: machine.plan, engine: 0 } });
    memories.set(evm, machine.memory);
    return evm;
  };
  const path = conformanceFile('state-tests', 'core.ndjson.gz') ?? '';
  const summary = await runStateTests([path], { createEngine, run });
  assert.deepEqual(summary.failures.slice(0, 5), []);
  assert.equal(summary.passed, CORE_CASES);
});

// ---- blocks of mainnet ----

const FOLDER = 'mainnet-blocks';
/** One of each kind: before EIP-161, many from one sender, many plain transfers, a mixed one. */
const BLOCKS: readonly (readonly [number, Fork])[] = [
  [2_179_522, 'homestead'],
  [4_330_482, 'spuriousDragon'],
  [7_279_999, 'byzantium'],
  [12_244_000, 'berlin'],
  [13_217_637, 'london'],
  [15_538_827, 'paris'],
  [19_932_148, 'cancun'],
];

interface Stored {
  readonly block: Readonly<Record<string, string>> & {
    readonly transactions: readonly Readonly<Record<string, never>>[];
  };
  readonly preState: Readonly<
    Record<
      string,
      {
        readonly balance: string;
        readonly nonce: number;
        readonly code_hash?: string;
        readonly storage: Readonly<Record<string, string>>;
      }
    >
  >;
}

function read(name: string): string {
  const bytes = readFileSync(conformanceFile(FOLDER, name) ?? '');
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

function wordOf(value: string): Uint8Array {
  return fromHex(value.slice(2).padStart(64, '0'));
}

function stateOf(stored: Stored, codes: ReadonlyMap<string, string>): MemoryState {
  const state = createMemoryState();
  for (const [text, account] of Object.entries(stored.preState)) {
    const address = fromHex(text);
    const { nonce, balance, code_hash: hash } = account;
    state.setAccount(address, { nonce: BigInt(nonce), balance: BigInt(balance) });
    if (hash !== undefined) state.setCode(address, fromHex(codes.get(hash) ?? ''));
    for (const [slot, value] of Object.entries(account.storage)) {
      state.setStorage(address, wordOf(slot), wordOf(value));
    }
  }
  const hashes = JSON.parse(read('block-hashes.json')) as Record<string, string>;
  for (const [number, hash] of Object.entries(hashes)) {
    state.setBlockHash(BigInt(number), fromHex(hash));
  }
  return state;
}

function environmentOf({ block }: Stored, fork: Fork): BlockEnvironment {
  const number = (name: string): bigint => BigInt(block[name] ?? 0);
  return {
    number: number('number'),
    timestamp: number('timestamp'),
    coinbase: fromHex(block['miner'] ?? ''),
    gasLimit: number('gasLimit'),
    baseFee: number('baseFeePerGas'),
    prevRandao: fromHex(block['mixHash'] ?? ''),
    difficulty: number('difficulty'),
    blobBaseFee: blobBaseFee(FORK_RULES[fork], number('excessBlobGas')),
    chainId: 1n,
  };
}

interface RpcTransaction {
  readonly type: string;
  readonly from: string;
  readonly to: string | null;
  readonly accessList?: readonly { address: string; storageKeys: readonly string[] }[];
  readonly blobVersionedHashes?: readonly string[];
  readonly [name: string]: unknown;
}

function transactionOf(rpc: RpcTransaction): Transaction {
  const number = (name: string): bigint => BigInt((rpc[name] as string | undefined) ?? 0);
  return {
    type: Number(rpc.type),
    sender: fromHex(rpc.from),
    nonce: number('nonce'),
    gasLimit: number('gas'),
    to: rpc.to === null ? undefined : fromHex(rpc.to),
    value: number('value'),
    data: fromHex(rpc['input'] as string),
    gasPrice: number('gasPrice'),
    ...(Number(rpc.type) < 2
      ? {}
      : {
          maxFeePerGas: number('maxFeePerGas'),
          maxPriorityFeePerGas: number('maxPriorityFeePerGas'),
          maxFeePerBlobGas: number('maxFeePerBlobGas'),
        }),
    accessList: (rpc.accessList ?? []).map(({ address, storageKeys }) => ({
      address: fromHex(address),
      slots: storageKeys.map(fromHex),
    })),
    blobHashes: (rpc.blobVersionedHashes ?? []).map(fromHex),
  } as unknown as Transaction;
}

test('blocks of mainnet, in any order', { skip: skipReason(FOLDER, 'manifest.json') }, async () => {
  const lines = read('bytecodes.ndjson.gz').trim().split('\n');
  const codes = new Map(
    lines.map((line) => {
      const { codeHash, code } = JSON.parse(line) as { codeHash: string; code: string };
      return [codeHash, code];
    }),
  );
  for (const [number, fork] of BLOCKS) {
    const stored = JSON.parse(read(`${number}.json.gz`)) as Stored;
    const environment = environmentOf(stored, fork);
    const transactions = stored.block.transactions.map((each) =>
      transactionOf(each as unknown as RpcTransaction),
    );
    const expected = stateOf(stored, codes);
    const actual = stateOf(stored, codes);
    const machine = await createMachine(fork, WIDE);
    runBlock(machine, actual, { environment, transactions }, createSeeded(number));
    const evm = await createEvm({ fork });
    const results = runSequentially(evm, expected, { environment, transactions });
    assert.deepEqual(resultsOf(machine.memory, transactions.length), results, `block ${number}`);
    let gasUsed = 0n;
    for (const result of results) gasUsed += result.included ? result.gasUsed : 0n;
    assert.equal(gasUsed, BigInt(stored.block['gasUsed'] ?? 0), `block ${number}`);
    actual.apply(machine.memory.changes(transactions.length));
    assert.deepEqual(linesOf(actual), linesOf(expected), `block ${number}`);
  }
});
