import type { ControlPanel } from '@basalt/telemetry';
import { type GroupBlocksParts, groupBlocks } from './tunables/group-blocks.ts';
import { type ParallelParts, parallel } from './tunables/parallel.ts';
import { type PreparedBytesParts, preparedBytes } from './tunables/prepared-bytes.ts';
import { type StateCacheParts, stateCacheEntries } from './tunables/state-cache.ts';
import type { Look } from './tunables/types.ts';

export interface TunedParts extends GroupBlocksParts, PreparedBytesParts {
  /** Of the chain, where one runs. */
  readonly chain?:
    | { readonly executor: ParallelParts; readonly world: Pick<StateCacheParts, 'valueCache'> }
    | undefined;
}

/** What controllers steer on this node; each is bounded, shown at `/control`, and told why. */
export function addTunables(panel: ControlPanel, parts: TunedParts): Look[] {
  const { chain, memoryPressure } = parts;
  const looks = [groupBlocks(panel, parts), preparedBytes(panel, parts)];
  if (chain === undefined) return looks;
  const { valueCache } = chain.world;
  looks.push(
    parallel(panel, chain.executor),
    stateCacheEntries(panel, { valueCache, memoryPressure }),
  );
  return looks;
}
