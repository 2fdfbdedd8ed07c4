import { equalBytes } from '@basalt/protocol';
import { headerHash } from '../block/header.ts';
import { OMMERS_MAX } from '../block/limits.ts';
import type { Block } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import type { ForkSchedule } from './fork-schedule.ts';
import { checkHeader } from './header-rules.ts';
import { invalidBlock } from './invalid-block.ts';
import { OMMER_DEPTH_MAX } from './limits.ts';

/**
 * Holds the ommers of a block before Paris against the rules (Yellow Paper, section 11.1): at most
 * two, each a child of one of the ancestors two to seven generations up, no ancestor itself, never
 * named before, and a valid header but for its seal, which is not checked.
 *
 * @param ancestors the blocks before, newest first, as many as there are up to seven
 * @throws ExecutionError `invalid-block` naming `ommers[index]`
 */
export function checkOmmers(
  block: Pick<Block, 'header' | 'ommers'>,
  ancestors: readonly Pick<Block, 'hash' | 'header' | 'ommers'>[],
  schedule: ForkSchedule,
): void {
  const { ommers } = block;
  if (ommers.length > OMMERS_MAX) {
    throw invalidBlock('ommers', `at most ${OMMERS_MAX}`, ommers.length);
  }
  const near = ancestors.slice(0, OMMER_DEPTH_MAX + 1);
  const named = near.flatMap((ancestor) => ancestor.ommers.map(headerHash));
  for (const [index, ommer] of ommers.entries()) {
    const field = `ommers[${index}]`;
    const hash = headerHash(ommer);
    if (named.some((other) => equalBytes(other, hash))) {
      throw invalidBlock(field, 'an ommer that no block named', hash);
    }
    named.push(hash);
    if (near.some((ancestor) => equalBytes(ancestor.hash, hash))) {
      throw invalidBlock(field, 'a block that is no ancestor', hash);
    }
    // The parent's children are siblings of this block, not of an ancestor.
    const parent = near.slice(1).find((ancestor) => equalBytes(ancestor.hash, ommer.parentHash));
    if (parent === undefined) {
      const expected = `a child of an ancestor 2 to ${OMMER_DEPTH_MAX + 1} generations up`;
      throw invalidBlock(field, expected, ommer.parentHash);
    }
    try {
      checkHeader(ommer, parent, schedule);
    } catch (error) {
      if (!(error instanceof ExecutionError)) throw error;
      const { field: inner, expected, found } = error.details;
      throw invalidBlock(`${field}.${String(inner)}`, String(expected), String(found));
    }
  }
}
