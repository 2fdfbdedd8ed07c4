import { assert } from '../assert.ts';
import type { Chooser } from './chooser.ts';

export interface LinUcbOptions {
  readonly arms: number;
  /** Features of a choice; 1 to 8, each about 0 to 1. The first one should be 1. */
  readonly features: number;
  /** Width of the confidence bound; default 0.5. */
  readonly alpha?: number;
  /** Weight that older looks of an arm keep at each new one; default 0.995. */
  readonly memory?: number;
}

const FEATURES_MAX = 8;

/**
 * LinUCB with disjoint models (Li et al. 2010): an arm's cost is a linear function of the features
 * of what is to be done (size, deadline, price); the arm with the least lower bound is chosen.
 */
export function createLinUcb(options: LinUcbOptions): Chooser<readonly number[]> {
  const { arms, features, alpha = 0.5, memory = 0.995 } = options;
  assert(Number.isInteger(arms) && arms > 0, 'expected at least one arm');
  assert(features >= 1 && features <= FEATURES_MAX, `expected 1 to ${FEATURES_MAX} features`);
  const models = Array.from({ length: arms }, () => new LinearModel(features, memory));
  const check = (context: readonly number[]): void => {
    assert(context.length === features, `expected ${features} features`);
    assert(context.every(Number.isFinite), 'expected finite features');
  };
  return {
    choose(context, isAllowed) {
      check(context);
      let best: number | undefined;
      let least = Number.POSITIVE_INFINITY;
      for (const [arm, model] of models.entries()) {
        if (!isAllowed(arm)) continue;
        const bound = model.estimate(context) - alpha * model.uncertainty(context);
        if (best !== undefined && bound >= least) continue;
        best = arm;
        least = bound;
      }
      return best;
    },
    learn(context, arm, cost) {
      check(context);
      const model = models[arm];
      assert(model !== undefined, `expected an arm below ${arms}`);
      if (Number.isFinite(cost)) model.add(context, cost);
    },
    estimates(context) {
      check(context);
      return models.map((model) => (model.looks === 0 ? undefined : model.estimate(context)));
    },
  };
}

/** Ridge regression with forgetting: what is forgotten gives way to the ridge again. */
class LinearModel {
  looks = 0;
  readonly #memory: number;
  readonly #matrix: number[][];
  readonly #moments: number[];

  constructor(features: number, memory: number) {
    this.#memory = memory;
    this.#matrix = Array.from({ length: features }, (_, row) =>
      Array.from({ length: features }, (_column, column) => (row === column ? 1 : 0)),
    );
    this.#moments = Array.from({ length: features }, () => 0);
  }

  add(x: readonly number[], cost: number): void {
    this.looks++;
    for (const [row, line] of this.#matrix.entries()) {
      for (const [column, before] of line.entries()) {
        const ridge = row === column ? 1 - this.#memory : 0;
        const look = (x[row] as number) * (x[column] as number);
        line[column] = before * this.#memory + ridge + look;
      }
      const moment = (this.#moments[row] as number) * this.#memory;
      this.#moments[row] = moment + cost * (x[row] as number);
    }
  }

  estimate(x: readonly number[]): number {
    return dot(solve(this.#matrix, this.#moments), x);
  }

  uncertainty(x: readonly number[]): number {
    return Math.sqrt(Math.max(0, dot(solve(this.#matrix, x), x)));
  }
}

/** Gauss without pivoting: the matrix is symmetric and at least the ridge. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((line, i) => [...line, right[i] as number]);
  const size = rows.length;
  for (const [at, pivot] of rows.entries()) {
    for (const row of rows.slice(at + 1)) {
      const factor = (row[at] as number) / (pivot[at] as number);
      for (let i = at; i <= size; i++) {
        row[i] = (row[i] as number) - factor * (pivot[i] as number);
      }
    }
  }
  const solution = Array.from({ length: size }, () => 0);
  for (let at = size - 1; at >= 0; at--) {
    const row = rows[at] as number[];
    let rest = row[size] as number;
    for (let i = at + 1; i < size; i++) rest -= (row[i] as number) * (solution[i] as number);
    solution[at] = rest / (row[at] as number);
  }
  return solution;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
