import type { Health, HealthCheck } from '@basalt/telemetry';

/** What a file system says of itself, or the code of the error with which it does not answer. */
export type DiskFacts =
  | { readonly freeBytes: number; readonly totalBytes: number }
  | { readonly fault: string };

/** What is known about a node when its health is asked for. */
export interface HealthFacts {
  readonly isStopping: boolean;
  /** Why writes are refused; undefined when they are taken. */
  readonly readOnlyReason: string | undefined;
  /** Why checkpoints do not come out: witnesses that are away, a failing disk. */
  readonly checkpointProblem: string | undefined;
  /** Of the data folder's file system; undefined where it does not tell, or was not asked yet. */
  readonly disk: DiskFacts | undefined;
  /** 99th percentile over the last seconds. */
  readonly eventLoopSeconds: number;
  /** At most, over the last second. */
  readonly queueBlocks: number;
  readonly queueBlocksMax: number;
  /** What a copy still has to fetch before it answers for the present; undefined: nothing. */
  readonly catchUp: string | undefined;
}

const GIB = 1024 ** 3;
/** Less than this, and the next hours may end in a full disk. */
export const DISK_LOW_BYTES: number = 2 * GIB;
/** Less than this, and a compaction or a large block may fail. */
export const DISK_FULL_BYTES: number = GIB / 4;
/** Later than this, a page feels it; much later, requests time out. */
const LOOP_SLOW_SECONDS = 0.25;
const LOOP_STUCK_SECONDS = 2;
const QUEUE_LONG_PART = 0.8;

/**
 * How a node is, from what is known. Not ready: catching up, stopping, or it can not take writes;
 * a check that is only degraded leaves it ready.
 */
export function judgeHealth(facts: HealthFacts): Health {
  const checks = [
    process(facts),
    writes(facts),
    disk(facts),
    checkpoints(facts),
    catchUp(facts),
    eventLoop(facts),
    queue(facts),
  ];
  const has = (state: HealthCheck['state']): boolean => checks.some((each) => each.state === state);
  const state = has('failing') ? 'failing' : has('degraded') ? 'degraded' : 'good';
  return { isReady: state !== 'failing', state, checks };
}

function check(name: string, state: HealthCheck['state'], words: string): HealthCheck {
  return { name, state, words };
}

function process({ isStopping }: HealthFacts): HealthCheck {
  if (!isStopping) return check('process', 'good', 'The node runs.');
  return check('process', 'failing', 'The node is stopping; send requests elsewhere.');
}

function writes({ readOnlyReason: reason }: HealthFacts): HealthCheck {
  if (reason === undefined) return check('writes', 'good', 'Blocks are taken.');
  const words = `No blocks are taken: ${reason}. Reads go on; nothing is lost.`;
  return check('writes', 'failing', words);
}

function disk({ disk: space }: HealthFacts): HealthCheck {
  if (space === undefined) return check('disk', 'good', 'The disk does not tell its free space.');
  if ('fault' in space) return check('disk', 'failing', faultWords(space.fault));
  const free = `${(space.freeBytes / GIB).toFixed(1)} GiB free`;
  if (space.freeBytes < DISK_FULL_BYTES) {
    return check('disk', 'failing', `${free}: make room now, or writes will be refused.`);
  }
  if (space.freeBytes < DISK_LOW_BYTES) {
    return check('disk', 'degraded', `${free}: make room, or set a retention policy.`);
  }
  return check('disk', 'good', `${free}.`);
}

/** What a person has to do where the data folder does not answer. */
function faultWords(code: string): string {
  if (['ENOENT', 'ENOTDIR', 'ESTALE'].includes(code)) {
    return `The data folder is gone (${code}): mount its disk, or bring the folder back.`;
  }
  if (['EACCES', 'EPERM'].includes(code)) {
    return `The data folder may not be entered (${code}): give the node’s user its rights back.`;
  }
  return `The disk of the data folder reports an error (${code}): see the kernel’s log.`;
}

function checkpoints({ checkpointProblem: problem }: HealthFacts): HealthCheck {
  if (problem === undefined) return check('checkpoints', 'good', 'Checkpoints come out.');
  const words = `No new checkpoint: ${problem}. Blocks are durable; proofs end at the last one.`;
  return check('checkpoints', 'failing', words);
}

function catchUp({ catchUp: missing }: HealthFacts): HealthCheck {
  if (missing === undefined) return check('catch-up', 'good', 'Nothing is missing here.');
  return check('catch-up', 'failing', `Catching up: ${missing}.`);
}

function eventLoop({ eventLoopSeconds: seconds }: HealthFacts): HealthCheck {
  const late = `Work waits up to ${(seconds * 1_000).toFixed(0)} ms for the processor`;
  if (seconds >= LOOP_STUCK_SECONDS) {
    return check('event-loop', 'failing', `${late}: too much load, or too few cores.`);
  }
  if (seconds >= LOOP_SLOW_SECONDS) return check('event-loop', 'degraded', `${late}.`);
  return check('event-loop', 'good', `${late}.`);
}

function queue({ queueBlocks, queueBlocksMax }: HealthFacts): HealthCheck {
  const words = `${queueBlocks} blocks waited at one time`;
  if (queueBlocks < queueBlocksMax * QUEUE_LONG_PART) return check('queue', 'good', `${words}.`);
  return check('queue', 'degraded', `${words}; above ${queueBlocksMax} they are refused with 503.`);
}
