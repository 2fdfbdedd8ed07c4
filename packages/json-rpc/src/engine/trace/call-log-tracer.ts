import { type CallFrame, createCallTracer, type Tracer } from '@basalt/evm';
import { toHex, toQuantity } from '../../params/hex.ts';
import type { View } from '../../views/transaction.ts';
import { readLog } from '../read-log.ts';

export interface CallLogOptions {
  readonly onlyTopCall: boolean;
  /** Shows what each frame logged, if it did not fail. */
  readonly withLog: boolean;
}

/** What a frame logged, and the same of the frames below it, in order. */
interface LoggedFrame {
  readonly logs: View[];
  readonly calls: LoggedFrame[];
}

/** The tree of calls with the logs among them, which geth's callTracer shows on demand. */
export function createCallLogTracer(options: CallLogOptions): {
  readonly tracer: Tracer;
  result(): View | undefined;
} {
  const inner = createCallTracer({ onlyTopCall: options.onlyTopCall });
  if (!options.withLog) return { tracer: inner, result: () => asView(inner.result()) };
  const outermost: LoggedFrame = { logs: [], calls: [] };
  const open: LoggedFrame[] = [];
  let count = 0;
  const tracer: Tracer = {
    onEnter(frame) {
      const parent = open.at(-1);
      const opened = parent === undefined ? outermost : { logs: [], calls: [] };
      parent?.calls.push(opened);
      open.push(opened);
      inner.onEnter?.(frame);
    },
    onStep(step) {
      const log = readLog(step);
      const frame = open.at(-1);
      if (log === undefined || frame === undefined) return;
      const { address, data, topics } = log;
      frame.logs.push({
        address: toHex(address),
        topics: topics.map(toHex),
        data: toHex(data),
        index: toQuantity(count++),
        position: toQuantity(frame.calls.length),
      });
    },
    onExit(exit) {
      open.pop();
      inner.onExit?.(exit);
    },
  };
  return { tracer, result: () => withLogs(asView(inner.result()), outermost) };
}

function asView(frame: CallFrame | undefined): View | undefined {
  return frame === undefined ? undefined : { ...frame };
}

/** A frame that failed, and all below it, logged nothing that counts. */
function withLogs(frame: View | undefined, logged: LoggedFrame | undefined): View | undefined {
  if (frame === undefined || logged === undefined || frame['error'] !== undefined) return frame;
  const calls = frame['calls'] as readonly View[] | undefined;
  const below = calls?.map((call, index) => withLogs(call, logged.calls[index]) ?? call);
  return {
    ...frame,
    ...(below === undefined ? {} : { calls: below }),
    ...(logged.logs.length === 0 ? {} : { logs: logged.logs }),
  };
}
