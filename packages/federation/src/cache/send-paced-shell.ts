import type { ServerResponse } from 'node:http';
import { OUTGOING_PACE_MS, OUTGOING_SLICE_BYTES } from './limits.ts';

/**
 * Sends a large body slice by slice, so that it can be seen whether it moves: a reader who takes
 * less than a slice in the time that it may have is cut off, for he holds the body in memory. Ends
 * with the response; never rejects.
 */
export async function sendPaced(
  response: ServerResponse,
  body: Uint8Array,
  paceMs: number = OUTGOING_PACE_MS,
): Promise<void> {
  for (let at = 0; at < body.length && !response.destroyed; at += OUTGOING_SLICE_BYTES) {
    const isRoom = response.write(body.subarray(at, at + OUTGOING_SLICE_BYTES));
    if (!isRoom && !(await drained(response, paceMs))) {
      response.destroy();
      return;
    }
  }
  response.end();
}

/** False where the time is over, or the reader is gone. */
function drained(response: ServerResponse, paceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (isDrained: boolean): void => {
      clearTimeout(timer);
      response.off('drain', onDrain);
      response.off('close', onClose);
      resolve(isDrained);
    };
    const onDrain = (): void => done(true);
    const onClose = (): void => done(false);
    const timer = setTimeout(() => done(false), paceMs);
    response.once('drain', onDrain);
    response.once('close', onClose);
  });
}
