import type { NodeStatus, TunableChange } from '@basalt/telemetry';

/** What the stream of a page carries. */
export type StatusEvent =
  | { readonly kind: 'status'; readonly value: NodeStatus }
  | { readonly kind: 'change'; readonly value: TunableChange & { readonly name: string } };

/** Events that wait for one watcher; a slower one loses the oldest, a status is soon repeated. */
const WAITING_MAX = 32;

/** Hands events to everybody who watches; the gateway bounds how many that are. */
export class Watchers {
  readonly #open = new Set<(event: StatusEvent) => void>();

  get count(): number {
    return this.#open.size;
  }

  tell(event: StatusEvent): void {
    for (const push of this.#open) push(event);
  }

  /** Events from now on, until the signal fires. */
  async *watch(signal: AbortSignal): AsyncGenerator<StatusEvent> {
    const waiting: StatusEvent[] = [];
    let wake: (() => void) | undefined;
    const push = (event: StatusEvent): void => {
      waiting.push(event);
      if (waiting.length > WAITING_MAX) waiting.shift();
      wake?.();
    };
    const end = (): void => wake?.();
    signal.addEventListener('abort', end, { once: true });
    this.#open.add(push);
    try {
      while (!signal.aborted) {
        const event = waiting.shift();
        if (event !== undefined) {
          yield event;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#open.delete(push);
      signal.removeEventListener('abort', end);
    }
  }
}
