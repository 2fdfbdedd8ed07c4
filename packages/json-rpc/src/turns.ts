import { setImmediate as nextTurn } from 'node:timers/promises';
import { threadCpuMs } from './engine/engines.ts';
import { limitExceeded } from './errors.ts';
import { BATCH_TURN_MS } from './limits.ts';
import type { Services } from './services.ts';

/** Of a request that looks at many blocks. */
export interface Turns {
  /** This one was long enough. */
  readonly isOver: () => boolean;
  /** @throws RpcError when the time of the request is over */
  readonly next: () => Promise<void>;
}

/**
 * Lets others have their turn after some milliseconds of work.
 *
 * @throws RpcError when the time of the request is over: nobody waits for its answer any more
 */
export function takeTurns({ clock, limits }: Services): Turns {
  const endMs = clock.nowMs() + limits.requestMs;
  let startMs = threadCpuMs();
  return {
    isOver: () => threadCpuMs() - startMs > BATCH_TURN_MS,
    async next() {
      if (clock.nowMs() > endMs) throw limitExceeded('query timed out; ask for fewer blocks');
      await nextTurn();
      startMs = threadCpuMs();
    },
  };
}
