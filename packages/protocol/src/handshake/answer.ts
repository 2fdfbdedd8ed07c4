import { equalBytes } from '../bytes.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { SESSION_MS_MAX, SESSION_TOKEN_BYTES } from '../limits.ts';
import { type PublicKey, readPublicKey, writePublicKey } from '../namespace/public-key.ts';
import type { CryptoProvider, Signer } from '../suite.ts';
import { isPlainAlgorithm } from '../suites/algorithms.ts';
import { negotiate } from './negotiate.ts';
import { appendSignature, checkFormat, checkSignature, type SignedOffer } from './offer.ts';
import { type Preferences, readPreferences, writePreferences } from './preferences.ts';

const FORMAT = 1;
const TAG = 'basalt/handshake/answer/v1\n';

/** What the asked side says; its signature covers both offers and what follows from them. */
export interface HandshakeAnswer {
  /** Hash of the offer as it arrived: the asking side sees whether it is the one it sent. */
  readonly offerHash: Uint8Array;
  readonly key: PublicKey;
  readonly preferences: Preferences;
  readonly negotiated: Preferences;
  /** 32 random bytes. Names the session in later requests; authorises nothing. */
  readonly token: Uint8Array;
  readonly createdMs: number;
  readonly expiresMs: number;
}

/**
 * u8 format 1, offer hash (32), token (32), i64 created, i64 expires, public key, own preferences,
 * negotiated preferences; then u16 length and signature over the ASCII tag
 * `basalt/handshake/answer/v1\n` and everything before.
 *
 * @throws ProtocolError `no-common-capability`, `malformed` for a field out of range
 */
export function signAnswer(
  parts: Omit<HandshakeAnswer, 'key' | 'offerHash' | 'negotiated'>,
  offer: SignedOffer,
  signer: Signer,
): { readonly bytes: Uint8Array; readonly answer: HandshakeAnswer } {
  const { token, createdMs, expiresMs, preferences } = parts;
  if (token.length !== SESSION_TOKEN_BYTES) {
    throw new ProtocolError('malformed', 'expected a token of 32 bytes', { found: token.length });
  }
  const { algorithm, publicKey } = signer;
  if (!isPlainAlgorithm(algorithm)) {
    throw new ProtocolError('unknown-algorithm', 'expected a plain signature algorithm');
  }
  const key = { algorithm, publicKey };
  const negotiated = negotiate(offer.offer.preferences, preferences);
  const writer = new ByteWriter().u8(FORMAT).bytes(offer.hash).bytes(token);
  writer.i64(createdMs).i64(expiresMs);
  writePublicKey(writer, key);
  writePreferences(writer, preferences);
  writePreferences(writer, negotiated);
  const bytes = appendSignature(writer.done(), TAG, signer);
  return { bytes, answer: { ...parts, key, negotiated, offerHash: offer.hash } };
}

/**
 * Exactly one answer to this offer. Whoever altered, stripped or exchanged either offer on its way
 * cannot have the signature over both; and a server that signs a result which does not follow from
 * the two offers is found out by computing it.
 *
 * @throws ProtocolError `malformed`, `unknown-algorithm`; `invalid-handshake` (signature, times);
 *   `handshake-downgrade` (the server saw another offer, or its result is not the common one)
 */
export function openAnswer(
  bytes: Uint8Array,
  offer: SignedOffer,
  provider: Pick<CryptoProvider, 'suite'>,
): HandshakeAnswer {
  const reader = new ByteReader(bytes, 'a handshake answer');
  checkFormat(reader.u8());
  const offerHash = reader.bytes(32);
  const token = reader.bytes(SESSION_TOKEN_BYTES);
  const createdMs = reader.i64();
  const expiresMs = reader.i64();
  const key = readPublicKey(reader);
  const preferences = readPreferences(reader);
  const negotiated = readPreferences(reader);
  checkSignature({ bytes, reader, tag: TAG, key }, provider);
  if (!equalBytes(offerHash, offer.hash)) {
    throw downgrade('the server signed for another offer than the one that was sent');
  }
  if (!samePreferences(negotiated, negotiate(offer.offer.preferences, preferences))) {
    throw downgrade('the negotiated result does not follow from the two offers');
  }
  if (expiresMs <= createdMs || expiresMs - createdMs > SESSION_MS_MAX) {
    throw new ProtocolError('invalid-handshake', 'expected a session of at most a day', {
      lifetimeMs: expiresMs - createdMs,
    });
  }
  return { offerHash, key, preferences, negotiated, token, createdMs, expiresMs };
}

/** One value has one encoding. */
function samePreferences(a: Preferences, b: Preferences): boolean {
  const encode = (preferences: Preferences): Uint8Array => {
    const writer = new ByteWriter();
    writePreferences(writer, preferences);
    return writer.done();
  };
  return equalBytes(encode(a), encode(b));
}

function downgrade(message: string): ProtocolError {
  return new ProtocolError('handshake-downgrade', message);
}
