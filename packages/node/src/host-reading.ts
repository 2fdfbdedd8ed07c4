import { NETWORK_INTERFACES_MAX } from './limits.ts';

/** What the operating system counts, at one moment. Bytes, seconds, shares of 1. */
export interface HostCounters {
  readonly timeMs: number;
  readonly uptimeSeconds: number;
  readonly load: readonly [number, number, number];
  readonly cores: number;
  /** Ticks of all cores together; only differences mean something. */
  readonly cpuBusyTicks: number;
  readonly cpuTotalTicks: number;
  readonly memoryTotalBytes: number;
  /** What programs could still get, caches that can be dropped included. */
  readonly memoryAvailableBytes: number;
  readonly disk: { readonly totalBytes: number; readonly availableBytes: number } | undefined;
  /** Totals since boot; empty where the system does not tell. */
  readonly network: readonly InterfaceCounters[];
}

export interface InterfaceCounters {
  readonly name: string;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** The record that is appended: levels as they are, counters as the change since the last one. */
export function createHostReading(
  now: HostCounters,
  before: HostCounters | undefined,
): Readonly<Record<string, unknown>> {
  const { disk } = now;
  return {
    time: new Date(now.timeMs).toISOString(),
    intervalMs: before === undefined ? null : now.timeMs - before.timeMs,
    uptimeSeconds: Math.round(now.uptimeSeconds),
    load: now.load.map((value) => round(value, 2)),
    cpu: { cores: now.cores, busy: before === undefined ? null : cpuBusy(now, before) },
    memory: { totalBytes: now.memoryTotalBytes, availableBytes: now.memoryAvailableBytes },
    ...(disk === undefined ? {} : { disk }),
    network: now.network
      .slice(0, NETWORK_INTERFACES_MAX)
      .map((counters) => networkChange(counters, before)),
  };
}

/** Share of all cores' time that was not idle, 0 to 1. */
function cpuBusy(now: HostCounters, before: HostCounters): number {
  const total = now.cpuTotalTicks - before.cpuTotalTicks;
  if (total <= 0) return 0;
  return Math.min(1, Math.max(0, round((now.cpuBusyTicks - before.cpuBusyTicks) / total, 3)));
}

function networkChange(
  now: InterfaceCounters,
  before: HostCounters | undefined,
): Readonly<Record<string, unknown>> {
  const earlier = before?.network.find((counters) => counters.name === now.name);
  // A counter that went back began anew (an interface that was removed and came again).
  const change = (current: number, last: number | undefined): number | null =>
    last === undefined || current < last ? null : current - last;
  return {
    name: now.name,
    receivedBytes: change(now.receivedBytes, earlier?.receivedBytes),
    sentBytes: change(now.sentBytes, earlier?.sentBytes),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/**
 * Linux, /proc/net/dev: two lines of header, then `name: received ... sent ...`, where bytes are
 * the first and the ninth number. The loopback interface is left out.
 */
export function parseNetworkDevices(text: string): InterfaceCounters[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*([^\s:]+):\s*(\d+)(?:\s+\d+){7}\s+(\d+)/.exec(line);
    if (match === null || match[1] === 'lo') return [];
    return [
      { name: match[1] as string, receivedBytes: Number(match[2]), sentBytes: Number(match[3]) },
    ];
  });
}

/** Linux, /proc/meminfo: `MemAvailable` in bytes, undefined where there is no such line. */
export function parseMemoryAvailable(text: string): number | undefined {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]) * 1024;
}
