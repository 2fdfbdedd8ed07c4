import { type CallFrame, createCallTracer, type Tracer } from '@basalt/evm';
import { toHex, toQuantity } from '../../params/hex.ts';
import type { View } from '../../views/transaction.ts';
import { readLog } from '../read-log.ts';

export interface CallLogOptions {
  readonly onlyTopCall: boolean;
  /** Shows what each frame logged, if it did not fail. */
  readonly withLog: boolean;
}

/** Place of a frame in the tree: which call of which call. */
type Path = readonly number[];

interface OpenFrame {
  readonly path: Path;
  calls: number;
}

interface LoggedAt {
  readonly path: Path;
  readonly view: View;
}

/** The tree of calls with the logs among them, which geth's callTracer shows on demand. */
export function createCallLogTracer(options: CallLogOptions): {
  readonly tracer: Tracer;
  result(): View | undefined;
} {
  const inner = createCallTracer({ onlyTopCall: options.onlyTopCall });
  if (!options.withLog) return { tracer: inner, result: () => asView(inner.result()) };
  const open: OpenFrame[] = [];
  const logged: LoggedAt[] = [];
  const tracer: Tracer = {
    onEnter(frame) {
      const parent = open.at(-1);
      const path = parent === undefined ? [] : [...parent.path, parent.calls++];
      open.push({ path, calls: 0 });
      inner.onEnter?.(frame);
    },
    onStep(step) {
      const log = readLog(step);
      const frame = open.at(-1);
      if (log === undefined || frame === undefined) return;
      const { address, data, topics } = log;
      const view = {
        address: toHex(address),
        topics: topics.map(toHex),
        data: toHex(data),
        index: toQuantity(logged.length),
        position: toQuantity(frame.calls),
      };
      logged.push({ path: frame.path, view });
    },
    onExit(exit) {
      open.pop();
      inner.onExit?.(exit);
    },
  };
  return { tracer, result: () => withLogs(asView(inner.result()), [], logged) };
}

function asView(frame: CallFrame | undefined): View | undefined {
  return frame === undefined ? undefined : { ...frame };
}

/** A frame that failed, and all below it, logged nothing that counts. */
function withLogs(
  frame: View | undefined,
  path: Path,
  logged: readonly LoggedAt[],
): View | undefined {
  if (frame === undefined || frame['error'] !== undefined) return frame;
  const own = logged.filter((each) => each.path.join() === path.join());
  const calls = frame['calls'] as readonly View[] | undefined;
  const below = calls?.map((call, index) => withLogs(call, [...path, index], logged) ?? call);
  return {
    ...frame,
    ...(below === undefined ? {} : { calls: below }),
    ...(own.length === 0 ? {} : { logs: own.map(({ view }) => view) }),
  };
}
