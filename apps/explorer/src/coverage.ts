import type { ChainFeed } from './chain-feed.ts';

/** Asking for a proof too early is an error to the browser's console: better to wait. */
const COVER_WAIT_MS = 5_000;

/** Lets others wait until a checkpoint covers a block. */
export function createCoverage(feed: Pick<ChainFeed, 'covered' | 'size'>): {
  readonly look: () => void;
  readonly wait: (index: number, signal: AbortSignal) => Promise<void>;
} {
  const waiting = new Set<() => void>();
  return {
    look() {
      for (const check of waiting) check();
    },
    wait: (index, signal) =>
      new Promise((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        const check = (): void => {
          if (feed.covered > index || index >= feed.size) finish();
        };
        const timer = setTimeout(finish, COVER_WAIT_MS);
        signal.addEventListener('abort', finish, { once: true });
        waiting.add(check);
        check();
      }),
  };
}
