import type { ValueCacheControl } from '@basalt/execution';
import {
  type CacheSizeInput,
  type ControlPanel,
  createCacheSize,
  HitCurve,
} from '@basalt/telemetry';
import type { Look, MemoryPressure } from './types.ts';

/** About 4 MB; smaller sizes are not seen in a sample of this rate, and save nothing. */
const ENTRIES_MIN = 8_192;
/**
 * One key of 32 is followed. Then a look-up takes 20 to 55 ns more, three of them a transfer of
 * ERC-20: less than half a percent of what a transaction takes.
 */
const SAMPLE_RATE = 1 / 32;

export interface StateCacheParts {
  readonly valueCache: ValueCacheControl;
  readonly memoryPressure: MemoryPressure;
}

/**
 * Entries of the cache over a chain's state, by a shadow of it. What it begins with is the most
 * that it may have; from there it gives back what brings no hits.
 */
export function stateCacheEntries(
  panel: ControlPanel,
  { valueCache, memoryPressure }: StateCacheParts,
): Look {
  const max = Math.max(ENTRIES_MIN, valueCache.entriesMax);
  const curve = new HitCurve(max, SAMPLE_RATE);
  valueCache.onLookUp = (hash) => curve.lookUp(hash);
  const tunable = panel.add<CacheSizeInput>({
    name: 'execution.state-cache-entries',
    help: 'Accounts and slots that are kept in memory over the state of the chain.',
    unit: 'entries',
    rule: 'shadow cache',
    controller: createCacheSize({ bounds: { min: ENTRIES_MIN, max }, initial: max }),
    apply: (entries) => valueCache.resize(entries),
  });
  return () => {
    // What a smaller bound has not let go yet.
    if (valueCache.entries > valueCache.entriesMax) valueCache.resize(valueCache.entriesMax);
    const pressure = memoryPressure();
    tunable.sense(pressure === undefined ? undefined : { points: curve.points(), pressure });
  };
}
