import type { BlockHeader } from '../block/header.ts';
import type { Hash32 } from '../brands.ts';
import { equalBytes, fromUtf8, utf8 } from '../bytes.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { NOTE_BYTES_MAX } from '../limits.ts';
import { type Checkpoint, parseCheckpoint } from '../note/checkpoint.ts';
import {
  formatSignatureLine,
  type NoteSignature,
  parseSignatureLines,
  type SignedNote,
} from '../note/signed-note.ts';
import type { HashFunction } from '../suite.ts';
import { sha256 } from '../tree/hash.ts';

/** A BLS aggregate with the bit set of a committee, or an RFC 3161 token with its certificates. */
const ATTACHMENT_BYTES_MAX = 64 * 1024;

const FORMAT = 1;

/**
 * Payload of type 0x00FF: a checkpoint kept in the chain that it covers. The block with index N
 * commits to the tree of the N blocks before it, so it never covers itself.
 */
export interface CheckpointPayload {
  /** Three lines, as signed. */
  readonly noteText: string;
  /** Signature lines over the text, the log's and the cosigners'; may be empty. */
  readonly signatures: readonly NoteSignature[];
  /** Aggregate signature of a committee, up to 64 KiB; what it means is for the shard to say. */
  readonly aggregate: Uint8Array | undefined;
  /** Payloads below this index may be pruned. */
  readonly pruningBoundary: number;
  /** Blocks that the checkpoint covers: its size. */
  readonly blockCount: number;
  /** RFC 3161 token, DER, up to 64 KiB; its imprint is {@link checkpointImprint}. Opaque here. */
  readonly timestampToken: Uint8Array | undefined;
}

/**
 * u8 format 1, u64 pruning boundary, u64 block count, then u32 length and bytes each: note text,
 * signature lines, aggregate, token. Length 0 means none.
 *
 * @throws ProtocolError `malformed`, `invalid-note`
 */
export function encodeCheckpointPayload(payload: CheckpointPayload): Uint8Array {
  checkPayloadFields(payload);
  const lines = payload.signatures.map(formatSignatureLine).join('');
  const writer = new ByteWriter().u8(FORMAT).u64(payload.pruningBoundary).u64(payload.blockCount);
  const none = new Uint8Array(0);
  const { aggregate = none, timestampToken = none } = payload;
  for (const part of [utf8(payload.noteText), utf8(lines), aggregate, timestampToken]) {
    writer.u32(part.length).bytes(part);
  }
  return writer.done();
}

/** @throws ProtocolError `malformed`, `invalid-note` */
export function decodeCheckpointPayload(bytes: Uint8Array): CheckpointPayload {
  const reader = new ByteReader(bytes, 'a checkpoint payload');
  if (reader.u8() !== FORMAT) {
    throw new ProtocolError('malformed', 'expected a checkpoint payload of format 1');
  }
  const pruningBoundary = reader.u64();
  const blockCount = reader.u64();
  const noteText = fromUtf8(readPart(reader, NOTE_BYTES_MAX));
  const lines = fromUtf8(readPart(reader, NOTE_BYTES_MAX));
  const aggregate = optional(readPart(reader, ATTACHMENT_BYTES_MAX));
  const timestampToken = optional(readPart(reader, ATTACHMENT_BYTES_MAX));
  reader.end();
  const signatures = lines === '' ? [] : parseSignatureLines(lines);
  const payload = {
    noteText,
    signatures,
    aggregate,
    pruningBoundary,
    blockCount,
    timestampToken,
  };
  checkPayloadFields(payload);
  return payload;
}

/**
 * Checks a checkpoint payload against its block and the tree before it. Signatures are for
 * `openCheckpoint` or `openByPolicy` with {@link checkpointPayloadNote}.
 *
 * @param root 32-byte root of the tree of the first `header.index` blocks
 * @throws ProtocolError `inconsistent-checkpoint` when size or root are not those of the tree
 */
export function checkCheckpointPayload(
  payload: CheckpointPayload,
  header: Pick<BlockHeader, 'index'>,
  root: Hash32,
): Checkpoint {
  const checkpoint = parseCheckpoint(payload.noteText);
  if (checkpoint.size !== header.index) {
    throw new ProtocolError('inconsistent-checkpoint', 'expected the tree before this block', {
      expected: header.index,
      found: checkpoint.size,
    });
  }
  if (!equalBytes(checkpoint.root, root)) {
    throw new ProtocolError('inconsistent-checkpoint', 'expected the root of the chain so far', {
      size: checkpoint.size,
    });
  }
  return checkpoint;
}

/** The note, for checking its signatures; undefined where there are none. */
export function checkpointPayloadNote(payload: CheckpointPayload): SignedNote | undefined {
  const { noteText, signatures } = payload;
  return signatures.length === 0 ? undefined : { text: noteText, signatures };
}

/** What a time-stamping authority signs: SHA-256 of the note text. */
export function checkpointImprint(payload: CheckpointPayload, hash: HashFunction = sha256): Hash32 {
  return hash(utf8(payload.noteText)) as Hash32;
}

function checkPayloadFields(payload: CheckpointPayload): void {
  const { size } = parseCheckpoint(payload.noteText);
  const { pruningBoundary, blockCount, aggregate, timestampToken } = payload;
  if (blockCount !== size) refuse('expected the block count to be the size of the checkpoint');
  if (!Number.isSafeInteger(pruningBoundary) || pruningBoundary < 0 || pruningBoundary > size) {
    refuse('expected a pruning boundary from 0 to the size of the checkpoint');
  }
  for (const part of [aggregate, timestampToken]) {
    if (part !== undefined && (part.length === 0 || part.length > ATTACHMENT_BYTES_MAX)) {
      refuse('expected attachments of 1 byte to 64 KiB');
    }
  }
}

function readPart(reader: ByteReader, bytesMax: number): Uint8Array {
  const length = reader.u32();
  if (length > bytesMax) refuse(`expected a part of at most ${bytesMax} bytes`);
  return reader.bytes(length);
}

function optional(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.length === 0 ? undefined : bytes;
}

function refuse(message: string): never {
  throw new ProtocolError('malformed', message);
}
