const TIMEOUT_MS = 20_000;
const STEP_MS = 50;

/**
 * Waits until something is so, doing `step` before each look.
 *
 * @throws {Error} when it does not come about in time
 */
export async function within(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  step: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${TIMEOUT_MS} ms`);
    await step();
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

/** What a callback was given, in order. */
export interface Collector<Item> {
  readonly items: readonly Item[];
  readonly push: (...items: readonly Item[]) => void;
  readonly fail: (error: Error) => void;
  /** The first so many, once they are there. */
  take(count: number): Promise<readonly Item[]>;
}

/** An empty one; `fail` makes `take` throw. */
export function collector<Item>(): Collector<Item> {
  const items: Item[] = [];
  let failure: Error | undefined;
  return {
    items,
    push: (...more) => {
      items.push(...more);
    },
    fail: (error) => {
      failure = error;
    },
    async take(count) {
      await within(`${count} items`, () => {
        if (failure !== undefined) throw failure;
        return items.length >= count;
      });
      return items.slice(0, count);
    },
  };
}
