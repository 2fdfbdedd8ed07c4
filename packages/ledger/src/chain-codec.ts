import {
  type BlockHash,
  concatBytes,
  dataView,
  decodeKeyState,
  encodeKeyState,
  type NamespaceId,
  ProtocolError,
  readU64,
  writeU64,
} from '@basalt/protocol';
import type { ChainState, Frozen } from './chain-state.ts';

/**
 * Chain state as the store keeps it beside the head:
 * u8 format, u64 head timestamp, u64 total bytes, u32 + genesis payload, u32 + key state,
 * u32 count + u64 indexes of key blocks. Size and head hash are the store's own fields; the frozen
 * mark is a record of its own, because it changes without an append.
 */
const FORMAT = 1;
const FIXED_BYTES = 1 + 8 + 8 + 4 + 4 + 4;

export function encodeChainState(chain: ChainState): Uint8Array {
  const keys = chain.keys === undefined ? new Uint8Array(0) : encodeKeyState(chain.keys);
  const bytes = new Uint8Array(
    FIXED_BYTES + chain.genesis.length + keys.length + 8 * chain.keyBlocks.length,
  );
  const view = dataView(bytes);
  view.setUint8(0, FORMAT);
  writeU64(view, 1, chain.tip?.timestampMs ?? 0);
  writeU64(view, 9, chain.totalSizeBytes);
  view.setUint32(17, chain.genesis.length);
  bytes.set(chain.genesis, 21);
  let offset = 21 + chain.genesis.length;
  view.setUint32(offset, keys.length);
  bytes.set(keys, offset + 4);
  offset += 4 + keys.length;
  view.setUint32(offset, chain.keyBlocks.length);
  for (const index of chain.keyBlocks) {
    writeU64(view, offset + 4, index);
    offset += 8;
  }
  return bytes;
}

/** @throws ProtocolError `malformed` */
export function decodeChainState(
  namespace: NamespaceId,
  size: number,
  headHash: BlockHash,
  bytes: Uint8Array,
): ChainState {
  if (bytes.length < FIXED_BYTES || bytes[0] !== FORMAT) {
    throw new ProtocolError('malformed', `expected chain state of format ${FORMAT}`, { namespace });
  }
  const view = dataView(bytes);
  const timestampMs = readU64(view, 1);
  const totalSizeBytes = readU64(view, 9);
  const genesisEnd = 21 + view.getUint32(17);
  const genesis = bytes.slice(21, genesisEnd);
  const keysEnd = genesisEnd + 4 + view.getUint32(genesisEnd);
  const keys = decodeKeyState(bytes.slice(genesisEnd + 4, keysEnd));
  const count = view.getUint32(keysEnd);
  const keyBlocks = Array.from({ length: count }, (_, i) => readU64(view, keysEnd + 4 + 8 * i));
  const tip = { size, headHash, timestampMs };
  return { namespace, genesis, tip, keys, keyBlocks, totalSizeBytes, frozen: undefined };
}

/** Names of the ledger's own records in the store; the namespace id is text. */
export const recordName = {
  checkpoint: (namespace: NamespaceId): string => `checkpoint/${namespace}`,
  frozen: (namespace: NamespaceId): string => `frozen/${namespace}`,
  forks: (namespace: NamespaceId): string => `fork/${namespace}/`,
  fork: (namespace: NamespaceId, hash: string): string => `fork/${namespace}/${hash}`,
  size: (namespace: NamespaceId, size: number): string => `size/${namespace}/${size}`,
  /** Manifest of a snapshot that is not here whole yet. */
  snapshot: (namespace: NamespaceId): string => `snapshot/${namespace}`,
  superValue: (namespace: NamespaceId): string => `super/value/${namespace}`,
  superValues: 'super/value/',
  superNamespace: 'super/namespace',
  /** Archives that have to hold payloads before they may go, one a line. */
  archives: 'retention/archives',
} as const;

/** The frozen mark: u64 index, hash of the block that this log holds there. */
export function encodeFrozen(frozen: Frozen): Uint8Array {
  return concatBytes(encodeIndex(frozen.index), frozen.branch);
}

export function decodeFrozen(bytes: Uint8Array): Frozen {
  return { index: decodeIndex(bytes), branch: bytes.slice(8) as BlockHash };
}

export function encodeIndex(index: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(dataView(bytes), 0, index);
  return bytes;
}

export function decodeIndex(bytes: Uint8Array): number {
  return readU64(dataView(bytes), 0);
}
