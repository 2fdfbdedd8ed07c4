import { COUNTED_TARGET_CHARACTERS_MAX, COUNTED_TARGETS_MAX } from './limits.ts';

/** Counts asks for each address; old ones fade when the table is full. */
export class Popularity {
  readonly #targetsMax: number;
  #counts = new Map<string, number>();

  constructor(targetsMax: number = COUNTED_TARGETS_MAX) {
    this.#targetsMax = targetsMax;
  }

  /** @returns how often it was asked for, this time included */
  ask(target: string): number {
    // Only made-up addresses are so long, and a table of them would be many times as large.
    if (target.length > COUNTED_TARGET_CHARACTERS_MAX) return 1;
    const count = (this.#counts.get(target) ?? 0) + 1;
    if (count === 1 && this.#counts.size >= this.#targetsMax) this.#fade();
    this.#counts.set(target, count);
    return count;
  }

  /** Halves every count: what was asked for once goes, so a flood of new names fades. */
  #fade(): void {
    const kept = new Map<string, number>();
    for (const [target, count] of this.#counts) {
      // Half a table at most, or popular names alone could fill it.
      if (count > 1 && kept.size < this.#targetsMax / 2) kept.set(target, Math.floor(count / 2));
    }
    this.#counts = kept;
  }
}
