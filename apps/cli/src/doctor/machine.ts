import { formatBytes, formatCount } from '../view/numbers.ts';
import { bad, type Finding, good, warn } from './finding.ts';

/** What is read of a machine and its process limits; undefined: this system does not tell. */
export interface MachineFacts {
  readonly nodeVersion: string;
  readonly openFilesMax: number | undefined;
  readonly connectionsMax: number;
  readonly cores: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  /** Bound of the control group, where there is one. */
  readonly memoryLimitBytes: number | undefined;
  readonly swap: { readonly totalBytes: number; readonly freeBytes: number } | undefined;
}

const GIB = 1024 ** 3;
/** Types are stripped and what the packages use is there. */
const NODE_MAJOR_MIN = 24;
/** Native Keccak-256: the chain hashes three times as fast. */
const NODE_MAJOR_BEST = 26;
/** Files of the store, worker threads, log: what is open beside connections. */
const FILES_BESIDE_CONNECTIONS = 1_024;
const FILES_MIN = 4_096;
const MEMORY_LOW_BYTES = GIB;
const MEMORY_MIN_BYTES = GIB / 4;
const SWAP_USED_PART = 0.5;

export function judgeMachine(facts: MachineFacts): Finding[] {
  return [nodeVersion(facts), openFiles(facts), cores(facts), memory(facts), swap(facts)];
}

function nodeVersion({ nodeVersion: version }: MachineFacts): Finding {
  const major = Number.parseInt(version, 10);
  if (major < NODE_MAJOR_MIN) {
    const advice = `install Node ${NODE_MAJOR_BEST}; \`npm start\` in the checkout brings it along`;
    return bad('node', `Node ${version} is too old`, advice);
  }
  const slower = major < NODE_MAJOR_BEST ? '; 26 hashes faster for a chain' : '';
  return good('node', `Node ${version}${slower}`);
}

function openFiles({ openFilesMax, connectionsMax }: MachineFacts): Finding {
  if (openFilesMax === undefined) return good('open files', 'this system does not tell its limit');
  const wanted = connectionsMax + FILES_BESIDE_CONNECTIONS;
  const words = `${formatCount(openFilesMax)} may be open`;
  const raise = `set LimitNOFILE=${wanted} in the unit, or \`ulimit -n ${wanted}\` before`;
  if (openFilesMax < FILES_MIN) return bad('open files', `only ${words}`, raise);
  if (openFilesMax >= wanted) return good('open files', words);
  const less = `or --set connectionsMax=${openFilesMax - FILES_BESIDE_CONNECTIONS}`;
  const short = `${words}, fewer than connectionsMax ${formatCount(connectionsMax)} needs`;
  return warn('open files', short, `${raise}, ${less}`);
}

function cores({ cores: count }: MachineFacts): Finding {
  if (count > 1) return good('cores', `${count}`);
  const advice = 'give it two: signatures are checked, and blocks run, beside the event loop';
  return warn('cores', 'only 1', advice);
}

function memory(facts: MachineFacts): Finding {
  const { memoryTotalBytes, memoryLimitBytes, memoryAvailableBytes: free } = facts;
  const isLimited = memoryLimitBytes !== undefined && memoryLimitBytes < memoryTotalBytes;
  const total = isLimited ? memoryLimitBytes : memoryTotalBytes;
  const of = isLimited ? 'that its control group allows' : 'in all';
  const words = `${formatBytes(free)} available of ${formatBytes(total)} ${of}`;
  if (free < MEMORY_MIN_BYTES) {
    return bad('memory', words, 'end something else, or give the machine more memory');
  }
  if (free < MEMORY_LOW_BYTES) {
    return warn(
      'memory',
      words,
      'a node under load wants 1 GiB: end something else, or add memory',
    );
  }
  return good('memory', words);
}

function swap({ swap: space }: MachineFacts): Finding {
  if (space === undefined || space.totalBytes === 0) return good('swap', 'none');
  const used = space.totalBytes - space.freeBytes;
  const words = `${formatBytes(used)} used of ${formatBytes(space.totalBytes)}`;
  if (used < space.totalBytes * SWAP_USED_PART) return good('swap', words);
  return warn(
    'swap',
    words,
    'find out what needs so much memory: a node that is swapped out stalls',
  );
}
