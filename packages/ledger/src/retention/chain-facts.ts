import {
  decodeCheckpointPayload,
  decodeEntry,
  decodeGenesis,
  fromUtf8,
  type NamespaceId,
  PAYLOAD_TYPE,
  ProtocolError,
  parseCheckpoint,
  parseNote,
} from '@basalt/protocol';
import { type LogStore, type NamespaceHead, StoreError } from '@basalt/store';
import { decodeChainState, recordName } from '../chain-codec.ts';
import type { BlockFacts, ChainFacts } from './decide.ts';
import { PAGE_BLOCKS } from './limits.ts';

/** Facts of a namespace as they are stored; undefined for the super-log, whose payloads stay. */
export async function readChainFacts(
  store: LogStore,
  head: NamespaceHead,
  nowMs: number,
): Promise<ChainFacts | undefined> {
  const { namespace, size, headHash } = head;
  if (headHash === undefined || size === 0) return undefined;
  const superId = await store.record(recordName.superNamespace);
  if (superId !== undefined && fromUtf8(superId) === namespace) return undefined;
  const note = await store.record(recordName.checkpoint(namespace));
  const { genesis } = decodeChainState(namespace, size, headHash, head.state);
  return {
    namespace,
    label: genesis.length === 0 ? '' : decodeGenesis(genesis).label,
    size,
    coveredSize: note === undefined ? 0 : parseCheckpoint(parseNote(fromUtf8(note)).text).size,
    confirmedSize: 0,
    isFrozen: (await store.record(recordName.frozen(namespace))) !== undefined,
    nowMs,
  };
}

/** Blocks [from, from + count), fewer at the end, with the bytes of their entries. */
export async function readBlockFacts(
  store: LogStore,
  namespace: NamespaceId,
  from: number,
  count: number,
): Promise<(BlockFacts & { readonly entryBytes: number })[]> {
  const entries = await store.entries(namespace, from, count);
  return entries.map((bytes) => {
    const { index, payloadType, payloadLength, timestampMs } = decodeEntry(bytes).header;
    return { index, payloadType, payloadLength, timestampMs, entryBytes: bytes.length };
  });
}

/**
 * How many blocks the newest checkpoint payload in the chain covers, looked for backwards down to
 * `downTo`; 0 where there is none. One that does not decode, or that tells of more blocks than lie
 * before it, does not count.
 */
export async function findConfirmedSize(
  store: LogStore,
  namespace: NamespaceId,
  size: number,
  downTo: number,
): Promise<number> {
  for (let end = size; end > downTo; end -= PAGE_BLOCKS) {
    const from = Math.max(downTo, end - PAGE_BLOCKS);
    const page = await readBlockFacts(store, namespace, from, end - from);
    for (const { index, payloadType } of page.reverse()) {
      if (payloadType !== PAYLOAD_TYPE.checkpoint) continue;
      const covered = await coveredBy(store, namespace, index);
      if (covered !== undefined && covered <= index) return covered;
    }
  }
  return 0;
}

async function coveredBy(
  store: LogStore,
  namespace: NamespaceId,
  index: number,
): Promise<number | undefined> {
  try {
    const payload = await store.payload(namespace, index);
    return payload === undefined ? undefined : decodeCheckpointPayload(payload).blockCount;
  } catch (error) {
    const isGone = error instanceof StoreError && error.code === 'pruned';
    if (isGone || error instanceof ProtocolError) return undefined;
    throw error;
  }
}
