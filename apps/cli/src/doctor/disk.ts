import { DISK_FULL_BYTES, DISK_LOW_BYTES } from '@basalt/node';
import { formatBytes, formatCount } from '../view/numbers.ts';
import { bad, type Finding, good, warn } from './finding.ts';

/** Of the file system that holds the data folder, or will. */
export interface DiskFacts {
  readonly freeBytes: number;
  /** 0 of 0 where the file system does not count them. */
  readonly freeInodes: number;
  readonly totalInodes: number;
  /** The magic number of statfs(2). */
  readonly type: number;
  /** Seconds of small synced writes, in rising order; none: nothing could be written. */
  readonly syncSeconds: readonly number[];
}

const INODES_LOW = 10_000;
const INODES_MIN = 1_000;
/** A commit waits for one: above this a writer waits longer than for the network. */
const SYNC_SLOW_SECONDS = 0.1;
const SYNC_STUCK_SECONDS = 0.5;
/** No disk is so fast: the write did not leave memory. */
const SYNC_DOUBTFUL_SECONDS = 0.000_02;

const TMPFS = 'tmpfs';
const SYSTEMS: Readonly<Record<number, readonly [string, Finding['state'], string]>> = {
  0x0000_ef53: ['ext4', 'good', ''],
  0x5846_5342: ['xfs', 'good', ''],
  0x9123_683e: ['btrfs', 'good', ''],
  0x2fc1_2fc1: ['zfs', 'good', ''],
  0xf2f5_2010: ['f2fs', 'good', ''],
  0x0102_1994: [TMPFS, 'warn', 'it is memory: what is in it is gone when the machine stops'],
  0x8584_58f6: ['ramfs', 'warn', 'it is memory: what is in it is gone when the machine stops'],
  0x794c_7630: ['overlayfs', 'warn', 'a layer of a container goes with it: mount a volume'],
  0x6573_5546: [
    'fuse',
    'warn',
    'whether a sync reaches a disk is up to its program: use a local disk',
  ],
  0x0102_1997: ['9p', 'warn', 'shared with a host: locks and syncs may not hold; use a local disk'],
  0x0000_6969: ['nfs', 'bad', 'memory maps and locks do not hold over a network: use a local disk'],
  0xff53_4d42: [
    'cifs',
    'bad',
    'memory maps and locks do not hold over a network: use a local disk',
  ],
  0xfe53_4d42: ['smb', 'bad', 'memory maps and locks do not hold over a network: use a local disk'],
  0x0000_4d44: ['vfat', 'bad', 'it keeps no owners and modes: keys would be open to everybody'],
};

export function judgeDisk(facts: DiskFacts): Finding[] {
  return [space(facts), inodes(facts), fileSystem(facts), sync(facts)];
}

function space({ freeBytes }: DiskFacts): Finding {
  const words = `${formatBytes(freeBytes)} free`;
  const advice = 'make room, enlarge it, or set `retention`';
  if (freeBytes < DISK_FULL_BYTES) return bad('disk', words, advice);
  return freeBytes < DISK_LOW_BYTES ? warn('disk', words, advice) : good('disk', words);
}

function inodes({ freeInodes, totalInodes }: DiskFacts): Finding {
  if (totalInodes === 0) return good('inodes', 'not counted by this file system');
  const words = `${formatCount(freeInodes)} free`;
  const advice = 'remove small files, or make the file system again with more inodes';
  if (freeInodes < INODES_MIN) return bad('inodes', words, advice);
  return freeInodes < INODES_LOW ? warn('inodes', words, advice) : good('inodes', words);
}

function fileSystem({ type }: DiskFacts): Finding {
  const [name, state, advice] = SYSTEMS[type] ?? [];
  if (name === undefined) return good('file system', `of the kind 0x${type.toString(16)}`);
  if (state === 'bad') return bad('file system', name, advice ?? '');
  return state === 'warn' ? warn('file system', name, advice ?? '') : good('file system', name);
}

function sync({ syncSeconds, type }: DiskFacts): Finding {
  if (syncSeconds.length === 0) {
    return bad('sync', 'nothing can be written there', 'give the folder to the user of the node');
  }
  const at = (part: number): number =>
    syncSeconds[Math.min(syncSeconds.length - 1, Math.floor(syncSeconds.length * part))] ?? 0;
  const [half, most] = [at(0.5), at(0.99)];
  const told = (seconds: number): string => `${(seconds * 1_000).toFixed(2)} ms`;
  const words = `a small synced write takes ${told(half)}, p99 ${told(most)}`;
  if (half > SYNC_STUCK_SECONDS) {
    return bad('sync', words, 'use a disk of its own, best an SSD: every commit waits for a sync');
  }
  if (most > SYNC_SLOW_SECONDS) {
    return warn('sync', words, 'see what else writes to this disk; an SSD takes under 10 ms');
  }
  if (half < SYNC_DOUBTFUL_SECONDS && SYSTEMS[type]?.[0] !== TMPFS) {
    const advice = 'see whether a virtual disk ignores syncs: a power cut would lose blocks';
    return warn('sync', `${words}, faster than a disk can`, advice);
  }
  return good('sync', words);
}
