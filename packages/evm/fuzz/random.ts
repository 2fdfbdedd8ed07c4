/** Seeded random values: the same seed gives the same cases on every machine. */
export interface Random {
  /** A whole number below `bound`. */
  below(bound: number): number;
  /** From `low` to `high`, both included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
  bytes(length: number): Uint8Array;
  /** 256 bits, with a liking for the values at which things break. */
  word(): bigint;
}

const WORD_MASK = 2n ** 256n - 1n;

/** Zero, powers of two and their neighbours, limb borders, sign borders, sizes in bytes. */
const EDGES: readonly bigint[] = [
  '0 1 2 3 7 31 32 33 63 64 65 95 96 127 128 255 256 257 65535 65536 24576 49152'.split(' '),
  '7fffffff 80000000 ffffffe0 ffffffff 100000000'.split(' ').map((digits) => `0x${digits}`),
]
  .flat()
  .map(BigInt)
  .concat([63n, 64n, 127n, 128n, 160n, 192n, 255n].map((bits) => 2n ** bits))
  .concat([63n, 64n, 128n, 160n, 192n, 255n, 256n].map((bits) => 2n ** bits - 1n))
  .concat([2n ** 255n + 1n, 2n ** 256n - 2n]);

/** sfc32 (PractRand): small, fast, passes; nobody needs it to be secret. */
export function createRandom(seed: number, index: number): Random {
  let a = seed | 0;
  let b = index | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  }
  for (let round = 0; round < 15; round++) next();

  const below = (bound: number): number => Math.floor((next() / 0x1_0000_0000) * bound);
  const random: Random = {
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => next() / 0x1_0000_0000 < probability,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('a pick out of nothing');
      return item;
    },
    weighted: (weights) => {
      const entries = Object.entries<number>(weights) as [keyof typeof weights, number][];
      let rest = below(entries.reduce((sum, [, weight]) => sum + weight, 0));
      for (const [key, weight] of entries) {
        rest -= weight;
        if (rest < 0) return key;
      }
      throw new RangeError('weights without a sum');
    },
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    word: () => word(random),
  };
  return random;
}

function word(random: Random): bigint {
  const kind = random.weighted({ small: 4, edge: 5, bits: 3, negative: 2, pattern: 1 });
  switch (kind) {
    case 'small':
      return BigInt(random.below(20));
    case 'edge':
      return random.pick(EDGES);
    case 'bits':
      return fromBytes(random.bytes(random.between(1, 32)));
    case 'negative':
      return -BigInt(random.between(1, 300)) & WORD_MASK;
    case 'pattern':
      return fromBytes(new Uint8Array(32).fill(random.below(256)));
  }
}

function fromBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}
