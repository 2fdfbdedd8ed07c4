import { type Block, type BlockHash, concatBytes, encodeBlock, toHex } from '@basalt/protocol';
import { type ClientErrorCode, refusal, serverErrorCode } from './errors.ts';
import type { ClientContext } from './options.ts';
import { BLOCKS_TYPE, readOutcomes, type SubmitOutcome } from './requests.ts';
import type { CallOptions } from './types.ts';

const PREFER = {
  queued: 'respond-async',
  durable: 'durable',
  checkpoint: 'wait-checkpoint',
} as const;

export interface SubmitOptions extends CallOptions {
  /** `queued`, `durable` (default), or until a signed checkpoint covers the blocks. */
  readonly until?: 'queued' | 'durable' | 'checkpoint' | undefined;
  /** Compare-and-swap: only if this is the head. */
  readonly ifHead?: BlockHash | undefined;
}

/** What became of one block. */
export interface SubmittedBlock extends Omit<SubmitOutcome, 'code'> {
  readonly code: ClientErrorCode | undefined;
}

/**
 * Sends signed blocks, at most 256, in one request. Sending the same blocks again is harmless: a
 * node answers `duplicate`.
 */
export async function submitBlocks(
  context: ClientContext,
  blocks: readonly Block[],
  options: SubmitOptions,
): Promise<SubmittedBlock[]> {
  const { token } = context;
  const reply = await context.transport.request('/blocks/batch', {
    method: 'POST',
    headers: {
      'content-type': BLOCKS_TYPE,
      accept: 'application/json',
      ...(options.until === undefined ? {} : { prefer: PREFER[options.until] }),
      ...(options.ifHead === undefined ? {} : { 'if-match': `"${toHex(options.ifHead)}"` }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: concatBytes(...blocks.map(encodeBlock)),
    signal: options.signal,
  });
  const outcomes = readOutcomes(reply.body);
  if (outcomes.length !== blocks.length) {
    throw refusal('bad-response', 'expected one outcome for each block that was sent', {
      sent: blocks.length,
      outcomes: outcomes.length,
    });
  }
  return outcomes.map((outcome) => ({
    ...outcome,
    code: outcome.code === undefined ? undefined : serverErrorCode(outcome.code),
  }));
}
