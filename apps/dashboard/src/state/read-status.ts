import type { NodeStatus } from '@basalt/telemetry';

/**
 * A status as the node tells it, with what an older node leaves out filled in as "nothing known";
 * undefined where it is no status at all.
 */
export function readStatus(value: unknown): NodeStatus | undefined {
  const given = value as Partial<NodeStatus> | null;
  if (typeof given !== 'object' || given === null || given.name !== 'basalt') return undefined;
  if (typeof given.now?.atMs !== 'number' || !Array.isArray(given.health?.checks)) return undefined;
  return {
    version: 'unknown',
    origin: '',
    roles: [],
    startedMs: given.now.atMs,
    nowMs: given.now.atMs,
    totals: { blocks: 0, namespaces: 0, storeBytes: 0, peers: 0 },
    shards: { hot: [], flow: { labels: [], counts: [] } },
    execution: null,
    tunables: [],
    ...given,
  } as NodeStatus;
}
