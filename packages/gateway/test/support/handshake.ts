import {
  type HandshakeAnswer,
  openAnswer,
  type Preferences,
  type SignedOffer,
  type Signer,
  signOffer,
  toHex,
} from '@basalt/protocol';
import { HANDSHAKE_TYPE } from '../../src/media-types.ts';
import { provider, seededSigner } from './ledger.ts';
import { type Answer, post } from './serve.ts';

/** What a client of these tests offers where a test says nothing else. */
export const OFFERED: Preferences = {
  blockVersions: [2],
  algorithms: [1],
  mediaTypes: ['application/json', 'application/x-basalt-blocks', 'application/x-olocus-block'],
  codings: ['gzip', 'zstd'],
  consistency: ['immediate', 'durable'],
  limits: { payloadBytesMax: 4_096, batchBlocksMax: 3, pageRowsMax: 5, questionItemsMax: 2 },
};

let drawn = 0;

export function makeOffer(
  preferences: Partial<Preferences> = {},
  timestampMs: number = Date.now(),
  signer: Signer = seededSigner(77),
): SignedOffer {
  const nonce = new Uint8Array(32);
  new DataView(nonce.buffer).setUint32(0, ++drawn);
  const parts = { nonce, timestampMs, preferences: { ...OFFERED, ...preferences } };
  return signOffer(parts, signer, provider.sha256);
}

export function sendOffer(port: number, bytes: Uint8Array): Promise<Answer> {
  return post(port, '/handshake', HANDSHAKE_TYPE, bytes);
}

/** A whole handshake: the opened answer, and the field that later requests carry. */
export async function shakeHands(
  port: number,
  preferences: Partial<Preferences> = {},
): Promise<{ readonly answer: HandshakeAnswer; readonly field: { 'basalt-session': string } }> {
  const offer = makeOffer(preferences);
  const reply = await sendOffer(port, offer.bytes);
  const answer = openAnswer(reply.body, offer, provider);
  return { answer, field: { 'basalt-session': toHex(answer.token) } };
}
