import { gauss } from './gauss.ts';

/** What happens to a plant: how much work comes, and what becomes of readings and settings. */
export interface Scenario {
  readonly name: string;
  readonly ticks: number;
  /** Relative load, about 0 to 1. */
  load(tick: number, uniform: () => number): number;
  /** Ticks that a reading is late. */
  readonly sensorDelay?: number;
  /** Ticks until a new value is at work. */
  readonly actuationDelay?: number;
  /** What becomes of the sensor in this tick. */
  sensor?(tick: number): 'lost' | 'nan' | undefined;
  /** Spans of ticks with one load, where nothing should swing any more: the end of each. */
  readonly steady: readonly (readonly [from: number, to: number])[];
}

const TICKS = 1_200;
const LOW = 0.4;
const HIGH = 0.9;

const stepLoad = (tick: number): number => (tick >= 400 && tick < 800 ? HIGH : LOW);
const ENDS = [
  [250, 400],
  [600, 800],
  [1_000, TICKS],
] as const;

/** The signals of control theory, and the faults of real sensors. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'step', ticks: TICKS, load: stepLoad, steady: ENDS },
  {
    name: 'ramp',
    ticks: TICKS,
    load: (tick) => LOW + (HIGH - LOW) * Math.min(1, Math.max(0, (tick - 200) / 600)),
    steady: [[1_000, TICKS]],
  },
  {
    name: 'impulse',
    ticks: TICKS,
    load: (tick) => (tick >= 500 && tick < 515 ? 1.5 : LOW),
    steady: [
      [300, 500],
      [900, TICKS],
    ],
  },
  {
    name: 'square',
    ticks: TICKS,
    load: (tick) => (Math.floor(tick / 60) % 2 === 0 ? LOW : HIGH),
    steady: [],
  },
  {
    name: 'noise',
    ticks: TICKS,
    load: (tick, uniform) => stepLoad(tick) * Math.max(0.2, 1 + 0.1 * gauss(uniform)),
    steady: ENDS,
  },
  {
    name: 'delay',
    ticks: TICKS,
    load: stepLoad,
    sensorDelay: 5,
    actuationDelay: 5,
    steady: ENDS,
  },
  {
    name: 'loss',
    ticks: TICKS,
    load: stepLoad,
    // Lost over the step itself, and one reading of three no number before it.
    sensor(tick) {
      if (tick >= 380 && tick < 480) return 'lost';
      return tick < 380 && tick % 3 === 0 ? 'nan' : undefined;
    },
    steady: ENDS,
  },
];
