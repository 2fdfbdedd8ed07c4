import { type Block, type Clock, equalBytes } from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import type { PeerBook } from '../peer/peer-book.ts';
import type { PeerCaller } from '../peer/peer-caller.ts';
import { Lie } from '../relay/lie.ts';
import type { Lies } from '../relay/lies.ts';
import { createLogReader, requireOwnPayload } from '../relay/log-reader.ts';
import type { BlockSource } from './mirror.ts';

/**
 * Finds whole blocks for entries that were proven already, at any peer: their payloads are checked
 * against the entries, so it does not matter who has them.
 */
export function createBlockSource(parts: {
  readonly book: PeerBook;
  readonly caller: PeerCaller;
  readonly clock: Clock;
  readonly lies: Lies;
}): BlockSource {
  const { book, caller, clock, lies } = parts;
  return async ({ namespace }, start, entries) => {
    for (const { url } of book.nearest(clock.nowMs())) {
      try {
        const found = await readAll(createLogReader(caller, url, namespace), start, entries);
        if (found !== undefined) return found;
      } catch (error) {
        if (error instanceof Lie) lies.report(error);
        else if (!(error instanceof PeerError)) throw error;
      }
    }
    return undefined;
  };
}

/** @throws Lie `altered-block`, `missing-data` on a payload that is not that of its entry */
async function readAll(
  reader: ReturnType<typeof createLogReader>,
  start: number,
  entries: readonly Uint8Array[],
): Promise<Block[] | undefined> {
  const blocks: Block[] = [];
  while (blocks.length < entries.length) {
    const page = await reader.blocks(start + blocks.length, entries.length - blocks.length);
    if (page.length === 0) return undefined;
    for (const block of page) {
      // Another branch of the log, or a shorter one: not what is looked for, and no lie.
      const wanted = entries[blocks.length];
      if (wanted === undefined || !equalBytes(block.entry.bytes, wanted)) return undefined;
      if (block.payload === undefined) return undefined;
      requireOwnPayload(reader.url, block);
      blocks.push(block);
    }
  }
  return blocks;
}
