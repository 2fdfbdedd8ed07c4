import type { ControlPanel } from '@basalt/telemetry';
import { type GroupBlocksParts, groupBlocks } from './tunables/group-blocks.ts';
import { type ParallelParts, parallel } from './tunables/parallel.ts';
import { type PreparedBytesParts, preparedBytes } from './tunables/prepared-bytes.ts';
import type { Look } from './tunables/types.ts';

export interface TunedParts extends GroupBlocksParts, PreparedBytesParts {
  /** Of the chain, where one runs. */
  readonly executor?: ParallelParts | undefined;
}

/** What controllers steer on this node; each is bounded, shown at `/control`, and told why. */
export function addTunables(panel: ControlPanel, parts: TunedParts): Look[] {
  const { executor } = parts;
  return [
    groupBlocks(panel, parts),
    preparedBytes(panel, parts),
    ...(executor === undefined ? [] : [parallel(panel, executor)]),
  ];
}
