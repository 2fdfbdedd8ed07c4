import {
  type CallFrame,
  createCallTracer,
  createStructLogger,
  type StructLog,
  type StructLoggerOptions,
  type Tracer,
} from '@basalt/evm';
import { bytesToHex } from '@noble/hashes/utils.js';
import { invalidParams, serverError } from '../../errors.ts';
import { CALL_FRAMES_MAX, STRUCT_LOG_BYTES_MAX, STRUCT_LOGS_MAX } from '../../limits.ts';
import { toHex, toQuantity } from '../../params/hex.ts';
import type { TracerConfig } from '../../params/trace-config.ts';
import type { View } from '../../views/transaction.ts';
import { prestate } from './prestate.ts';
import type { Traced, TracedRun } from './types.ts';

/** A tracer for one transaction, and the view of what it saw. */
export function createTracer(config: TracerConfig): Traced {
  switch (config.tracer) {
    case undefined:
      return structTracer(config.struct);
    case 'callTracer':
      return callTracer(config.tracerConfig.onlyTopCall);
    case 'prestateTracer':
      return { tracer: undefined, view: (run) => prestate(run, config.tracerConfig.diffMode) };
    case '4byteTracer':
      return selectorTracer();
    case 'noopTracer':
      return { tracer: undefined, view: () => ({}) };
    default:
      throw invalidParams(`unknown tracer ${config.tracer}`);
  }
}

function structTracer(options: StructLoggerOptions): Traced {
  const logger = createStructLogger(options);
  let steps = 0;
  let bytes = 0;
  const tracer: Tracer = {
    ...logger,
    onStep(step) {
      // What follows the limit is not kept, so it costs nothing but time.
      if (options.limit === undefined || options.limit === 0 || steps < options.limit) {
        bytes += 120 + (options.enableMemory === true ? step.memorySize * 2.2 : 0);
        if (options.disableStack !== true) bytes += step.stack().length * 24;
        if (options.enableReturnData === true) bytes += step.returnData().length * 2;
      }
      steps++;
      if (steps > STRUCT_LOGS_MAX || bytes > STRUCT_LOG_BYTES_MAX) {
        throw serverError(
          `the trace is too large: more than ${STRUCT_LOGS_MAX} steps or ` +
            `${STRUCT_LOG_BYTES_MAX} bytes; set "limit", "disableStack" or name a tracer`,
        );
      }
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

function callTracer(onlyTopCall: boolean): Traced {
  const inner = createCallTracer({ onlyTopCall });
  let frames = 0;
  const tracer: Tracer = {
    onEnter(frame) {
      if (++frames > CALL_FRAMES_MAX) {
        throw serverError(`the trace is too large: more than ${CALL_FRAMES_MAX} frames`);
      }
      inner.onEnter?.(frame);
    },
    onExit: (exit) => inner.onExit?.(exit),
  };
  return {
    tracer,
    // The outermost frame shows what the whole transaction was given and used.
    view: (run) => ({ ...frameOf(inner.result(), run) }),
  };
}

function frameOf(frame: CallFrame | undefined, run: TracedRun): View {
  if (frame === undefined) return {};
  return { ...frame, gas: toQuantity(run.gasLimit), gasUsed: toQuantity(run.gasUsed) };
}

/** How often each function was called: selector and length of what follows, as geth counts. */
function selectorTracer(): Traced {
  const counts = new Map<string, number>();
  return {
    tracer: {
      onEnter({ kind, input }) {
        if (kind.startsWith('CREATE') || kind === 'SELFDESTRUCT' || input.length < 4) return;
        const key = `0x${bytesToHex(input.subarray(0, 4))}-${input.length - 4}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
        if (counts.size > CALL_FRAMES_MAX) throw serverError('the trace is too large');
      },
    },
    view: () => Object.fromEntries(counts),
  };
}
