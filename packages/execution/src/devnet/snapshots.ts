import { SNAPSHOTS_MAX } from './limits.ts';

/** Snapshots by number; reverting to one takes it and all later ones away. */
export class Snapshots<State> {
  /** In order of their numbers. */
  readonly #states = new Map<number, State>();
  #next = 1;

  take(state: State): number {
    const number = this.#next++;
    this.#states.set(number, state);
    const oldest = this.#states.keys().next().value;
    if (this.#states.size > SNAPSHOTS_MAX && oldest !== undefined) this.#states.delete(oldest);
    return number;
  }

  /** undefined: there is none of this number, or no more. */
  use(number: number): State | undefined {
    const state = this.#states.get(number);
    if (state === undefined) return undefined;
    for (const later of this.#states.keys()) if (later >= number) this.#states.delete(later);
    return state;
  }

  /** Numbers are not given again. */
  clear(): void {
    this.#states.clear();
  }
}
