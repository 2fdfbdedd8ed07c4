import { loadRecover } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import type { RawBlock } from '../block/block-codec.ts';
import type { Block } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import { recoverBlock, type SenderSources } from './block-body.ts';
import { readBlocks } from './block-stream.ts';
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

/**
 * Imports consecutive blocks in RLP, one behind the other, as other clients export them. Blocks
 * that the chain has are stepped over, so a broken import goes on where it stopped. Senders are
 * recovered ahead of the block that runs. Seals of proof of work are not checked.
 *
 * @throws ExecutionError `malformed-rlp` with `details.offset` in the source, or `invalid-block`,
 *   both with the block's `details.number`; all blocks before it stay. What the source throws
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
  // Blocks before the place where a source breaks off are whole: they are imported first.
  const broken: unknown[] = [];
  const blocks = untilBroken(readBlocks(source), (error) => broken.push(error));
  try {
    for await (const raw of blocks) {
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
    if (broken.length > 0) throw broken[0];
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

async function* untilBroken<Item>(
  items: AsyncIterable<Item>,
  onBroken: (error: unknown) => void,
): AsyncGenerator<Item, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    onBroken(error);
  }
}
