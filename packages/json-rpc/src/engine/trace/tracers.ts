import {
  createStructLogger,
  type FrameKind,
  type StructLog,
  type StructLogger,
  type StructLoggerOptions,
  type Tracer,
} from '@basalt/evm';
import { bytesToHex } from '@noble/hashes/utils.js';
import { invalidParams } from '../../errors.ts';
import { toHex, toQuantity } from '../../params/hex.ts';
import type { TracerConfig } from '../../params/trace-config.ts';
import type { View } from '../../views/transaction.ts';
import type { TraceBudget } from './budget.ts';
import { type CallLogOptions, createCallLogTracer } from './call-log-tracer.ts';
import { prestate } from './prestate.ts';
import type { Traced, TracedRun } from './types.ts';

/**
 * A tracer for one transaction, and the view of what it saw.
 *
 * @param budget shared by all transactions of a request
 */
export function createTracer(config: TracerConfig, budget: TraceBudget): Traced {
  const { diffMode, onlyTopCall, withLog } = config.tracerConfig;
  switch (config.tracer) {
    case undefined:
      return structTracer(config.struct, budget);
    case 'callTracer':
      return callTracer({ onlyTopCall, withLog }, budget);
    case 'prestateTracer':
      return { tracer: undefined, view: (run) => prestate(run, diffMode) };
    case '4byteTracer':
      return selectorTracer(budget);
    case 'noopTracer':
      return { tracer: undefined, view: () => ({}) };
    default:
      throw invalidParams(`unknown tracer ${config.tracer}`);
  }
}

function structTracer(options: StructLoggerOptions, budget: TraceBudget): Traced {
  const logger = createStructLogger(options);
  /** Kinds of the open frames, outermost first. */
  const kinds: FrameKind[] = [];
  const { limit = 0 } = options;
  let steps = 0;
  const tracer: Tracer = {
    onEnter(frame) {
      kinds.push(frame.kind);
      logger.onEnter?.(frame);
    },
    onExit(exit) {
      logger.onExit?.(exit);
      const isCreation = kinds.pop()?.startsWith('CREATE') === true;
      if (isCreation && exit.halt === undefined) leaveOutDeposit(logger, exit.output);
    },
    onStep(step) {
      // What follows the limit is not kept: not even looked at, it costs next to nothing.
      if (limit > 0 && ++steps > limit) return;
      let bytes = 120 + (options.enableMemory === true ? step.memorySize * 2.2 : 0);
      if (options.disableStack !== true) bytes += step.stack().length * 24;
      if (options.enableReturnData === true) bytes += step.returnData().length * 2;
      budget.take(1, bytes);
      logger.onStep?.(step);
    },
  };
  return {
    tracer,
    view: (run) => ({
      gas: Number(run.gasUsed),
      failed: run.halt !== undefined,
      returnValue: run.halt === undefined || run.halt === 'revert' ? toHex(run.output) : '0x',
      structLogs: logger.logs.map(structLogView),
    }),
  };
}

/** Price of a byte of new code (Yellow Paper, G_codedeposit). */
const CODE_DEPOSIT_GAS = 200;

/** The code deposit is paid when a creation returns; as geth, RETURN does not show it. */
function leaveOutDeposit({ logs }: StructLogger, code: Uint8Array): void {
  const last = logs.at(-1);
  if (last?.op === 'RETURN') last.gasCost -= CODE_DEPOSIT_GAS * code.length;
}

/** With the prefixes that the method's specification asks for. */
function structLogView(log: StructLog): View {
  const { memory, storage, returnData, ...rest } = log;
  return {
    ...rest,
    ...(memory === undefined || memory.length === 0
      ? {}
      : { memory: memory.map((word) => `0x${word}`) }),
    ...(returnData === undefined || returnData === '0x' ? {} : { returnData }),
    ...(storage === undefined
      ? {}
      : {
          storage: Object.fromEntries(
            Object.entries(storage).map(([slot, value]) => [`0x${slot}`, `0x${value}`]),
          ),
        }),
  };
}

function callTracer(options: CallLogOptions, budget: TraceBudget): Traced {
  const inner = createCallLogTracer(options);
  const tracer: Tracer = {
    ...inner.tracer,
    onEnter(frame) {
      budget.take(1, 400 + frame.input.length * 2);
      inner.tracer.onEnter?.(frame);
    },
  };
  return {
    tracer,
    // The outermost frame shows what the whole transaction was given and used.
    view: (run) => frameOf(inner.result(), run),
  };
}

function frameOf(frame: View | undefined, run: TracedRun): View {
  if (frame === undefined) return {};
  return { ...frame, gas: toQuantity(run.gasLimit), gasUsed: toQuantity(run.gasUsed) };
}

/** How often each function was called: selector and length of what follows, as geth counts. */
function selectorTracer(budget: TraceBudget): Traced {
  const counts = new Map<string, number>();
  return {
    tracer: {
      onEnter({ kind, input }) {
        if (kind.startsWith('CREATE') || kind === 'SELFDESTRUCT' || input.length < 4) return;
        const key = `0x${bytesToHex(input.subarray(0, 4))}-${input.length - 4}`;
        if (!counts.has(key)) budget.take(1, key.length);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      },
    },
    view: () => Object.fromEntries(counts),
  };
}
