import { decodeEntry, type Entry } from '../block/entry.ts';
import { blockHash, type PayloadHashes } from '../block/hash.ts';
import type { BlockHeader } from '../block/header.ts';
import type { BlockHash, Hash32, NamespaceId } from '../brands.ts';
import { equalBytes } from '../bytes.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { ENTRY_BYTES_MAX, PROOF_HASHES_MAX } from '../limits.ts';
import { namespaceBytes, namespaceId } from '../namespace/id.ts';
import { nobleHashes } from '../suites/noble-hashes.ts';
import {
  decodeSuperInclusion,
  encodeSuperInclusion,
  type SuperInclusion,
  type SuperStatement,
  verifySuperInclusion,
} from '../super/super-inclusion.ts';
import { HASH_BYTES, leafHash } from '../tree/hash.ts';
import { verifyInclusion } from '../tree/verify.ts';

const FORMAT = 1;

/**
 * Payload of type 0x0005: a block of one namespace points at a block of another and brings the
 * proof that it was there: entry in its namespace's tree, that tree's head in the super-tree, the
 * super-root in the super-log. No signature travels: the reader trusts a head of the super-log that
 * it holds (a landmark or a checkpoint).
 */
export interface CrossReference {
  /** The referring namespace: that of the block with this payload. */
  readonly sourceNamespace: NamespaceId;
  /** Block of the source that refers: any before this one, usually the head it is built on. */
  readonly sourceBlock: BlockHash;
  readonly targetNamespace: NamespaceId;
  readonly targetBlock: BlockHash;
  /** When the reference was made, milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  /** Tree leaf data of the target block. */
  readonly targetEntry: Entry;
  /** Inclusion proof of the entry in the target's tree, whose head the super-tree names. */
  readonly proof: readonly Uint8Array[];
  readonly superInclusion: SuperInclusion;
}

/** A head of the super-log that the verifier trusts. */
export interface SuperLogHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * u8 format 1, source namespace (16) and block (32), target namespace (16) and block (32), i64
 * timestamp, u16 length and entry, u8 number of hashes and the hashes, u32 length and
 * super-inclusion.
 *
 * @throws ProtocolError `malformed` on too long a proof
 */
export function encodeCrossReference(reference: CrossReference): Uint8Array {
  const { targetEntry, proof } = reference;
  if (proof.length > PROOF_HASHES_MAX) {
    throw new ProtocolError('malformed', 'expected at most 63 hashes', { found: proof.length });
  }
  const writer = new ByteWriter().u8(FORMAT);
  writer.bytes(namespaceBytes(reference.sourceNamespace)).bytes(reference.sourceBlock);
  writer.bytes(namespaceBytes(reference.targetNamespace)).bytes(reference.targetBlock);
  writer.i64(reference.timestampMs).u16(targetEntry.bytes.length).bytes(targetEntry.bytes);
  writer.u8(proof.length);
  for (const one of proof) writer.bytes(one);
  const superInclusion = encodeSuperInclusion(reference.superInclusion);
  return writer.u32(superInclusion.length).bytes(superInclusion).done();
}

/** @throws ProtocolError `malformed` and the codes of `decodeEntry` */
export function decodeCrossReference(bytes: Uint8Array): CrossReference {
  const reader = new ByteReader(bytes, 'a cross-reference');
  if (reader.u8() !== FORMAT) {
    throw new ProtocolError('malformed', 'expected a cross-reference of format 1');
  }
  const sourceNamespace = namespaceId(reader.bytes(16));
  const sourceBlock = reader.bytes(HASH_BYTES) as BlockHash;
  const targetNamespace = namespaceId(reader.bytes(16));
  const targetBlock = reader.bytes(HASH_BYTES) as BlockHash;
  const timestampMs = reader.i64();
  const entryLength = reader.u16();
  if (entryLength > ENTRY_BYTES_MAX) {
    throw new ProtocolError('malformed', 'expected a shorter entry', { entryLength });
  }
  const targetEntry = decodeEntry(reader.bytes(entryLength));
  const count = reader.u8();
  if (count > PROOF_HASHES_MAX) {
    throw new ProtocolError('malformed', 'expected at most 63 hashes', { found: count });
  }
  const proof = Array.from({ length: count }, () => reader.bytes(HASH_BYTES) as Hash32);
  const superInclusion = decodeSuperInclusion(reader.bytes(reader.u32()));
  reader.end();
  return {
    sourceNamespace,
    sourceBlock,
    targetNamespace,
    targetBlock,
    timestampMs,
    targetEntry,
    proof,
    superInclusion,
  };
}

/**
 * Checks a reference as part of the block that carries it. Nothing in it may be newer than that
 * block: neither the reference, nor the target, nor the super-root that vouches for it.
 *
 * @param head the landmark or checkpoint of the super-log that `superInclusion` leads to
 * @param options.targetPayload needed for a target of version 1, whose hash covers the payload
 * @param options.superIndexMax newest block of the super-log that the referring block may know: the
 *   one of its own epoch; without it the timestamps alone decide
 * @throws ProtocolError `invalid-reference` (wrong source, target or time), `invalid-proof`
 */
export function verifyCrossReference(
  reference: CrossReference,
  header: Pick<BlockHeader, 'namespace' | 'timestampMs'>,
  head: SuperLogHead,
  hashes: PayloadHashes = nobleHashes,
  options: { readonly targetPayload?: Uint8Array; readonly superIndexMax?: number } = {},
): SuperStatement {
  checkEnds(reference, header, hashes, options.targetPayload);
  const { targetNamespace, targetEntry, superInclusion, proof } = reference;
  const statement = verifySuperInclusion(superInclusion, targetNamespace, head, hashes);
  const { superRoot, superIndex, value } = statement;
  requireNotAfter(superRoot.timestampMs, reference.timestampMs, 'the super-root');
  if (options.superIndexMax !== undefined && superIndex > options.superIndexMax) {
    refuse('expected a super-root not newer than the epoch of the referring block', {
      superIndex,
      max: options.superIndexMax,
    });
  }
  if (value === undefined) refuse('expected the target namespace in the super-tree', {});
  verifyInclusion(
    {
      leafHash: leafHash(targetEntry.bytes, hashes.sha256),
      index: targetEntry.header.index,
      size: value.size,
      root: value.root,
      proof,
    },
    hashes.sha256,
  );
  return statement;
}

function checkEnds(
  reference: CrossReference,
  header: Pick<BlockHeader, 'namespace' | 'timestampMs'>,
  hashes: Pick<PayloadHashes, 'sha256'>,
  targetPayload: Uint8Array | undefined,
): void {
  const { sourceNamespace, targetNamespace, targetEntry, timestampMs } = reference;
  if (sourceNamespace !== header.namespace) {
    refuse('expected the namespace of the block as source', { found: sourceNamespace });
  }
  if (sourceNamespace === targetNamespace) refuse('expected another namespace as target', {});
  const target = targetEntry.header;
  if (target.namespace !== targetNamespace) {
    refuse('expected an entry of the target namespace', { found: target.namespace });
  }
  if (target.version === 1 && targetPayload === undefined) {
    refuse('expected the payload of a target of version 1', {});
  }
  const hash = blockHash(targetEntry, targetPayload, hashes.sha256);
  if (!equalBytes(hash, reference.targetBlock))
    refuse('expected the entry of the target block', {});
  requireNotAfter(timestampMs, header.timestampMs, 'the reference');
  requireNotAfter(target.timestampMs, timestampMs, 'the target');
}

function requireNotAfter(earlierMs: number, laterMs: number, what: string): void {
  if (earlierMs <= laterMs) return;
  refuse(`expected ${what} not to be in the future`, { found: earlierMs, latest: laterMs });
}

function refuse(message: string, metadata: Record<string, string | number>): never {
  throw new ProtocolError('invalid-reference', message, metadata);
}
