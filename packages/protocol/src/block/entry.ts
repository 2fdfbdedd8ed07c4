import { allocateBytes, dataView } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { HEADER_BYTES, SIGNATURE_BYTES_MAX } from '../limits.ts';
import { type BlockHeader, decodeHeaderAt } from './header.ts';
import { decodeV1EnvelopeAt, isV1Version } from './v1.ts';

/**
 * Leaf data of the log: for version 2 header (144), u16 signature length, signature; for version 1
 * the 186-byte envelope as it came. All byte fields are views of one buffer.
 */
export interface Entry {
  /** The whole entry. */
  readonly bytes: Uint8Array;
  readonly header: BlockHeader;
  /** 144 bytes; 86 in version 1. */
  readonly headerBytes: Uint8Array;
  readonly signature: Uint8Array;
  /** 32 bytes; only version 1 carries its key. */
  readonly publicKey?: Uint8Array;
}

/** An entry read from a stream, and the offset of the byte after it. */
export interface EntryPrefix {
  readonly entry: Entry;
  readonly end: number;
}

const LENGTH_BYTES = 2;

/**
 * Version 2 entry from its 144-byte header and a signature of at most 8 KiB.
 * @throws ProtocolError `malformed`
 */
export function encodeEntry(headerBytes: Uint8Array, signature: Uint8Array): Uint8Array {
  if (headerBytes.length !== HEADER_BYTES) {
    throw new ProtocolError('malformed', 'expected a header of 144 bytes', {
      found: headerBytes.length,
    });
  }
  checkSignatureLength(signature.length);
  const bytes = allocateBytes(HEADER_BYTES + LENGTH_BYTES + signature.length);
  bytes.set(headerBytes);
  bytes[HEADER_BYTES] = signature.length >>> 8;
  bytes[HEADER_BYTES + 1] = signature.length & 0xff;
  bytes.set(signature, HEADER_BYTES + LENGTH_BYTES);
  return bytes;
}

/**
 * Exactly one entry with nothing behind it.
 * @throws ProtocolError `malformed`, `version-mismatch`, `payload-too-large`, `unknown-algorithm`,
 *   `unknown-hash-kind`
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  const { entry, end } = decodeEntryAt(bytes, dataView(bytes), 0);
  if (end !== bytes.length) {
    throw new ProtocolError('malformed', 'expected nothing after the signature', {
      trailing: bytes.length - end,
    });
  }
  return entry;
}

/** The entry that starts at `offset`, for batches of header forms. Codes as in `decodeEntry`. */
export function decodeEntryPrefix(bytes: Uint8Array, offset = 0): EntryPrefix {
  return decodeEntryAt(bytes, dataView(bytes), offset);
}

/** As `decodeEntryPrefix`, with a view of `bytes` that a loop makes once. */
export function decodeEntryAt(bytes: Uint8Array, view: DataView, offset: number): EntryPrefix {
  const available = bytes.length - offset;
  if (!(offset >= 0 && available >= LENGTH_BYTES)) {
    throw new ProtocolError('malformed', 'expected a block, found fewer than two bytes', {
      offset,
    });
  }
  if (isV1Version(view.getUint16(offset))) {
    const entry = decodeV1EnvelopeAt(bytes, view, offset);
    return { entry, end: offset + entry.bytes.length };
  }
  if (available < HEADER_BYTES + LENGTH_BYTES) {
    // Four bytes already tell a stranger from a cut block: the first error should be the true one.
    if (available >= 4 && view.getUint32(offset) !== 0x4f4c0200) {
      throw new ProtocolError('version-mismatch', 'expected a block of version 1.5+ or 2');
    }
    throw new ProtocolError('malformed', 'expected a whole header and signature length', {
      found: available,
      expected: HEADER_BYTES + LENGTH_BYTES,
    });
  }
  const header = decodeHeaderAt(bytes, view, offset);
  const signatureLength = view.getUint16(offset + HEADER_BYTES);
  checkSignatureLength(signatureLength);
  const signatureOffset = offset + HEADER_BYTES + LENGTH_BYTES;
  const end = signatureOffset + signatureLength;
  if (end > bytes.length) {
    throw new ProtocolError('malformed', 'expected a whole signature', {
      found: bytes.length - signatureOffset,
      expected: signatureLength,
    });
  }
  const entry: Entry = {
    bytes: bytes.subarray(offset, end),
    header,
    headerBytes: bytes.subarray(offset, offset + HEADER_BYTES),
    signature: bytes.subarray(signatureOffset, end),
  };
  return { entry, end };
}

function checkSignatureLength(length: number): void {
  if (length > SIGNATURE_BYTES_MAX) {
    throw new ProtocolError('malformed', 'expected a signature of at most 8 KiB', {
      found: length,
      max: SIGNATURE_BYTES_MAX,
    });
  }
}
