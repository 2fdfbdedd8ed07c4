import type { BlockExecutor, ModeState } from '@basalt/execution';
import type { Bounds, Controller, ControlPanel } from '@basalt/telemetry';
import type { Look } from './types.ts';

export type ParallelParts = Pick<BlockExecutor, 'workers' | 'modeState' | 'setModePolicy'>;

/**
 * Whether blocks run on threads. The executor decides that by itself, block by block; the panel
 * shows what it decided and why, and an operator's value goes before it: 0 keeps threads out.
 */
export function parallel(panel: ControlPanel, executor: ParallelParts): Look {
  const { workers } = executor;
  const tunable = panel.add<ModeState>({
    name: 'execution.parallel',
    help: 'Whether blocks of a chain run on threads (1) or one transaction after another (0).',
    unit: '',
    isSwitch: true,
    rule: 'measured gain',
    controller: createShown(workers),
    // Only an operator goes before the executor, which chooses by itself also where control is off.
    apply: () => undefined,
    onMode(mode, value) {
      const fixed = value === 0 ? 'sequential' : 'parallel';
      executor.setModePolicy(mode === 'held' ? fixed : 'adaptive');
    },
  });
  return () => tunable.sense(executor.modeState());
}

/** No rule of its own: shows what was decided elsewhere. */
function createShown(workers: number): Controller<ModeState> {
  const bounds: Bounds = { min: 0, max: workers > 1 ? 1 : 0 };
  let value = bounds.max;
  return {
    bounds,
    get value() {
      return value;
    },
    update(state) {
      if (state === undefined) return { value, reason: 'no reading: held' };
      value = Math.min(bounds.max, state.mode === 'parallel' ? 1 : 0);
      return { value, reason: wordsOf(state, workers) };
    },
  };
}

/** What was measured, and what follows. */
export function wordsOf(state: ModeState, workers: number): string {
  if (workers === 1) return 'one worker: nothing to choose';
  const { gain, runsPerTransaction, mode, pauseBlocks } = state;
  if (gain === undefined) return 'no block yet was long enough for threads';
  const runs = `${(runsPerTransaction ?? 1).toFixed(2)} runs a transaction`;
  const measured = `threads ${gain.toFixed(2)} times as quick, ${runs}`;
  if (mode === 'parallel') return `${measured}: threads`;
  return `${measured}: one after another, tried again in ${pauseBlocks} blocks`;
}
