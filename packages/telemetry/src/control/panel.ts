import { assert } from '../assert.ts';
import { CHANGES_KEPT, TUNABLES_MAX } from '../limits.ts';
import { clamp } from './guarded.ts';
import type { Controller, TunableChange, TunableState } from './types.ts';

export interface TunableOptions<Input> {
  /** `<room>.<thing>`, e.g. `ledger.batch-blocks`. */
  readonly name: string;
  /** One sentence for people. */
  readonly help: string;
  readonly unit: string;
  /** Its values are 1 and 0, yes and no; an operator's other number is refused. Default no. */
  readonly isSwitch?: boolean;
  /** Name of the rule, e.g. `AIMD`. */
  readonly rule: string;
  readonly controller: Controller<Input>;
  /** Puts the value to work; called at once with the first. Must not throw. */
  readonly apply: (value: number) => void;
  /**
   * Who decides from now on; called before `apply`, also where the value stays the same. For what
   * decides by itself and only has to be told when it must not. Must not throw.
   */
  readonly onMode?: (mode: TunableState['mode'], value: number) => void;
}

/** The sensor's end of a tunable. */
export interface Tunable<Input> {
  /** One look; undefined where the sensor is lost. */
  sense(input: Input | undefined): void;
}

export interface ControlPanelOptions {
  /** Milliseconds since the Unix epoch. */
  readonly clock: { nowMs(): number };
  /** The kill switch: false leaves everything at its initial value. Default true. */
  readonly isOn?: boolean;
  readonly onChange?: (name: string, change: TunableChange) => void;
}

/** What became of an operator's value. */
export type HoldAnswer =
  | {
      readonly isHeld: true;
      readonly value: number;
      /** For people, a sentence each: in what this is not what was asked for. */
      readonly notes: readonly string[];
    }
  | { readonly isHeld: false; readonly reason: string };

/** All tunables of a process: what they are, why they changed, and the operator's hand on them. */
export interface ControlPanel {
  /** @throws TypeError on a name that is taken */
  add<Input>(options: TunableOptions<Input>): Tunable<Input>;
  list(): TunableState[];
  /**
   * Sets a value by hand until it is released. It is rounded to a whole number and cut to the
   * bounds; while control is off it waits for `setOn(true)`. The answer says which of these it was.
   */
  hold(name: string, value: number): HoldAnswer;
  /** Gives a tunable back to its controller. */
  release(name: string): boolean;
  /** The kill switch. Off: initial values at once. On: the controllers go on from theirs. */
  setOn(isOn: boolean): void;
}

interface Entry {
  readonly state: () => TunableState;
  readonly hold: (value: number) => HoldAnswer;
  readonly release: () => void;
  readonly follow: () => void;
}

export function createControlPanel(options: ControlPanelOptions): ControlPanel {
  /** Bounded by TUNABLES_MAX. */
  const entries = new Map<string, Entry>();
  const panel = { isOn: options.isOn ?? true };
  return {
    add(tunable) {
      assert(!entries.has(tunable.name), `the tunable ${tunable.name} is there already`);
      assert(entries.size < TUNABLES_MAX, `expected at most ${TUNABLES_MAX} tunables`);
      const made = new PanelEntry(tunable, options, panel);
      entries.set(tunable.name, {
        state: () => made.state(),
        hold: (value) => made.hold(value),
        release: () => made.release(),
        follow: () => made.follow(),
      });
      return { sense: (input) => made.sense(input) };
    },
    list: () => [...entries.values()].map(({ state }) => state()),
    hold(name, value) {
      const entry = entries.get(name);
      if (entry === undefined) return { isHeld: false, reason: `no tunable is named ${name}` };
      return entry.hold(value);
    },
    release(name) {
      const entry = entries.get(name);
      entry?.release();
      return entry !== undefined;
    },
    setOn(isOn) {
      panel.isOn = isOn;
      for (const { follow } of entries.values()) follow();
    },
  };
}

class PanelEntry<Input> {
  readonly #tunable: TunableOptions<Input>;
  readonly #options: ControlPanelOptions;
  readonly #panel: { readonly isOn: boolean };
  readonly #initial: number;
  #value: number;
  #heldAt: number | undefined;
  #reading = '';
  #changes: TunableChange[] = [];
  #changeCount = 0;
  #reversalCount = 0;
  /** Which way the controller went last: 1, -1; 0 before it has moved. */
  #lastStep = 0;

  constructor(
    tunable: TunableOptions<Input>,
    options: ControlPanelOptions,
    panel: { readonly isOn: boolean },
  ) {
    this.#tunable = tunable;
    this.#options = options;
    this.#panel = panel;
    this.#initial = tunable.controller.value;
    this.#value = this.#initial;
    tunable.onMode?.(this.#mode(), this.#value);
    tunable.apply(this.#value);
  }

  sense(input: Input | undefined): void {
    // A controller that cannot act would wind up.
    if (!this.#panel.isOn || this.#heldAt !== undefined) return;
    const { value, reason } = this.#tunable.controller.update(input, this.#options.clock.nowMs());
    this.#reading = reason;
    const step = Math.sign(value - this.#value);
    if (step !== 0) {
      // Its own steps only: what an operator did in between is no unrest of the rule.
      if (step === -this.#lastStep) this.#reversalCount++;
      this.#lastStep = step;
    }
    this.#set(value, reason);
  }

  hold(asked: number): HoldAnswer {
    const { name, isSwitch = false, controller } = this.#tunable;
    const reason = refusal(name, asked, isSwitch);
    if (reason !== undefined) return { isHeld: false, reason };
    const { bounds } = controller;
    const value = clamp(Math.round(asked), bounds);
    this.#heldAt = value;
    this.follow();
    const notes: string[] = [];
    if (asked < bounds.min) notes.push(`${asked} is cut to ${value}, the least that it may be.`);
    else if (asked > bounds.max)
      notes.push(`${asked} is cut to ${value}, the most that it may be.`);
    else if (asked !== value) notes.push(`${asked} is rounded to ${value}.`);
    if (!this.#panel.isOn) {
      const kept = `${value} is kept for when it is on again; until then it stays ${this.#value}.`;
      notes.push(`Control is off: ${kept}`);
    }
    return { isHeld: true, value, notes };
  }

  release(): void {
    this.#heldAt = undefined;
    this.follow();
  }

  /** Takes the value that applies in the present mode. */
  follow(): void {
    if (!this.#panel.isOn) this.#put(this.#initial, 'control is off');
    else if (this.#heldAt !== undefined) this.#put(this.#heldAt, 'set by hand');
    else this.#put(this.#tunable.controller.value, 'back to the controller');
  }

  #put(value: number, reason: string): void {
    this.#tunable.onMode?.(this.#mode(), value);
    this.#set(value, reason);
  }

  state(): TunableState {
    const { name, help, unit, rule, controller } = this.#tunable;
    return {
      name,
      help,
      unit,
      controller: rule,
      bounds: controller.bounds,
      value: this.#value,
      initial: this.#initial,
      mode: this.#mode(),
      ...(this.#heldAt === undefined ? {} : { heldAt: this.#heldAt }),
      reading: this.#reading,
      changeCount: this.#changeCount,
      reversalCount: this.#reversalCount,
      changes: [...this.#changes],
    };
  }

  #mode(): TunableState['mode'] {
    if (!this.#panel.isOn) return 'off';
    return this.#heldAt === undefined ? 'automatic' : 'held';
  }

  #set(value: number, reason: string): void {
    const from = this.#value;
    if (value === from) return;
    this.#value = value;
    const change = { atMs: this.#options.clock.nowMs(), from, to: value, reason };
    this.#changeCount++;
    this.#changes.push(change);
    if (this.#changes.length > CHANGES_KEPT) this.#changes.shift();
    this.#tunable.apply(value);
    this.#options.onChange?.(this.#tunable.name, change);
  }
}

/** Why a number is no value of a tunable; undefined where it is one. */
function refusal(name: string, asked: number, isSwitch: boolean): string | undefined {
  if (!Number.isFinite(asked)) return 'expected a number that is finite as value';
  if (!isSwitch || asked === 0 || asked === 1) return undefined;
  return `${name} is a yes or no: expected 1 or 0, found ${asked}`;
}
