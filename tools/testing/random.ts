/**
 * Chance from a seed, for tests, scenarios and benches: Mulberry32 of Tommy Ettinger (public
 * domain), small and the same on every machine. Not for keys.
 */

/** Whole numbers in [0, 2^32). The seed is taken modulo 2^32. */
export function seededWords(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Numbers in [0, 1): the same words, divided by 2^32. */
export function seededUniform(seed: number): () => number {
  const next = seededWords(seed);
  return () => next() / 2 ** 32;
}
