/** A thread that runs transactions of blocks: one engine of the plan, for the fork at hand. */
import { parentPort } from 'node:worker_threads';
import {
  type CompiledCode,
  type CompileJob,
  createEvm,
  type Fork,
  type Transaction,
  type VersionedEngine,
  versionedEngine,
} from '@basalt/evm';
import type {
  CompiledMessage,
  CompileMessage,
  DifferenceMessage,
  ExecutionPayload,
  ExecutionSetup,
} from './execution-messages.ts';
import type { WorkerSetup } from './messages.ts';
import { serveBlocks } from './serve-blocks-shell.ts';
import { TransactionReader } from './transaction-codec.ts';

/** An engine's place holds one engine; a chain changes its fork once in months. */
let engine: { readonly fork: Fork; readonly versioned: Promise<VersionedEngine> } | undefined;

const waiting = new Map<number, (compiled: CompiledCode | undefined) => void>();
let nextCompileId = 0;

function engineFor(fork: Fork, setup: WorkerSetup<ExecutionSetup>): Promise<VersionedEngine> {
  if (engine?.fork === fork) return engine.versioned;
  // Code for the engine before must not be installed any more: another one lies in its place now.
  waiting.clear();
  const made = createEvm({
    fork,
    shared: { plan: setup.setup.plan, engine: setup.worker },
    hashSeed: setup.setup.hashSeed,
    engine: setup.setup.engine,
    tier: {
      ...setup.setup.tier,
      compile: compileElsewhere,
      onDifference: (difference) => {
        const message: DifferenceMessage = { kind: 'difference', difference };
        parentPort?.postMessage(message);
      },
    },
  });
  engine = { fork, versioned: made.then(versionedEngine) };
  return engine.versioned;
}

function compileElsewhere(job: CompileJob): Promise<CompiledCode | undefined> {
  const id = nextCompileId++;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    const message: CompileMessage = { kind: 'compile', id, job };
    parentPort?.postMessage(message);
  });
}

serveBlocks<ExecutionSetup, ExecutionPayload>(
  async ({ fork, environment, space, transactions }, { setup, state }) => {
    const versioned = await engineFor(fork, setup);
    const reader = new TransactionReader(transactions);
    const decoded: Transaction[] = [];
    return {
      execute(index, incarnation) {
        const transaction = decoded[index] ?? reader.read(index);
        decoded[index] = transaction;
        return versioned.execute(index, incarnation, transaction, environment, state, space);
      },
      validate: (index) => versioned.validate(index),
      markEstimates: (index) => versioned.markEstimates(index),
    };
  },
  (message) => {
    if (message.kind !== 'compiled') return;
    const { id, compiled } = message as CompiledMessage;
    waiting.get(id)?.(compiled);
    waiting.delete(id);
  },
);
