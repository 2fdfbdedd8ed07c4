import { concatBytes, decodeEntryPrefix, type Entry, isKeyBlock } from '@basalt/protocol';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { fetchFrom } from '../node-api.ts';
import { PAYLOAD_ABSENT } from './block-stream.ts';

/** Blocks of one page; the node may send fewer. */
const PAGE_BLOCKS = 1_000;

export interface ExportPagesOptions {
  readonly url: string;
  readonly namespace: string;
  /** Payloads below were pruned, says the node; there may be gaps above. */
  readonly payloadsFrom: number;
  readonly signal: AbortSignal;
}

/** The blocks [from, size) as a `BlockStream` reads them, some whole blocks at a time. */
export async function* exportPages(
  options: ExportPagesOptions,
  from: number,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = from; at < size; ) {
    const count = Math.min(PAGE_BLOCKS, size - at);
    const isPruned = at < options.payloadsFrom;
    const page = isPruned ? undefined : await wholePage(options, at, count);
    // Above that place a pruned payload stands alone, or as one of a few.
    const upTo = isPruned ? Math.min(count, options.payloadsFrom - at) : 1;
    const { bytes, blocks } = page ?? (await markedPage(options, at, upTo));
    if (blocks === 0) {
      throw new CliError(EXIT.refused, 'bad-response', `the node does not send block ${at}`);
    }
    yield bytes;
    at += blocks;
  }
}

interface PageOfBlocks {
  readonly bytes: Uint8Array;
  readonly blocks: number;
}

/** Undefined where the payload of the first block was pruned. */
async function wholePage(
  { url, namespace, signal }: ExportPagesOptions,
  from: number,
  count: number,
): Promise<PageOfBlocks | undefined> {
  const place = `/chains/${namespace}/blocks?from=${from}&count=${count}`;
  try {
    const answer = await fetchFrom(url, place, 'application/x-basalt-blocks', signal);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    let blocks = 0;
    for (let offset = 0; offset < bytes.length; blocks++) {
      const { entry, end } = decodeEntryPrefix(bytes, offset);
      offset = end + entry.header.payloadLength;
    }
    return { bytes, blocks };
  } catch (error) {
    if (error instanceof CliError && error.code === 'pruned') return undefined;
    throw error;
  }
}

/** Entries with the mark before them; key blocks and empty payloads are always whole. */
async function markedPage(
  options: ExportPagesOptions,
  from: number,
  count: number,
): Promise<PageOfBlocks> {
  const { url, namespace, signal } = options;
  const place = `/chains/${namespace}/blocks?from=${from}&count=${count}&payloads=0`;
  const answer = await fetchFrom(url, place, 'application/x-basalt-header', signal);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const parts: Uint8Array[] = [];
  let blocks = 0;
  for (let offset = 0; offset < bytes.length; blocks++) {
    const { entry, end } = decodeEntryPrefix(bytes, offset);
    offset = end;
    parts.push(...(await partsOf(options, entry, from + blocks)));
  }
  return { bytes: concatBytes(...parts), blocks };
}

async function partsOf(
  { url, namespace, signal }: ExportPagesOptions,
  entry: Entry,
  index: number,
): Promise<readonly Uint8Array[]> {
  if (entry.header.payloadLength === 0) return [entry.bytes];
  if (!isKeyBlock(entry.header)) return [Uint8Array.of(PAYLOAD_ABSENT), entry.bytes];
  const place = `/chains/${namespace}/blocks/${index}`;
  const answer = await fetchFrom(url, place, 'application/x-olocus-block', signal);
  return [new Uint8Array(await answer.arrayBuffer())];
}
