/** Numbers in [0, 1), uniform: a seeded source makes a run repeatable. */
export type Uniform = () => number;

/**
 * Chooses among a fixed list and learns from what came of it. Whoever is not allowed (unhealthy,
 * too dear, too far) is never chosen: hard limits come before what was learnt.
 */
export interface Chooser<Context> {
  /**
   * @param isAllowed by position
   * @returns position of the choice; undefined where nobody is allowed
   */
  choose(context: Context, isAllowed: (arm: number) => boolean): number | undefined;
  /** @param cost lower is better; one that is not finite is left out */
  learn(context: Context, arm: number, cost: number): void;
  /** What the list is believed to cost now, by position; undefined where nothing was learnt. */
  estimates(context: Context): readonly (number | undefined)[];
}
