import type { TunableState } from '../control/types.ts';

/** How a node is, in words that need no manual. */
export interface HealthCheck {
  /** E.g. `disk`, `catch-up`, `witnesses`, `event-loop`. */
  readonly name: string;
  readonly state: 'good' | 'degraded' | 'failing';
  /** One sentence: what is so, and what to do where it is not good. */
  readonly words: string;
}

export interface Health {
  /** Whether the node should be sent requests: `/readyz`. */
  readonly isReady: boolean;
  readonly state: HealthCheck['state'];
  readonly checks: readonly HealthCheck[];
}

/** One look at the node; a page draws lines from a row of them. Rates are per second. */
export interface StatusSample {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly blocksPerSecond: number;
  readonly requestsPerSecond: number;
  readonly transactionsPerSecond: number;
  /** Seconds from acceptance to a signed checkpoint, over the last interval; null: none. */
  readonly finalityP50Seconds: number | null;
  readonly finalityP99Seconds: number | null;
  readonly requestP50Seconds: number | null;
  readonly requestP99Seconds: number | null;
  readonly eventLoopDelaySeconds: number;
  /** Cores in use. */
  readonly cpuCores: number;
  readonly memoryBytes: number;
  /** Blocks that waited to be committed, at most, over the last interval. */
  readonly queueBlocks: number;
}

/** One of the namespaces that took most blocks lately, or one entry of another top list. */
export interface TopEntry {
  readonly key: string;
  readonly label: string;
  /** Decayed count; an upper bound, by at most `error`. */
  readonly weight: number;
  readonly error: number;
}

/** A node of the network map. */
export interface NetworkNode {
  readonly id: string;
  readonly url: string;
  readonly roles: readonly string[];
  /** Region or other group it is drawn with; empty where nothing is known. */
  readonly group: string;
  readonly state: 'good' | 'slow' | 'away' | 'lying';
  /** Round trip in seconds; null where none was measured. */
  readonly rttSeconds: number | null;
  /** What is wrong with it, in words; absent: nothing is known. */
  readonly problem?: string;
}

export interface NetworkStatus {
  readonly self: string;
  readonly nodes: readonly NetworkNode[];
  /** Pairs of positions in `nodes`. */
  readonly links: readonly (readonly [number, number])[];
}

/** What a chain's executor tells; absent on a node without a chain. */
export interface ExecutionStatus {
  readonly chainId: number;
  readonly height: number;
  readonly workers: number;
  readonly blocksParallel: number;
  readonly blocksSequential: number;
  /** Executions over transactions: 1 where nothing was run again. */
  readonly executionsPerTransaction: number;
  readonly conflicts: number;
  readonly gasPerSecond: number;
  /** State cells by accesses and by conflicts, largest first. */
  readonly hotCells: readonly TopEntry[];
  readonly hotContracts: readonly TopEntry[];
  /**
   * Parts of the state by writes, from a sample: `<address> account`; `<address> 0x05`, a slot with
   * a number; `<address> 0xa7..`, all slots at hashes that begin so. Absent on older nodes.
   */
  readonly hotWrites?: readonly TopEntry[];
}

/** Blocks between namespaces that refer to each other: rows refer to columns. */
export interface FlowStatus {
  readonly labels: readonly string[];
  /** `counts[from][to]`. */
  readonly counts: readonly (readonly number[])[];
}

/** `GET /status`: all that the first screen shows. Fields are only ever added. */
export interface NodeStatus {
  readonly name: 'basalt';
  readonly version: string;
  readonly origin: string;
  readonly roles: readonly string[];
  /** Milliseconds since the Unix epoch, both. */
  readonly startedMs: number;
  readonly nowMs: number;
  readonly health: Health;
  readonly now: StatusSample;
  readonly totals: {
    readonly blocks: number;
    readonly namespaces: number;
    readonly storeBytes: number;
    readonly peers: number;
  };
  readonly shards: { readonly hot: readonly TopEntry[]; readonly flow: FlowStatus };
  readonly execution: ExecutionStatus | null;
  readonly tunables: readonly TunableState[];
}
