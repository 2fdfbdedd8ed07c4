import type { NamespaceId } from '@basalt/protocol';
import { LedgerError } from './errors.ts';
import { SUBSCRIBER_EVENTS_MAX, SUBSCRIBERS_MAX } from './limits.ts';
import type { LedgerEvent } from './types.ts';

interface Subscriber {
  readonly namespace: NamespaceId | undefined;
  /** Bounded by SUBSCRIBER_EVENTS_MAX; the oldest give way and are counted in `dropped`. */
  readonly waiting: LedgerEvent[];
  dropped: number;
  ended: boolean;
  wake: (() => void) | undefined;
}

/** Hands events to any number of readers; a slow reader loses events and is told how many. */
export class Subscriptions {
  readonly #subscribers = new Set<Subscriber>();

  /** True when nobody listens: callers may skip making events. */
  get idle(): boolean {
    return this.#subscribers.size === 0;
  }

  publish(event: LedgerEvent): void {
    for (const subscriber of this.#subscribers) {
      if (!concerns(event, subscriber.namespace)) continue;
      if (subscriber.waiting.length >= SUBSCRIBER_EVENTS_MAX) {
        subscriber.waiting.shift();
        subscriber.dropped++;
      }
      subscriber.waiting.push(event);
      subscriber.wake?.();
    }
  }

  /**
   * Starts listening at once, not at the first read, so nothing between is missed.
   * @throws LedgerError `queue-full` above SUBSCRIBERS_MAX
   */
  subscribe(namespace?: NamespaceId, signal?: AbortSignal): AsyncIterable<LedgerEvent> {
    if (this.#subscribers.size >= SUBSCRIBERS_MAX) {
      throw new LedgerError('queue-full', `more than ${SUBSCRIBERS_MAX} subscribers`);
    }
    const subscriber: Subscriber = {
      namespace,
      waiting: [],
      dropped: 0,
      ended: signal?.aborted ?? false,
      wake: undefined,
    };
    const end = (): void => {
      subscriber.ended = true;
      this.#subscribers.delete(subscriber);
      subscriber.wake?.();
    };
    if (!subscriber.ended) this.#subscribers.add(subscriber);
    signal?.addEventListener('abort', end, { once: true });
    return this.#read(subscriber, () => {
      signal?.removeEventListener('abort', end);
      end();
    });
  }

  close(): void {
    for (const subscriber of this.#subscribers) {
      subscriber.ended = true;
      subscriber.wake?.();
    }
    this.#subscribers.clear();
  }

  async *#read(subscriber: Subscriber, release: () => void): AsyncGenerator<LedgerEvent> {
    try {
      for (;;) {
        if (subscriber.dropped > 0) {
          const dropped = subscriber.dropped;
          subscriber.dropped = 0;
          yield { kind: 'lagged', dropped };
        }
        const event = subscriber.waiting.shift();
        if (event !== undefined) {
          yield event;
        } else if (subscriber.ended) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            subscriber.wake = resolve;
          });
          subscriber.wake = undefined;
        }
      }
    } finally {
      release();
    }
  }
}

function concerns(event: LedgerEvent, namespace: NamespaceId | undefined): boolean {
  return namespace === undefined || event.kind === 'lagged' || event.namespace === namespace;
}
