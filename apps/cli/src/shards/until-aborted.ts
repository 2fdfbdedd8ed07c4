/** The items until an abort, also while the next one is waited for: a keyboard may be silent. */
export async function* untilAborted<Item>(
  items: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    while (!signal.aborted) {
      const next = await nextOf(iterator, signal);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    // After an abort a read may be under way, and the end of the process lets go of it.
    if (!signal.aborted) await iterator.return?.();
  }
}

function nextOf<Item>(
  iterator: AsyncIterator<Item>,
  signal: AbortSignal,
): Promise<IteratorResult<Item> | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    const release = (): void => signal.removeEventListener('abort', stop);
    signal.addEventListener('abort', stop, { once: true });
    iterator.next().then(resolve, reject).finally(release);
  });
}
