/**
 * Transactions over a few numbered cells and a multi-version memory for them, all of it in one
 * Int32 array: small enough to be seen through, and in shared memory when given a shared buffer.
 */
import type { Incarnation } from '@basalt/evm';
import { seededWords } from '../../../../tools/testing/random.ts';
import type { TaskEngine } from '../../src/parallel/hand.ts';

export interface ToyTransaction {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  /** Written only when the sum of what was read is odd: another value, another set of writes. */
  readonly writesWhenOdd: readonly number[];
}

export interface ToyBlock {
  readonly cells: number;
  readonly transactions: readonly ToyTransaction[];
}

/** A cell that a transaction has not written. */
const NONE = 0;
const ESTIMATE = -1;
const READS_MAX = 8;

/** Values are at least 1. */
function mix(sum: number, salt: number): number {
  let hash = Math.imul(sum ^ Math.imul(salt + 1, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 15;
  return (hash & 0x3fffffff) + 1;
}

/** What a transaction writes, by what it reads. */
function writesOf(
  transaction: ToyTransaction,
  index: number,
  values: readonly number[],
): Map<number, number> {
  const sum = values.reduce((total, value) => (total + value) | 0, 0);
  const cells =
    sum % 2 === 0 ? transaction.writes : [...transaction.writes, ...transaction.writesWhenOdd];
  return new Map(cells.map((cell) => [cell, mix(sum, index * 64 + cell)]));
}

/** Value of every cell in the end. */
export function runToySequential({ cells, transactions }: ToyBlock): number[] {
  const state = Array.from({ length: cells }, (_, cell) => cell + 1);
  for (const [index, transaction] of transactions.entries()) {
    const values = transaction.reads.map((cell) => state[cell]!);
    for (const [cell, value] of writesOf(transaction, index, values)) state[cell] = value;
  }
  return state;
}

export function toyBytes({ cells, transactions }: ToyBlock): number {
  return 4 * transactions.length * (cells + READS_MAX);
}

export class ToyEngine implements TaskEngine {
  readonly #block: ToyBlock;
  /** For each transaction its version of each cell, then the values that it read last. */
  readonly #words: Int32Array;
  /** Called where another thread may come between two steps. */
  readonly #pause: () => void;

  constructor(
    block: ToyBlock,
    buffer: ArrayBufferLike = new ArrayBuffer(toyBytes(block)),
    pause: () => void = () => {},
  ) {
    this.#block = block;
    this.#words = new Int32Array(buffer);
    this.#pause = pause;
  }

  execute(index: number): Incarnation {
    const transaction = this.#block.transactions[index]!;
    const values: number[] = [];
    for (const cell of transaction.reads) {
      const { value, from } = this.#read(index, cell);
      if (value === ESTIMATE) return { status: 'blocked', by: from };
      values.push(value);
      this.#pause();
    }
    values.forEach((value, i) => {
      this.#words[this.#readAt(index, i)] = value;
    });
    const written = writesOf(transaction, index, values);
    let wroteNewLocation = false;
    for (let cell = 0; cell < this.#block.cells; cell++) {
      const at = this.#versionAt(index, cell);
      const value = written.get(cell) ?? NONE;
      const before = Atomics.exchange(this.#words, at, value);
      if (value !== NONE && before === NONE) wroteNewLocation = true;
      if (value !== before) this.#pause();
    }
    return { status: 'executed', wroteNewLocation };
  }

  validate(index: number): boolean {
    const { reads } = this.#block.transactions[index]!;
    return reads.every((cell, i) => {
      this.#pause();
      return this.#read(index, cell).value === this.#words[this.#readAt(index, i)];
    });
  }

  markEstimates(index: number): void {
    for (let cell = 0; cell < this.#block.cells; cell++) {
      const at = this.#versionAt(index, cell);
      if (this.#words[at] === NONE) continue;
      Atomics.store(this.#words, at, ESTIMATE);
      this.#pause();
    }
  }

  /** Values in the end. */
  state(): number[] {
    const { cells, transactions } = this.#block;
    return Array.from({ length: cells }, (_, cell) => this.#read(transactions.length, cell).value);
  }

  #read(index: number, cell: number): { value: number; from: number } {
    for (let from = index - 1; from >= 0; from--) {
      const value = Atomics.load(this.#words, this.#versionAt(from, cell));
      if (value !== NONE) return { value, from };
    }
    return { value: cell + 1, from: -1 };
  }

  #versionAt(index: number, cell: number): number {
    return index * (this.#block.cells + READS_MAX) + cell;
  }

  #readAt(index: number, position: number): number {
    return index * (this.#block.cells + READS_MAX) + this.#block.cells + position;
  }
}

/** `below(n)`: a whole number under n. */
export type Below = (n: number) => number;

export function seeded(seed: number): Below {
  const next = seededWords(seed);
  return (n) => next() % n;
}

export function randomToyBlock(below: Below, transactionsMax = 12, cellsMax = 6): ToyBlock {
  const cells = 1 + below(cellsMax);
  const pick = (most: number): number[] =>
    Array.from({ length: below(most + 1) }, () => below(cells));
  return {
    cells,
    transactions: Array.from({ length: 1 + below(transactionsMax) }, () => ({
      reads: pick(3),
      writes: pick(2),
      writesWhenOdd: pick(2),
    })),
  };
}
