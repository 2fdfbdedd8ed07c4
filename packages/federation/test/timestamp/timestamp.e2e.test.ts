import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { sha256, utf8 } from '@basalt/protocol';
import { createFetchTransport } from '../../src/peer/transport.ts';
import { TimestampError, type TimestampErrorCode } from '../../src/timestamp/errors.ts';
import {
  createTimestampClient,
  type TimestampClient,
} from '../../src/timestamp/timestamp-client.ts';
import {
  createTimestampRequest,
  readTimestampResponse,
} from '../../src/timestamp/timestamp-request.ts';
import { verifyTimestampToken } from '../../src/timestamp/timestamp-token.ts';
import { opensslMissing, TestAuthority } from '../support/test-authority.ts';

const skip = opensslMissing;
const message = utf8('log.example/super\n7\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n');
const made: TestAuthority[] = [];
after(async () => {
  for (const authority of made) await authority[Symbol.asyncDispose]();
});

/** Made when the first test asks: certificates take openssl a moment. */
const shared: { authority?: TestAuthority } = {};
function authority(): TestAuthority {
  if (shared.authority === undefined) {
    shared.authority = new TestAuthority();
    made.push(shared.authority);
    for (const name of ['good', 'rsa', 'expired', 'loose', 'many', 'none'] as const) {
      shared.authority.addSigner(name);
    }
  }
  return shared.authority;
}

const scheduler = {
  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

function client(url: string, trusted: Uint8Array[], skewMs = 0): TimestampClient {
  return createTimestampClient(
    { url, trusted },
    {
      transport: createFetchTransport({ fetch: globalThis.fetch, scheduler }),
      clock: { nowMs: () => Date.now() + skewMs },
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
    },
  );
}

const nonce = utf8('a nonce!');

async function token(signer: 'good' | 'rsa' | 'expired' = 'good'): Promise<Uint8Array> {
  const query = await createTimestampRequest(sha256(message), nonce);
  return await readTimestampResponse(authority().reply(query, signer));
}

async function refused(run: Promise<unknown>, code: TimestampErrorCode): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof TimestampError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

test('a stamp over HTTP is checked, and again from the store years later', { skip }, async () => {
  const url = await authority().listen();
  const { trusted } = authority();
  const stamp = await client(url, trusted).stamp(message);
  assert.ok(Math.abs(stamp.timeMs - Date.now()) < 60_000);
  assert.equal(stamp.policy, '1.2.3.4.1');
  const stored = await verifyTimestampToken(stamp.token, { message, trusted });
  assert.equal(stored.timeMs, stamp.timeMs);
  assert.equal(stored.serial, stamp.serial);
  await refused(client(url, trusted, 600_000).stamp(message), 'clock-skew');
  const years = 5 * 365 * 86_400_000;
  await refused(client(url, trusted, years).stamp(message), 'expired-certificate');
});

test('signers with RSA keys', { skip }, async () => {
  const { trusted } = authority();
  const { policy } = await verifyTimestampToken(await token('rsa'), { message, nonce, trusted });
  assert.equal(policy, '1.2.3.4.1');
});

test('another imprint, nonce, root or time is refused', { skip }, async () => {
  const { trusted } = authority();
  const good = await token();
  const check = verifyTimestampToken;
  await refused(check(good, { message: utf8('other'), nonce, trusted }), 'wrong-imprint');
  await refused(check(good, { message, nonce: utf8('another'), trusted }), 'wrong-nonce');
  const other = new TestAuthority();
  made.push(other);
  await refused(check(good, { message, trusted: other.trusted }), 'untrusted-certificate');
  await refused(check(good, { message, trusted: [] }), 'untrusted-certificate');
  const expired = await token('expired');
  await refused(check(expired, { message, trusted }), 'expired-certificate');
});

for (const signer of ['loose', 'many', 'none'] as const) {
  test(`a signer that is not for time stamping alone is refused: ${signer}`, { skip }, async () => {
    const { trusted } = authority();
    const bad = authority().resign(await token(), signer);
    await refused(verifyTimestampToken(bad, { message, trusted }), 'wrong-usage');
    // The same way of signing is taken from a signer with the right certificate.
    const good = authority().resign(await token(), 'good');
    await verifyTimestampToken(good, { message, trusted });
  });
}

test('an authority that answers with another stamp, with an error or too much', {
  skip,
}, async () => {
  const { trusted } = authority();
  const old = authority().reply(await createTimestampRequest(sha256(message), nonce));
  const answers: [TimestampErrorCode, number, Uint8Array][] = [
    ['wrong-nonce', 200, old],
    ['unreachable', 500, old],
    ['malformed', 200, new Uint8Array(100_000)],
    ['malformed', 200, utf8('yes')],
    // PKIStatus 2, rejection.
    ['not-granted', 200, Uint8Array.of(0x30, 5, 0x30, 3, 2, 1, 2)],
  ];
  for (const [code, status, body] of answers) {
    await using liar = new TestAuthority();
    const url = await liar.listen(() => ({ status, body }));
    await refused(client(url, trusted).stamp(message), code);
  }
  await refused(client('http://127.0.0.1:9/', trusted).stamp(message), 'unreachable');
});

test('no changed bit of a token says anything else', { skip }, async () => {
  const { trusted } = authority();
  const good = await token();
  const said = await verifyTimestampToken(good, { message, nonce, trusted });
  let taken = 0;
  for (let at = 0; at < good.length; at += 3) {
    const bytes = good.slice();
    bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
    try {
      assert.deepEqual(await verifyTimestampToken(bytes, { message, nonce, trusted }), said);
      taken++;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      assert.ok(error instanceof TimestampError, `byte ${at}: ${String(error)}`);
    }
  }
  // What is not signed may change: parameters of algorithms, the copy of the trusted certificate.
  assert.ok(taken < good.length / 12, `${taken} changes were not noticed`);
});
