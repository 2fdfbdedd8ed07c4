import type { NodeStatus, StatusSample } from '@basalt/telemetry';
import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { RETRY_MS, SILENCE_MS_MAX } from '../limits.ts';
import { ask } from './answers.ts';
import { readStatus } from './read-status.ts';
import { mergeSamples } from './sample-row.ts';

/** How the page and its node stand. */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** It spoke until `sinceMs` (this browser's clock). */
  | { readonly kind: 'lost'; readonly sinceMs: number }
  /** It never answered. */
  | { readonly kind: 'absent'; readonly words: string }
  /** It answers, but knows no `/status`. */
  | { readonly kind: 'old' };

/** A longer step between two samples is a gap, which the node's history may fill. */
const GAP_MS = 2_500;

/** The status of the node as it comes, with reconnects; goes on as long as the page is open. */
export class StatusFeed {
  readonly connection: ReadonlySignal<Connection>;
  readonly status: ReadonlySignal<NodeStatus | undefined>;
  readonly samples: ReadonlySignal<readonly StatusSample[]>;
  /** Counts changes of tunables that the node has told. */
  readonly changes: ReadonlySignal<number>;
  readonly #connection: Signal<Connection> = signal<Connection>({ kind: 'connecting' });
  readonly #status: Signal<NodeStatus | undefined> = signal<NodeStatus | undefined>(undefined);
  readonly #samples: Signal<readonly StatusSample[]> = signal<readonly StatusSample[]>([]);
  readonly #changes: Signal<number> = signal(0);
  #stream: EventSource | undefined;
  /** This browser's clock; 0 before the first word. */
  #heardMs = 0;
  /** Of the node's clock minus the browser's, at the last word. */
  #skewMs = 0;
  #failures = 0;

  constructor() {
    this.connection = this.#connection;
    this.status = this.#status;
    this.samples = this.#samples;
    this.changes = this.#changes;
  }

  /** What the node's clock shows now, going by its last word; ages are told by it. */
  nodeNowMs(nowMs: number): number {
    return nowMs + this.#skewMs;
  }

  start(): void {
    void this.#connect();
    setInterval(() => this.#watch(), 1_000);
    // A laptop that wakes, a phone that comes back: not only at the next pause's end.
    addEventListener('online', () => {
      if (this.#connection.value.kind !== 'live') this.#failures = 0;
    });
  }

  async #connect(): Promise<void> {
    const first = await ask<unknown>('/status');
    if (first.kind === 'missing') {
      this.#connection.value = { kind: 'old' };
      // It may be replaced by a newer one while the page stays open.
      this.#retry(RETRY_MS.at(-1));
      return;
    }
    const status = first.kind === 'value' ? readStatus(first.value) : undefined;
    if (status === undefined) {
      this.#fail(first.kind === 'failed' ? first.words : 'its status cannot be read');
      return;
    }
    const newestMs = this.#samples.value.at(-1)?.atMs ?? 0;
    this.#take(status);
    if (status.now.atMs - newestMs > GAP_MS) void this.#fillHistory();
    this.#listen();
  }

  #listen(): void {
    const stream = new EventSource('/status/events');
    this.#stream = stream;
    stream.addEventListener('status', ({ data }: MessageEvent<string>) => {
      const status = parse(data);
      if (status !== undefined) this.#take(status);
    });
    stream.addEventListener('change', () => {
      this.#changes.value++;
    });
    // The browser's own reconnect gives up at the first refusal; this one does not.
    stream.addEventListener('error', () => this.#drop(stream));
  }

  async #fillHistory(): Promise<void> {
    const history = await ask<readonly StatusSample[]>('/status/history');
    if (history.kind !== 'value' || !Array.isArray(history.value)) return;
    this.#samples.value = mergeSamples(this.#samples.value, history.value);
  }

  #take(status: NodeStatus): void {
    this.#heardMs = Date.now();
    this.#skewMs = status.nowMs - this.#heardMs;
    this.#failures = 0;
    batch(() => {
      this.#status.value = status;
      this.#samples.value = mergeSamples(this.#samples.value, [status.now]);
      if (this.#connection.value.kind !== 'live') this.#connection.value = { kind: 'live' };
    });
  }

  /** A line can be open and dead: a node that hangs, a network that swallows. */
  #watch(): void {
    const stream = this.#stream;
    if (stream === undefined || Date.now() - this.#heardMs <= SILENCE_MS_MAX) return;
    this.#lose('it says nothing');
    this.#drop(stream);
  }

  /**
   * A broken line alone is not yet a lost node: whether it still answers shows in a second. A node
   * that refuses streams (too many readers, say) is asked each second instead.
   */
  #drop(stream: EventSource): void {
    if (this.#stream !== stream) return;
    stream.close();
    this.#stream = undefined;
    this.#retry(RETRY_MS[0]);
  }

  #fail(words: string): void {
    this.#lose(words);
    this.#retry(RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)]);
  }

  #lose(words: string): void {
    this.#connection.value =
      this.#heardMs === 0 ? { kind: 'absent', words } : { kind: 'lost', sinceMs: this.#heardMs };
  }

  #retry(delayMs = 1_000): void {
    setTimeout(() => void this.#connect(), delayMs);
  }
}

function parse(data: string): NodeStatus | undefined {
  try {
    return readStatus(JSON.parse(data));
  } catch {
    return undefined;
  }
}
