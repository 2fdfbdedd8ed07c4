import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, loadavg, totalmem, uptime } from 'node:os';
import type { Ledger } from '@basalt/ledger';
import { type CryptoProvider, type NamespaceId, type Signer, utf8 } from '@basalt/protocol';
import type { Logger } from '@basalt/telemetry';
import {
  createHostReading,
  type HostCounters,
  parseMemoryAvailable,
  parseNetworkDevices,
} from './host-reading.ts';
import { openOwnNamespace } from './own-namespace-shell.ts';

export interface HostReadingsComponents {
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly crypto: CryptoProvider;
  readonly logger: Logger;
  /** Whose disk is told about: the node's data folder. */
  readonly folder: string;
  readonly intervalMs: number;
}

export interface HostReadings {
  readonly namespace: NamespaceId;
  /** Of its writer. */
  readonly signer: Signer;
  stop(): Promise<void>;
}

export const HOST_LABEL = 'host';

/**
 * Appends one JSON record about this machine (load, memory, disk, network) each interval, to the
 * namespace `host`. A reading that cannot be written (full queue, full disk) is left out and
 * logged; the next one is tried.
 */
export async function startHostReadings(components: HostReadingsComponents): Promise<HostReadings> {
  const { intervalMs, logger } = components;
  const writer = await openOwnNamespace(components, HOST_LABEL);
  let before: HostCounters | undefined;
  let writing: Promise<void> = Promise.resolve();
  let isWriting = false;

  async function record(): Promise<void> {
    isWriting = true;
    try {
      const now = await readHostCounters(components.folder);
      const payload = utf8(JSON.stringify(createHostReading(now, before)));
      before = now;
      await writer.append([{ payload }]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn('a host reading was not recorded', { reason });
    } finally {
      isWriting = false;
    }
  }

  function tick(): void {
    if (!isWriting) writing = record(); // a slow disk must not pile readings up
  }

  tick();
  const timer = setInterval(tick, intervalMs);
  return {
    namespace: writer.namespace,
    signer: components.signer,
    async stop() {
      clearInterval(timer);
      await writing;
    },
  };
}

/** Reads what the operating system counts now. */
export async function readHostCounters(folder: string): Promise<HostCounters> {
  const [disk, devices, memory] = await Promise.all([
    statfs(folder).catch(() => undefined),
    readFile('/proc/net/dev', 'utf8').catch(() => ''),
    readFile('/proc/meminfo', 'utf8').catch(() => ''),
  ]);
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  const total = times.reduce(
    (sum, time) => sum + time.user + time.nice + time.sys + time.idle + time.irq,
    0,
  );
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    timeMs: Date.now(),
    uptimeSeconds: uptime(),
    load: [one, five, fifteen],
    cores: availableParallelism(),
    cpuBusyTicks: total - idle,
    cpuTotalTicks: total,
    memoryTotalBytes: totalmem(),
    memoryAvailableBytes: parseMemoryAvailable(memory) ?? freemem(),
    disk:
      disk === undefined
        ? undefined
        : { totalBytes: disk.blocks * disk.bsize, availableBytes: disk.bavail * disk.bsize },
    network: parseNetworkDevices(devices),
  };
}
