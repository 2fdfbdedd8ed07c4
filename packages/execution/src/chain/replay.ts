import { equalBytes } from '@basalt/protocol';
import { ExecutionError } from '../errors.ts';
import type { WorldState } from '../state/types.ts';
import type { BlockIndex } from './block-index.ts';
import { decodeChainPayload } from './payload.ts';
import type { BlockLog } from './types.ts';

/** A block of the log that counts. */
export interface CanonicalBlock {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly logIndex: number;
}

/** What the log says beyond what the index knew. */
export interface LogSurvey {
  readonly head: number;
  /** Blocks above `base`, in order. */
  readonly fresh: readonly CanonicalBlock[];
  /** Up to here the index was right. */
  readonly base: number;
  /** Blocks above `base` that the index knew and that count no more. */
  readonly undone: readonly { readonly number: number; readonly hash: Uint8Array }[];
}

/**
 * Reads what the log holds beyond the index and finds out which blocks count: each entry either
 * extends the head or goes back to a block before.
 *
 * @throws ExecutionError `damaged-state` when the entries do not follow from each other
 */
export async function surveyLog(
  log: BlockLog,
  index: BlockIndex,
  genesisHash: Uint8Array,
): Promise<LogSurvey> {
  const meta = index.meta();
  const start = meta?.logLength ?? 0;
  const known = meta?.head ?? 0;
  if (start > log.length) {
    throw damaged(`the index knows ${start} entries of the log, which has ${log.length}`);
  }
  let base = known;
  const fresh: CanonicalBlock[] = [];
  const hashAt = (number: number): Uint8Array | undefined => {
    if (number > base) return fresh[number - base - 1]?.hash;
    return number === 0 ? genesisHash : index.row(number)?.hash;
  };
  for (let logIndex = start; logIndex < log.length; logIndex++) {
    const payload = decodeChainPayload(await log.read(logIndex));
    const head = base + fresh.length;
    if (payload.kind === 'block') {
      const { hash, header } = payload.block;
      const parent = hashAt(head);
      const follows = header.number === BigInt(head + 1);
      if (!follows || parent === undefined || !equalBytes(parent, header.parentHash)) {
        throw damaged(`entry ${logIndex} holds block ${header.number}, which is not above ${head}`);
      }
      fresh.push({ number: head + 1, hash, logIndex });
      continue;
    }
    const target = hashAt(payload.number);
    if (payload.number > head || target === undefined || !equalBytes(target, payload.hash)) {
      throw damaged(`entry ${logIndex} goes back to block ${payload.number}, which is another`);
    }
    if (payload.number < base) {
      base = payload.number;
      fresh.length = 0;
    } else fresh.length = payload.number - base;
  }
  const undone: { number: number; hash: Uint8Array }[] = [];
  for (let number = base + 1; number <= known; number++) {
    const hash = index.row(number)?.hash;
    if (hash !== undefined) undone.push({ number, hash });
  }
  return { head: base + fresh.length, fresh, base, undone };
}

/**
 * Brings a state back to the newest block that it shares with the log.
 *
 * @returns the number of that block
 * @throws ExecutionError `damaged-state` when no block of its window is one of the log's
 */
export function alignState(
  world: WorldState,
  head: number,
  hashAt: (number: number) => Uint8Array | undefined,
): number {
  for (let number = Math.min(world.number, head); number >= world.oldest; number--) {
    const kept = world.blockHash(number);
    const wanted = hashAt(number);
    if (kept === undefined || wanted === undefined || !equalBytes(kept, wanted)) continue;
    if (number < world.number) world.rewind(number);
    return number;
  }
  throw damaged(
    `the state holds blocks ${world.oldest} to ${world.number}, none of which the log has`,
  );
}

function damaged(message: string): ExecutionError {
  return new ExecutionError('damaged-state', message);
}
