/**
 * Several engines in one shared memory on this one thread, driven as a scheduler would in an order
 * that a seed picks: transactions run whenever, in any order, and again where they must.
 */
import assert from 'node:assert/strict';
import { createEvm } from '../../src/create-evm.ts';
import type { Evm, EvmOptions } from '../../src/evm.ts';
import { planSharedMemory, type SharedMemoryOptions } from '../../src/parallel/plan.ts';
import type {
  SharedMemoryPlan,
  VersionedEngine,
  VersionedMemory,
  VersionedResult,
} from '../../src/parallel/types.ts';
import { versionedEngine } from '../../src/parallel/versioned-engine.ts';
import { createVersionedMemory } from '../../src/parallel/versioned-memory.ts';
import type { MemoryState } from '../../src/state/memory-state.ts';
import { transact } from '../../src/transaction/transact.ts';
import type { Transaction } from '../../src/transaction/types.ts';
import type { BlockSpace } from '../../src/transaction/validate.ts';
import type { BlockEnvironment, Fork, StateReader } from '../../src/types.ts';
import { toHex } from './machine.ts';
import type { Seeded } from './workloads.ts';

export const SPACE: BlockSpace = { gas: 2n ** 62n, blobGas: 2n ** 62n };

export interface Machine {
  readonly plan: SharedMemoryPlan;
  readonly engines: readonly VersionedEngine[];
  readonly memory: VersionedMemory;
}

export const SMALL: SharedMemoryOptions = {
  engines: 3,
  engineSizes: {
    frameMemoryBytes: 2 ** 20,
    codeBytes: 4 * 2 ** 20,
    accounts: 2_048,
    slots: 8_192,
    logBytes: 2 ** 20,
    journalBytes: 2 ** 20,
  },
  versioned: { cells: 16_384, transactions: 2_048, blockBytes: 16 * 2 ** 20 },
};

export async function createMachine(
  fork: Fork,
  options: Partial<SharedMemoryOptions> = {},
  engineOptions: Partial<EvmOptions> = {},
): Promise<Machine> {
  const plan = planSharedMemory({ ...SMALL, ...options });
  const evms: Evm[] = [];
  for (let engine = 0; engine < plan.engines.length; engine++) {
    evms.push(await createEvm({ fork, shared: { plan, engine }, ...engineOptions }));
  }
  const { kernelModule } = engineOptions;
  const memory = createVersionedMemory(plan, kernelModule === undefined ? {} : { kernelModule });
  return { plan, engines: evms.map(versionedEngine), memory };
}

export interface Block {
  readonly environment: BlockEnvironment;
  readonly transactions: readonly Transaction[];
}

export interface Figures {
  executions: number;
  blocked: number;
  invalid: number;
}

/** Seeded faults of whoever drives, to see that comparisons notice. */
export interface Faults {
  readonly skipsValidation?: boolean;
  readonly ignoresEstimates?: boolean;
}

/**
 * Runs a block as Block-STM does, one step after another. A step is an execution or a validation of
 * any transaction that is due; which one, and on which engine, the seed picks.
 */
export function runBlock(
  { engines, memory }: Machine,
  state: StateReader,
  { environment, transactions }: Block,
  seeded: Seeded,
  faults: Faults = {},
): Figures {
  const count = transactions.length;
  memory.beginBlock(count);
  const incarnations = Array.from({ length: count }, () => 0);
  const toRun = new Set(transactions.keys());
  const toValidate = new Set<number>();
  const waits = new Map<number, number>();
  const figures = { executions: 0, blocked: 0, invalid: 0 };
  const engine = (): VersionedEngine => engines[seeded.below(engines.length)] as VersionedEngine;

  const execute = (index: number): void => {
    figures.executions++;
    assert(figures.executions <= count * (count + 4), 'the block comes to an end');
    const outcome = engine().execute(
      index,
      incarnations[index] ?? 0,
      transactions[index] as Transaction,
      environment,
      state,
      SPACE,
    );
    if (outcome.status === 'blocked') {
      assert(outcome.by < index, `${index} waits for ${outcome.by}`);
      assert(toRun.has(outcome.by), `${index} waits for ${outcome.by}, which is done`);
      waits.set(index, outcome.by);
      figures.blocked++;
      return;
    }
    incarnations[index] = (incarnations[index] ?? 0) + 1;
    toRun.delete(index);
    toValidate.add(index);
    if (outcome.wroteNewLocation) addAbove(index);
  };
  const addAbove = (index: number): void => {
    for (let above = index + 1; above < count; above++) {
      if (!toRun.has(above)) toValidate.add(above);
    }
  };
  const validate = (index: number): void => {
    toValidate.delete(index);
    if (faults.skipsValidation === true || engine().validate(index)) return;
    figures.invalid++;
    if (faults.ignoresEstimates !== true) engine().markEstimates(index);
    toRun.add(index);
    addAbove(index);
  };

  const startsHigh = seeded.below(2) === 0;
  while (toRun.size > 0 || toValidate.size > 0) {
    const validates = toRun.size === 0 || (toValidate.size > 0 && seeded.below(3) === 0);
    if (validates) {
      validate(pick(toValidate, seeded));
      continue;
    }
    const runnable = [...toRun].filter((index) => !toRun.has(waits.get(index) ?? -1));
    // Half of the blocks begin with the last transaction: everything has to run twice.
    if (startsHigh && figures.executions < count) execute(Math.max(...runnable));
    else execute(runnable[seeded.below(runnable.length)] as number);
  }
  return figures;
}

function pick(from: ReadonlySet<number>, seeded: Seeded): number {
  return [...from][seeded.below(from.size)] as number;
}

/** The same block, one transaction after another, each on the state that the one before left. */
export function runSequentially(
  evm: Evm,
  state: MemoryState,
  { environment, transactions }: Block,
): VersionedResult[] {
  return transactions.map((transaction) => {
    const result = transact(evm, state, transaction, environment, { space: SPACE });
    if (!result.included) return { included: false, error: result.error };
    state.apply(result.changes);
    const { succeeded, gasUsed, effectiveGasPrice, blobGasUsed, created, logs } = result;
    return {
      included: true,
      succeeded,
      gasUsed,
      effectiveGasPrice,
      blobGasUsed,
      created,
      logs: logs.map((log) => ({ ...log })),
    };
  });
}

export function resultsOf(memory: VersionedMemory, count: number): VersionedResult[] {
  return Array.from({ length: count }, (_, index) => memory.result(index));
}

/** All of a state as lines of text, in order. */
export function linesOf(state: MemoryState): string[] {
  return state
    .dump()
    .flatMap(({ address, account, code, storage }) => [
      `${toHex(address)} ${account.nonce} ${account.balance} ${toHex(account.codeHash)}`,
      `${toHex(address)} code ${toHex(code)}`,
      ...storage
        .map(({ slot, value }) => `${toHex(address)} ${toHex(slot)} ${toHex(value)}`)
        .sort(),
    ]);
}
