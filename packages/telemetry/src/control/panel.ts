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

/** All tunables of a process: what they are, why they changed, and the operator's hand on them. */
export interface ControlPanel {
  /** @throws TypeError on a name that is taken */
  add<Input>(options: TunableOptions<Input>): Tunable<Input>;
  list(): TunableState[];
  /**
   * Sets a value by hand until it is released; it is cut to the bounds.
   *
   * @returns false where there is no such tunable or the value is no number
   */
  hold(name: string, value: number): boolean;
  /** Gives a tunable back to its controller. */
  release(name: string): boolean;
  /** The kill switch. Off: initial values at once. On: the controllers go on from theirs. */
  setOn(isOn: boolean): void;
}

interface Entry {
  readonly state: () => TunableState;
  readonly hold: (value: number) => void;
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
      if (entry === undefined || !Number.isFinite(value)) return false;
      entry.hold(value);
      return true;
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
    this.#set(value, reason);
  }

  hold(value: number): void {
    this.#heldAt = clamp(value, this.#tunable.controller.bounds);
    this.follow();
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
    const last = this.#changes.at(-1);
    if (last !== undefined && last.to - last.from > 0 !== value - from > 0) this.#reversalCount++;
    const change = { atMs: this.#options.clock.nowMs(), from, to: value, reason };
    this.#changeCount++;
    this.#changes.push(change);
    if (this.#changes.length > CHANGES_KEPT) this.#changes.shift();
    this.#tunable.apply(value);
    this.#options.onChange?.(this.#tunable.name, change);
  }
}
