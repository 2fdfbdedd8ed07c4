import type { Scheduler } from '@basalt/protocol';
import { ClientError } from './errors.ts';

/** @throws ClientError `aborted` when the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError(signal);
}

export function abortedError(signal: AbortSignal): ClientError {
  return new ClientError(
    'aborted',
    'aborted',
    'the call was aborted by its signal',
    {},
    {
      cause: signal.reason,
    },
  );
}

/** Waits. @throws ClientError `aborted` as soon as the signal fires */
export function wait(
  scheduler: Scheduler,
  delayMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortedError(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(abortedError(signal as AbortSignal));
    };
    const cancel = scheduler.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
