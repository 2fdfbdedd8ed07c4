import type { BlockView, InclusionProof, NamespaceInfo } from '@basalt/ledger';
import {
  algorithmName,
  type BlockHash,
  decodeEntry,
  type Entry,
  fromUtf8,
  payloadTypeName,
} from '@basalt/protocol';
import { VIEW_PAYLOAD_BYTES_MAX } from './limits.ts';

/** JSON views for people; bytes are still bytes here and become hex when they are written. */

export function headerView(entry: Entry, hash: BlockHash): Record<string, unknown> {
  const { header } = entry;
  return {
    namespace: header.namespace,
    index: header.index,
    hash,
    version: header.version,
    timestampMs: header.timestampMs,
    previous: header.previous,
    payloadHash: header.payloadHash,
    payloadType: header.payloadType,
    payloadTypeName: payloadTypeName(header.payloadType),
    payloadLength: header.payloadLength,
    algorithm: header.algorithm,
    algorithmName: algorithmName(header.algorithm),
    payloadHashKind: header.payloadHashKind,
    keyId: header.keyId,
  };
}

export function blockJson(view: BlockView): Record<string, unknown> {
  const entry = decodeEntry(view.entry);
  const base = { ...headerView(entry, view.blockHash), signature: entry.signature };
  // Version 1 headers carry no namespace: the ledger knows where the block lies.
  const placed = { ...base, namespace: view.namespace, index: view.index };
  if (view.payload === undefined) return { ...placed, payloadState: 'pruned' };
  if (view.payload.length > VIEW_PAYLOAD_BYTES_MAX) return { ...placed, payloadState: 'elsewhere' };
  const text = textOf(view.payload);
  return {
    ...placed,
    payloadState: 'here',
    payload: Buffer.from(view.payload).toString('base64'),
    ...(text === undefined ? {} : { payloadText: text }),
  };
}

function textOf(payload: Uint8Array): string | undefined {
  if (payload.length === 0) return undefined;
  try {
    return fromUtf8(payload);
  } catch {
    return undefined;
  }
}

export function namespaceView(info: NamespaceInfo): Record<string, unknown> {
  return {
    namespace: info.namespace,
    label: info.label,
    strategy: info.strategy,
    size: info.size,
    headHash: info.headHash,
    timestampMs: info.timestampMs,
    root: info.root,
    checkpointSize: info.checkpointSize,
    payloadsFrom: info.payloadsFrom,
    beginsAt: info.beginsAt === 0 ? undefined : info.beginsAt,
    frozenAt: info.frozenAt,
  };
}

export function proofView(proof: InclusionProof): Record<string, unknown> {
  const { namespace, index, size, root, leafHash, hashes, checkpoint } = proof;
  return { namespace, index, size, root, leafHash, hashes, checkpoint };
}
