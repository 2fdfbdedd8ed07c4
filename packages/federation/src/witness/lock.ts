import { WAITING_PER_LOG_MAX } from './limits.ts';

/** One at a time for each name; the rest wait in turn, up to a bound. */
export class Locks {
  /** Work under way or waiting by name; emptied when it is done. */
  readonly #queues = new Map<string, { tail: Promise<unknown>; waiting: number }>();

  /** @returns undefined when too many wait */
  run<Value>(name: string, work: () => Promise<Value>): Promise<Value> | undefined {
    const queue = this.#queues.get(name) ?? { tail: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= WAITING_PER_LOG_MAX) return undefined;
    queue.waiting++;
    const done = queue.tail.then(work).finally(() => {
      queue.waiting--;
      if (queue.waiting === 0) this.#queues.delete(name);
    });
    queue.tail = done.catch(() => undefined);
    this.#queues.set(name, queue);
    return done;
  }
}
