import type { Clock, NamespaceId, Scheduler } from '@basalt/protocol';
import type { PeerBook } from '../peer/peer-book.ts';

/** What is needed of an upstream's event stream; ends or throws when the line does. */
export type EventSource = (
  url: string,
  signal: AbortSignal,
) => AsyncIterable<{ readonly kind: string; readonly namespace?: NamespaceId }>;

export interface FollowParts {
  readonly book: PeerBook;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly events: EventSource;
  /** More of a log is at that node. */
  readonly want: (namespace: NamespaceId, url: string) => void;
}

/** Pause before a line that ended is opened again; the comparisons go on meanwhile. */
const REOPEN_MS = 5_000;

/**
 * Listens to the event streams of configured nodes: they need not know this one, as an announcement
 * would ask of them. Events are hints; what they hint at is pulled and proven.
 */
export async function followEvents(
  parts: FollowParts,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(urls.map((url) => followOne(parts, url, signal)));
}

async function followOne(parts: FollowParts, url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const pausedMs = (parts.book.get(url)?.pausedUntilMs ?? 0) - parts.clock.nowMs();
    if (pausedMs <= 0) {
      try {
        for await (const { kind, namespace } of parts.events(url, signal)) {
          if (kind === 'checkpoint' && namespace !== undefined) parts.want(namespace, url);
        }
      } catch {
        // The line is gone, whatever the reason; comparisons find what was missed.
      }
    }
    await pause(parts.scheduler, Math.max(REOPEN_MS, pausedMs), signal);
  }
}

function pause(scheduler: Scheduler, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = scheduler.after(delayMs, done);
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
