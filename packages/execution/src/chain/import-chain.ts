import { loadRecover } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { type RawBlock, readBlock } from '../block/block-codec.ts';
import { BLOCK_BYTES_MAX } from '../block/limits.ts';
import { plainBytes } from '../block/plain-bytes.ts';
import type { Block } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import { malformedRlp, RlpReader } from '../rlp/reader.ts';
import { recoverBlock, type SenderSources } from './block-body.ts';
import { IMPORT_AHEAD_BLOCKS } from './limits.ts';
import type { Chain } from './types.ts';

export interface ImportOptions {
  readonly recoverer: SenderSources['recoverer'];
  /** Told after each block that was imported. */
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  /** Of the last block. */
  readonly number: number;
  readonly imported: number;
  /** Blocks of the file that were on the chain before. */
  readonly skipped: number;
  readonly transactions: number;
  readonly gasUsed: bigint;
}

const LIST_FIRST = 0xc0;
const LONG_LIST_OFFSET = 0xf7;

/**
 * Imports consecutive blocks in RLP, one behind the other, as other clients export them. Blocks
 * that the chain has are stepped over, so a broken import goes on where it stopped. Senders are
 * recovered ahead of the block that runs. Seals of proof of work are not checked.
 *
 * @throws ExecutionError `malformed-rlp`, or `invalid-block` with the block's `details.number`; the
 *   blocks before stay
 */
export async function importChainRlp(
  chain: Chain,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<ImportProgress> {
  const sources = { recoverer: options.recoverer, recover: await loadRecover() };
  let progress: ImportProgress = {
    number: Number(chain.head().header.number),
    imported: 0,
    skipped: 0,
    transactions: 0,
    gasUsed: 0n,
  };
  const ahead: Promise<Block>[] = [];
  const importNext = async (): Promise<void> => {
    const block = await ahead.shift();
    if (block === undefined) return;
    await importOne(chain, block);
    progress = {
      number: Number(block.header.number),
      imported: progress.imported + 1,
      skipped: progress.skipped,
      transactions: progress.transactions + block.transactions.length,
      gasUsed: progress.gasUsed + block.header.gasUsed,
    };
    options.onProgress?.(progress);
  };
  try {
    for await (const raw of blocksOf(source)) {
      if (isKnown(chain, raw)) {
        progress = { ...progress, skipped: progress.skipped + 1 };
        continue;
      }
      const { fork } = chain.config.forkAt(raw.header.number, raw.header.timestamp);
      const recovered = numbered(raw, recoverBlock(raw, [], fork, sources));
      // Whoever takes it out of the queue meets the error; until then it is no unhandled one.
      recovered.catch(() => undefined);
      ahead.push(recovered);
      if (ahead.length >= IMPORT_AHEAD_BLOCKS) await importNext();
    }
    while (ahead.length > 0) await importNext();
  } finally {
    await Promise.allSettled(ahead);
  }
  return progress;
}

async function importOne(chain: Chain, block: Block): Promise<void> {
  await numbered(block, chain.import(block));
}

/** Says in which block something was wrong. */
async function numbered<Value>(
  { header }: Pick<RawBlock, 'header'>,
  work: Promise<Value>,
): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ExecutionError)) throw error;
    const details = { ...error.details, number: Number(header.number) };
    throw new ExecutionError(error.code, `block ${header.number}: ${error.message}`, details);
  }
}

function isKnown(chain: Chain, { header, hash }: RawBlock): boolean {
  const known = chain.hashOf(Number(header.number));
  return known !== undefined && equalBytes(known, hash);
}

async function* blocksOf(
  source: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<RawBlock, void, undefined> {
  if (source instanceof Uint8Array) {
    const reader = new RlpReader(plainBytes(source));
    while (!reader.isAtEnd) yield readBlock(reader);
    return;
  }
  let left: Uint8Array = new Uint8Array(0);
  for await (const chunk of source) {
    left = join(left, plainBytes(chunk));
    let offset = 0;
    for (;;) {
      const length = itemLength(left, offset);
      if (length === undefined || offset + length > left.length) break;
      yield readBlock(new RlpReader(left.subarray(offset, offset + length)));
      offset += length;
    }
    left = left.subarray(offset);
  }
  // What is left is no whole block: the reader says what is missing.
  if (left.length > 0) yield readBlock(new RlpReader(left));
}

/** Bytes of the list that begins here; undefined while its length is not there yet. */
function itemLength(bytes: Uint8Array, offset: number): number | undefined {
  const first = bytes[offset];
  if (first === undefined) return undefined;
  if (first < LIST_FIRST) throw malformedRlp(offset, 'expected a list, found a byte string');
  if (first <= LONG_LIST_OFFSET) return 1 + first - LIST_FIRST;
  const lengthBytes = first - LONG_LIST_OFFSET;
  if (bytes.length < offset + 1 + lengthBytes) return undefined;
  let length = 0;
  for (let index = 1; index <= lengthBytes; index++) {
    length = length * 256 + (bytes[offset + index] ?? 0);
  }
  if (length > BLOCK_BYTES_MAX) {
    throw malformedRlp(offset, `block of ${length} bytes, at most ${BLOCK_BYTES_MAX}`);
  }
  return 1 + lengthBytes + length;
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array {
  const joined = new Uint8Array(one.length + other.length);
  joined.set(one);
  joined.set(other, one.length);
  return joined;
}
