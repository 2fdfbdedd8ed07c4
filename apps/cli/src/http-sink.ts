import { type Client, ClientError } from '@basalt/client';
import {
  type Block,
  type BlockHash,
  blockHash,
  decodeBlockPrefix,
  type NamespaceId,
  toHex,
  type WriteConsistency,
} from '@basalt/protocol';
import type { Sink, SinkOutcome } from './journal/journal.ts';
import { fetchJson } from './node-api.ts';

/** What says that somebody else moved the head, or that our own lost request did. */
const HEAD_MOVED: ReadonlySet<string> = new Set([
  'head-moved',
  'precondition-failed',
  'broken-chain',
  'invalid-index',
]);

const UNTIL = { immediate: 'checkpoint', durable: 'durable', eventual: 'queued' } as const;

export interface HttpSinkOptions {
  readonly client: Client;
  readonly url: string;
  readonly namespace: NamespaceId;
  readonly consistency: WriteConsistency;
  readonly signal?: AbortSignal;
}

/**
 * Sends batches to a node, each only onto the head that it was signed on (If-Match). So a rival for
 * an index that is taken never reaches the rules: it would be a fork, and the namespace would
 * freeze. When the head is another one, what is there is compared by hash: blocks of ours that
 * arrived earlier are duplicates, the rest follows them or is refused.
 */
export function createHttpSink(options: HttpSinkOptions): Sink {
  const { client, url, namespace, consistency } = options;

  async function send(blocks: readonly Block[]): Promise<SinkOutcome[]> {
    const ifHead = blocks[0]?.entry.header.previous;
    const outcomes = await client.submit(blocks, { until: UNTIL[consistency], ifHead });
    if (outcomes.some(({ status }) => status === 'queued')) return await settle(blocks);
    return outcomes.map(({ status, index, code, message }) => ({
      status:
        status === 'duplicate' ? 'duplicate' : status === 'rejected' ? 'rejected' : 'accepted',
      index,
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message }),
    }));
  }

  /** A journal forgets what is taken, so queued is not enough for it: the blocks are looked for. */
  async function settle(blocks: readonly Block[]): Promise<SinkOutcome[]> {
    let refused = { code: 'queue-lost', message: 'the node has not taken what it had queued' };
    try {
      await client.settledBlock(nameOf(blocks.at(-1) as Block));
    } catch (error) {
      if (!(error instanceof ClientError) || error.kind !== 'rejected') throw error;
      refused = { code: error.code, message: error.message };
    }
    const { ours } = await countThere(url, namespace, blocks);
    return blocks.map(({ entry }, place) => {
      const { index } = entry.header;
      return place < ours
        ? { status: 'accepted', index }
        : { status: 'rejected', index, ...refused };
    });
  }

  return {
    url,
    async submit(batch) {
      const blocks = decodeBlocks(batch.blocks, batch.count);
      let moved: { readonly code: string; readonly message: string };
      try {
        const outcomes = await send(blocks);
        const refused = outcomes.find(({ status }) => status === 'rejected');
        if (refused === undefined || !HEAD_MOVED.has(refused.code ?? '')) return outcomes;
        moved = { code: 'head-moved', message: refused.message ?? 'another block is there' };
      } catch (error) {
        if (!(error instanceof ClientError) || !HEAD_MOVED.has(error.code)) throw error;
        moved = { code: 'head-moved', message: error.message };
      }
      const there = await countThere(url, namespace, blocks);
      const known = blocks
        .slice(0, there.ours)
        .map((block): SinkOutcome => ({ status: 'duplicate', index: block.entry.header.index }));
      const rest = blocks.slice(there.ours);
      if (rest.length === 0) return known;
      if (there.ours > 0 && there.isHead) return [...known, ...(await send(rest))];
      const refuse = (block: Block): SinkOutcome => ({
        status: 'rejected',
        index: block.entry.header.index,
        ...moved,
      });
      return [...known, ...rest.map(refuse)];
    },
  };
}

/** How many of these consecutive blocks the node has, and whether nothing comes after them. */
async function countThere(
  url: string,
  namespace: NamespaceId,
  blocks: readonly Block[],
): Promise<{ ours: number; isHead: boolean }> {
  const from = blocks[0]?.entry.header.index ?? 0;
  const path = `/chains/${namespace}/blocks?from=${from}&count=${blocks.length + 1}`;
  const listed = await fetchJson<readonly { readonly hash: string }[]>(url, path);
  let ours = 0;
  for (const block of blocks) {
    if (listed[ours]?.hash !== toHex(nameOf(block))) break;
    ours++;
  }
  return { ours, isHead: listed.length === ours };
}

function nameOf(block: Block): BlockHash {
  return blockHash(block.entry, block.payload);
}

function decodeBlocks(bytes: Uint8Array, count: number): Block[] {
  const blocks: Block[] = [];
  for (let offset = 0; blocks.length < count; ) {
    const { block, end } = decodeBlockPrefix(bytes, offset);
    blocks.push(block);
    offset = end;
  }
  return blocks;
}
