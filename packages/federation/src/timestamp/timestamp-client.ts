import { type Clock, fromBase64, type Random, sha256 } from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import type { PeerTransport, TransportReply } from '../peer/transport.ts';
import { TimestampError } from './errors.ts';
import { TIMESTAMP_NONCE_BYTES, TIMESTAMP_SKEW_MS, TOKEN_BYTES_MAX } from './limits.ts';
import { createTimestampRequest, readTimestampResponse } from './timestamp-request.ts';
import { type VerifiedTimestamp, verifyTimestampToken } from './timestamp-token.ts';

export interface TimestampClientConfig {
  /** Address of the authority, with its path and query. */
  readonly url: string;
  /** Certificates that are believed, DER; see {@link parseCertificates}. */
  readonly trusted: readonly Uint8Array[];
}

export interface TimestampClientComponents {
  readonly transport: PeerTransport;
  readonly clock: Clock;
  readonly random: Random;
}

/** A token that was checked before it was given out. */
export interface Timestamp extends VerifiedTimestamp {
  /** DER. */
  readonly token: Uint8Array;
}

/** Asks one time-stamping authority over HTTP (RFC 3161 section 3.4). */
export interface TimestampClient {
  /** @throws TimestampError */
  stamp(message: Uint8Array): Promise<Timestamp>;
}

export function createTimestampClient(
  config: TimestampClientConfig,
  components: TimestampClientComponents,
): TimestampClient {
  const { origin, pathname, search } = new URL(config.url);
  const { transport, clock, random } = components;
  return {
    async stamp(message) {
      const nonce = random.bytes(TIMESTAMP_NONCE_BYTES);
      const body = await createTimestampRequest(sha256(message), nonce);
      const reply = await ask(transport, origin, pathname + search, body);
      const token = await readTimestampResponse(reply.body);
      const nowMs = clock.nowMs();
      const { trusted } = config;
      const stamp = await verifyTimestampToken(token, {
        message,
        nonce,
        trusted,
        validAtMs: nowMs,
      });
      const skewMs = stamp.timeMs - nowMs;
      if (Math.abs(skewMs) > TIMESTAMP_SKEW_MS) {
        const seconds = Math.round(skewMs / 1000);
        throw new TimestampError('clock-skew', `the stamp is ${seconds} s from this clock`);
      }
      return { ...stamp, token };
    },
  };
}

/** DER of the certificates in a PEM text. */
export function parseCertificates(pem: string): Uint8Array[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g);
  return Array.from(blocks, ([, text = '']) => fromBase64(text.replaceAll(/\s/g, '')));
}

async function ask(
  transport: PeerTransport,
  url: string,
  target: string,
  body: Uint8Array,
): Promise<TransportReply> {
  let reply: TransportReply;
  try {
    reply = await transport({
      url,
      method: 'POST',
      target,
      fields: {
        'content-type': 'application/timestamp-query',
        accept: 'application/timestamp-reply',
      },
      body,
      bytesMax: TOKEN_BYTES_MAX,
    });
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    throw new TimestampError('unreachable', error.message, { cause: error });
  }
  if (reply.status !== 200) {
    throw new TimestampError('unreachable', `the authority answered ${reply.status}`);
  }
  if (reply.isCut) throw new TimestampError('malformed', 'expected a shorter answer');
  return reply;
}
