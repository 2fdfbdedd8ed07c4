import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@basalt/protocol';
import type { TransportReply } from '../../src/peer/transport.ts';
import { ForkExchange, type ForkExchangeParts } from '../../src/relay/fork-exchange.ts';

const HASHES = Array.from({ length: 40 }, (_, i) => i.toString(16).padStart(64, '0'));

function reply(body: string): TransportReply {
  return { status: 200, fields: {}, body: utf8(body), isCut: false } as unknown as TransportReply;
}

test('proofs that are refused here do not hide those behind them', async () => {
  const fetched: string[] = [];
  const forks = { isKnown: () => false, known: () => [], receive: async () => 'refused' };
  const caller = {
    read: async ({ target }: { target: string }) => {
      if (target === '/fork-proofs') {
        return reply(JSON.stringify({ forks: HASHES.map((hash) => ({ hash })) }));
      }
      fetched.push(target.slice(-64));
      return reply('proof');
    },
  };
  const clock = { ms: 1_000_000 };
  const parts = { forks, caller, clock: { nowMs: () => clock.ms } };
  const exchange = new ForkExchange(parts as unknown as ForkExchangeParts);
  for (let round = 0; round < 3; round++) await exchange.with('http://peer.test');
  assert.deepEqual(fetched.toSorted(), HASHES);
  // Much later they may be asked for again: this node may follow the log by then.
  clock.ms += 7 * 86_400_000;
  await exchange.with('http://peer.test');
  assert.ok(fetched.length > HASHES.length);
});
