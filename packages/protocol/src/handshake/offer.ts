import { concatBytes, utf8 } from '../bytes.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { SIGNATURE_BYTES_MAX } from '../limits.ts';
import { type PublicKey, readPublicKey, writePublicKey } from '../namespace/public-key.ts';
import type { CryptoProvider, HashFunction, Signer } from '../suite.ts';
import { isPlainAlgorithm } from '../suites/algorithms.ts';
import { type Preferences, readPreferences, writePreferences } from './preferences.ts';

const FORMAT = 1;
const TAG = 'basalt/handshake/offer/v1\n';
const HASH_TAG = 'basalt/handshake/offer-hash/v1\n';

/** What the asking side says in a handshake, signed with a key of its own. */
export interface HandshakeOffer {
  /** 32 random bytes: an answer to another offer is no answer to this one. */
  readonly nonce: Uint8Array;
  readonly timestampMs: number;
  /** Of the asking side; may be made for this one handshake. */
  readonly key: PublicKey;
  readonly preferences: Preferences;
}

/** An offer as sent, with the name under which the other side has to repeat it. */
export interface SignedOffer {
  readonly bytes: Uint8Array;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly offer: HandshakeOffer;
}

/**
 * u8 format 1, nonce (32), i64 timestamp, public key, preferences; then u16 length and signature
 * over the ASCII tag `basalt/handshake/offer/v1\n` and everything before.
 *
 * @throws ProtocolError `malformed` for a field out of range
 */
export function signOffer(
  parts: Omit<HandshakeOffer, 'key'>,
  signer: Signer,
  sha256: HashFunction,
): SignedOffer {
  if (parts.nonce.length !== 32) {
    throw new ProtocolError('malformed', 'expected a nonce of 32 bytes');
  }
  const { algorithm, publicKey } = signer;
  if (!isPlainAlgorithm(algorithm)) {
    throw new ProtocolError('unknown-algorithm', 'expected a plain signature algorithm');
  }
  const key = { algorithm, publicKey };
  const writer = new ByteWriter().u8(FORMAT).bytes(parts.nonce).i64(parts.timestampMs);
  writePublicKey(writer, key);
  writePreferences(writer, parts.preferences);
  const bytes = appendSignature(writer.done(), TAG, signer);
  return { bytes, hash: offerHash(bytes, sha256), offer: { ...parts, key } };
}

/**
 * Exactly one offer whose signature holds.
 *
 * @throws ProtocolError `malformed`, `unknown-algorithm`, `invalid-handshake` (the signature)
 */
export function openOffer(bytes: Uint8Array, provider: CryptoProvider): SignedOffer {
  const reader = new ByteReader(bytes, 'a handshake offer');
  checkFormat(reader.u8());
  const nonce = reader.bytes(32);
  const timestampMs = reader.i64();
  const key = readPublicKey(reader);
  const preferences = readPreferences(reader);
  checkSignature({ bytes, reader, tag: TAG, key }, provider);
  const offer = { nonce, timestampMs, key, preferences };
  return { bytes, hash: offerHash(bytes, provider.sha256), offer };
}

function offerHash(bytes: Uint8Array, sha256: HashFunction): Uint8Array {
  return sha256(concatBytes(utf8(HASH_TAG), bytes));
}

/** @throws ProtocolError `malformed` */
export function checkFormat(format: number): void {
  if (format === FORMAT) return;
  throw new ProtocolError('malformed', 'expected a handshake of format 1', { found: format });
}

/** The bytes, then u16 length and signature over tag and bytes. */
export function appendSignature(bytes: Uint8Array, tag: string, signer: Signer): Uint8Array {
  const signature = signer.sign(concatBytes(utf8(tag), bytes));
  return new ByteWriter().bytes(bytes).u16(signature.length).bytes(signature).done();
}

/** Reads what `appendSignature` wrote. @throws ProtocolError `malformed`, `invalid-handshake` */
export function checkSignature(
  signed: {
    readonly bytes: Uint8Array;
    readonly reader: ByteReader;
    readonly tag: string;
    readonly key: PublicKey;
  },
  provider: Pick<CryptoProvider, 'suite'>,
): void {
  const { bytes, reader, tag, key } = signed;
  const message = concatBytes(utf8(tag), bytes.subarray(0, reader.offset));
  const length = reader.u16();
  if (length > SIGNATURE_BYTES_MAX) {
    throw new ProtocolError('malformed', 'expected a shorter signature', { found: length });
  }
  const signature = reader.bytes(length);
  reader.end();
  if (provider.suite(key.algorithm).verify(signature, message, key.publicKey)) return;
  throw new ProtocolError('invalid-handshake', 'the signature of a handshake does not hold');
}
