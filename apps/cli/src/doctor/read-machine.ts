import {
  closeSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import type { DiskFacts } from './disk.ts';
import type { MachineFacts } from './machine.ts';

export function readMachine(connectionsMax: number): MachineFacts {
  const limit = process.constrainedMemory();
  return {
    nodeVersion: process.versions.node,
    openFilesMax: openFilesIn(read('/proc/self/limits')),
    connectionsMax,
    cores: availableParallelism(),
    memoryTotalBytes: totalmem(),
    memoryAvailableBytes: process.availableMemory(),
    memoryLimitBytes: limit > 0 ? limit : undefined,
    swap: swapIn(read('/proc/meminfo')),
  };
}

/** The soft limit in the text of /proc/self/limits; Node has raised it as far as it may. */
export function openFilesIn(text: string): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}

export function swapIn(text: string): MachineFacts['swap'] {
  const kib = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  const [total, free] = [kib('SwapTotal'), kib('SwapFree')];
  if (total === undefined || free === undefined) return undefined;
  return { totalBytes: Number(total) * 1024, freeBytes: Number(free) * 1024 };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // not Linux
  }
}

const SYNC_WRITES = 100;
/** A disk that hangs must not hang the doctor. */
const SYNC_SECONDS_MAX = 3;

/** @param folder one that is there */
export function readDisk(folder: string): DiskFacts {
  const { bavail, bsize, ffree, files, type } = statfsSync(folder);
  return {
    freeBytes: bavail * bsize,
    freeInodes: ffree,
    totalInodes: files,
    type,
    syncSeconds: measureSync(folder),
  };
}

/** Appends a page and syncs, as a commit does; what it wrote is removed. */
function measureSync(folder: string): number[] {
  const path = join(folder, `.basalt-doctor-${process.pid}`);
  const page = new Uint8Array(4_096).fill(1);
  const seconds: number[] = [];
  let file: number | undefined;
  try {
    file = openSync(path, 'wx', 0o600);
    const began = performance.now();
    while (seconds.length < SYNC_WRITES && performance.now() - began < SYNC_SECONDS_MAX * 1_000) {
      const started = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      seconds.push((performance.now() - started) / 1_000);
    }
  } catch {
    return []; // told as a finding
  } finally {
    if (file !== undefined) closeSync(file);
    rmSync(path, { force: true });
  }
  return seconds.sort((a, b) => a - b);
}
