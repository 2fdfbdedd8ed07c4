import {
  type Block,
  type CryptoProvider,
  decodeBlock,
  type Entry,
  type NamespaceId,
  replayKeyBlocks,
} from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import { decodeIndex, recordName } from '../chain-codec.ts';
import type { ChainState } from '../chain-state.ts';

/**
 * The state of a chain just before its block `first`, from its key blocks alone. What the block
 * before was called and when it was dated is the word of `first`, which the tree holds.
 *
 * @param keyBlocks those below `first`, the genesis first
 * @throws ProtocolError the codes of `replayKeyBlocks`
 */
export function chainBefore(
  first: Entry,
  keyBlocks: readonly Block[],
  totalSizeBytes: number,
  crypto: CryptoProvider,
): ChainState {
  const { namespace, index, previous, timestampMs } = first.header;
  return {
    namespace,
    genesis: keyBlocks[0]?.payload ?? new Uint8Array(0),
    tip: { size: index, headHash: previous, timestampMs },
    keys: replayKeyBlocks(keyBlocks, crypto),
    keyBlocks: keyBlocks.map(({ entry }) => entry.header.index),
    totalSizeBytes,
    frozen: undefined,
  };
}

/** Key blocks that are kept of a namespace, by index; up to `before`. */
export async function readKeyBlocks(
  store: LogStore,
  namespace: NamespaceId,
  before: number = Number.POSITIVE_INFINITY,
): Promise<Map<number, Block>> {
  const blocks = new Map<number, Block>();
  for await (const { value } of store.records(`key/${namespace}/`)) {
    const block = decodeBlock(value);
    const { index } = block.entry.header;
    if (index < before) blocks.set(index, block);
  }
  return blocks;
}

/** Bytes of the blocks below the beginning of a namespace, as its snapshot told. */
export async function readOlderBytes(
  store: LogStore,
  namespace: NamespaceId,
  begin: number,
): Promise<number> {
  const record = await store.record(recordName.size(namespace, begin));
  return record === undefined ? 0 : decodeIndex(record);
}
