import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { ProtocolError } from '@basalt/protocol';
import { createMetricsRegistry } from '@basalt/telemetry';
import { GatewayError } from '../src/errors.ts';
import { HANDSHAKE_SKEW_MS, HANDSHAKES_SEEN_MAX } from '../src/limits.ts';
import { fillOptions } from '../src/options.ts';
import { applySession, countWithinSession } from '../src/session/apply-session.ts';
import { Handshakes } from '../src/session/handshakes.ts';
import { OfferGuard } from '../src/session/offer-guard.ts';
import { nodePreferences } from '../src/session/preferences.ts';
import { SessionTable } from '../src/session/session-table.ts';
import { makeOffer, OFFERED } from './support/handshake.ts';
import { provider, seededSigner } from './support/ledger.ts';

const isCode = (code: string) => (error: unknown) =>
  (error instanceof GatewayError || error instanceof ProtocolError) && error.code === code;

function tokenOf(number: number): Uint8Array {
  const token = new Uint8Array(32);
  new DataView(token.buffer).setUint32(0, number);
  return token;
}

test('sessions are bounded, the quietest goes, and each ends at its time', () => {
  const table = new SessionTable(3);
  const session = { negotiated: OFFERED, expiresMs: 100 };
  for (const number of [1, 2, 3]) table.add(tokenOf(number), session);
  assert.ok(table.find(tokenOf(1), 50));
  table.add(tokenOf(4), session);
  assert.equal(table.size, 3);
  assert.equal(table.find(tokenOf(2), 50), undefined, 'was quiet longest');
  assert.ok(table.find(tokenOf(1), 99));
  assert.equal(table.find(tokenOf(1), 100), undefined, 'is over');
  assert.equal(table.size, 2, 'and takes no place any more');
});

test('an offer passes once; a full memory refuses instead of forgetting', () => {
  const guard = new OfferGuard(1_000, 3);
  guard.admit(tokenOf(1), 0, 0);
  assert.throws(() => guard.admit(tokenOf(1), 0, 1), isCode('handshake-replayed'));
  for (const offMs of [-1_001, 1_001]) {
    assert.throws(() => guard.admit(tokenOf(9), offMs, 0), isCode('clock-skew'));
  }
  guard.admit(tokenOf(2), 1_000, 0);
  guard.admit(tokenOf(3), 0, 0);
  assert.throws(() => guard.admit(tokenOf(4), 0, 0), isCode('overloaded'));
  assert.throws(() => guard.admit(tokenOf(1), 0, 1_000), isCode('handshake-replayed'));
  // The first is too old to be taken again by its date, so its place is free.
  guard.admit(tokenOf(4), 1_001, 1_001);
  assert.throws(() => guard.admit(tokenOf(2), 1_000, 1_900), isCode('handshake-replayed'));
  assert.ok(guard.size <= 3);
});

test('a flood of handshakes stays within the bounds of both memories', () => {
  let nowMs = 1_000_000;
  const settings = fillOptions({
    node: { version: '1', roles: [], algorithms: [1], signer: seededSigner(9) },
    sessionsMax: 100,
  });
  const metrics = createMetricsRegistry();
  const clock = { nowMs: () => nowMs };
  const handshakes = new Handshakes({ settings, crypto: provider, clock, metrics });
  for (let round = 0; round < 500; round++) handshakes.answer(makeOffer({}, nowMs).bytes);
  assert.equal(handshakes.sessionCount, 100);
  // The guard alone, at its real bound.
  const guard = new OfferGuard(HANDSHAKE_SKEW_MS, HANDSHAKES_SEEN_MAX);
  let refused = 0;
  for (let number = 0; number < HANDSHAKES_SEEN_MAX + 1_000; number++) {
    try {
      guard.admit(tokenOf(number), nowMs, nowMs);
    } catch (error) {
      assert(isCode('overloaded')(error));
      refused++;
    }
  }
  assert.equal(refused, 1_000);
  assert.equal(guard.size, HANDSHAKES_SEEN_MAX);
  nowMs += HANDSHAKE_SKEW_MS + 1;
  guard.admit(tokenOf(0xffff_ffff), nowMs, nowMs);
  assert.equal(guard.size, 1, 'all others are too old to be replayed');
  assert.match(metrics.expose(), /basalt_http_handshakes_total\{result="ok"\} 500/);
});

test('a session shortens a page that names no length, and refuses one that names too much', () => {
  const request = { headers: {}, method: 'GET' } as unknown as IncomingMessage;
  assert.equal(countWithinSession(request, 'pageRowsMax', undefined, 100), 100);
  const preferences = nodePreferences({ node: undefined, batchBlocksMax: 256 });
  const limits = { ...preferences.limits, pageRowsMax: 10 };
  const session = { negotiated: { ...preferences, limits }, expiresMs: 1 };
  applySession(request, { writeHead: () => undefined } as unknown as ServerResponse, session);
  assert.equal(countWithinSession(request, 'pageRowsMax', undefined, 100), 10);
  assert.equal(countWithinSession(request, 'pageRowsMax', 7, 100), 7);
  assert.throws(() => countWithinSession(request, 'pageRowsMax', 11, 100), /as negotiated/);
});
