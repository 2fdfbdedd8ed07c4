/** What a controller may never leave. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** What one look at a sensor came to. */
export interface Decision {
  /** Within the bounds, finite. */
  readonly value: number;
  /** For people, in the sensor's words: `p99 180 ms over 100 ms: halved`. */
  readonly reason: string;
}

/**
 * A feedback rule without clock, timer or I/O. It holds its value when the sensor is lost or tells
 * NaN, when time stands still or jumps, and it never leaves its bounds.
 */
export interface Controller<Input> {
  readonly bounds: Bounds;
  readonly value: number;
  /**
   * @param input what the sensor tells; undefined where it is lost
   * @param nowMs milliseconds of a clock that should not go back; a jump holds the value
   */
  update(input: Input | undefined, nowMs: number): Decision;
}

/** One change of a tunable, as it is told to people and machines. */
export interface TunableChange {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** A tunable as `/control` shows it. */
export interface TunableState {
  /** E.g. `ledger.batch-blocks`; a closed list. */
  readonly name: string;
  /** One sentence for people. */
  readonly help: string;
  /** E.g. `blocks`, `ms`, `bytes`; empty for a pure number. */
  readonly unit: string;
  /** The rule's name: `AIMD`, `gradient`, `two cost lines`, ... */
  readonly controller: string;
  readonly bounds: Bounds;
  readonly value: number;
  /** What applies where control is off. */
  readonly initial: number;
  /** `held`: an operator has set it by hand; `off`: the kill switch is thrown. */
  readonly mode: 'automatic' | 'held' | 'off';
  /** What an operator has set by hand; while control is off it waits. Absent where nothing is. */
  readonly heldAt?: number;
  /** What the sensor told last, in its own words; empty before the first time. */
  readonly reading: string;
  /** Changes since the start. */
  readonly changeCount: number;
  /** How often the controller turned round; what is done by hand does not count. */
  readonly reversalCount: number;
  /** The last ones, oldest first. Bounded by CHANGES_KEPT. */
  readonly changes: readonly TunableChange[];
}
