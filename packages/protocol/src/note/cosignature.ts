import { concatBytes, dataView, readU64, utf8, writeU64 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { isCount } from '../tree/nodes.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';

/** `subtree/v1`, newline, NUL (c2sp.org/tlog-cosignature, ML-DSA-44 signed message). */
const SUBTREE_LABEL = 'subtree/v1\n\0';

/** Origin and cosigner name are vectors of at most 2^8 - 1 bytes. */
const NAME_BYTES_MAX = 255;

/** Bytes of the time in front of the signature proper. */
const TIME_BYTES = 8;

/** A cosignature taken apart: u64 seconds since the Unix epoch, then the signature. */
export interface TimestampedSignature {
  readonly timeSeconds: number;
  /** 64 bytes of Ed25519 or 2,420 of ML-DSA-44. */
  readonly signature: Uint8Array;
}

/** `timestamped_signature` of c2sp.org/tlog-cosignature. */
export function encodeTimestampedSignature(value: TimestampedSignature): Uint8Array {
  checkTime(value.timeSeconds);
  const time = new Uint8Array(TIME_BYTES);
  writeU64(dataView(time), 0, value.timeSeconds);
  return concatBytes(time, value.signature);
}

/**
 * @throws ProtocolError `invalid-note` when there is no signature, `malformed` from 2^53 seconds
 */
export function decodeTimestampedSignature(bytes: Uint8Array): TimestampedSignature {
  if (bytes.length <= TIME_BYTES) refuse('expected a time and a signature');
  return { timeSeconds: readU64(dataView(bytes), 0), signature: bytes.subarray(TIME_BYTES) };
}

/** What an Ed25519 cosigner signs: two lines in front of the whole note text. */
export function ed25519CosignatureMessage(text: string, timeSeconds: number): Uint8Array {
  checkTime(timeSeconds);
  return utf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`);
}

/**
 * What an ML-DSA-44 cosigner signs: `cosigned_message` for the tree from leaf 0. It holds the
 * checkpoint's origin, size and root and nothing else of its text.
 *
 * @throws ProtocolError `invalid-note` when the text is no checkpoint or a name is too long
 */
export function mlDsa44CosignatureMessage(
  text: string,
  timeSeconds: number,
  cosignerName: string,
): Uint8Array {
  const checkpoint = parseCheckpoint(text);
  return subtreeMessage(cosignerName, timeSeconds, checkpoint);
}

function subtreeMessage(name: string, timeSeconds: number, checkpoint: Checkpoint): Uint8Array {
  checkTime(timeSeconds);
  const numbers = new Uint8Array(24);
  const view = dataView(numbers);
  writeU64(view, 0, timeSeconds);
  writeU64(view, 8, 0);
  writeU64(view, 16, checkpoint.size);
  return concatBytes(
    utf8(SUBTREE_LABEL),
    shortVector(name),
    numbers.subarray(0, 8),
    shortVector(checkpoint.origin),
    numbers.subarray(8),
    checkpoint.root,
  );
}

function shortVector(text: string): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length === 0 || bytes.length > NAME_BYTES_MAX) {
    refuse('expected names of 1 to 255 bytes for an ML-DSA-44 cosignature');
  }
  return concatBytes(Uint8Array.of(bytes.length), bytes);
}

function checkTime(timeSeconds: number): void {
  if (!isCount(timeSeconds)) refuse('expected a time in whole seconds since the Unix epoch');
}

function refuse(message: string): never {
  throw new ProtocolError('invalid-note', message);
}
