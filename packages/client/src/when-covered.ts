import { backoffMs, randomUnit } from './backoff.ts';
import { ClientError } from './errors.ts';
import { COVER_LOOKS_MAX, COVER_MS_FIRST, COVER_MS_MAX } from './limits.ts';
import type { ClientContext } from './options.ts';
import type { CallOptions } from './types.ts';
import { wait } from './wait.ts';

/**
 * Asks until a checkpoint covers what is asked for: a new block is covered within some 200 ms.
 *
 * @throws ClientError `not-covered` when the node's checkpoint does not come
 */
export async function whenCovered<Result>(
  context: ClientContext,
  ask: () => Promise<Result>,
  call: CallOptions,
): Promise<Result> {
  for (let look = 0; ; look++) {
    try {
      return await ask();
    } catch (error) {
      if (!isNotCovered(error) || look + 1 >= COVER_LOOKS_MAX) throw error;
      const unit = randomUnit(context.random);
      await wait(
        context.scheduler,
        backoffMs(look, unit, COVER_MS_FIRST, COVER_MS_MAX),
        call.signal,
      );
    }
  }
}

export function isNotCovered(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'not-covered';
}
