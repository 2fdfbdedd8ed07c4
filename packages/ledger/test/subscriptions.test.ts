import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@basalt/protocol';
import type { LedgerEvent } from '../src/index.ts';
import { createTestLedger, genesisPayload, seededSigner, settle } from './support/harness.ts';

async function collect(events: AsyncIterable<LedgerEvent>, into: LedgerEvent[]): Promise<void> {
  for await (const event of events) into.push(event);
}

test('a subscriber sees blocks in order, after they are durable, and checkpoints', async () => {
  const { ledger, time } = await createTestLedger();
  const signer = seededSigner(30);
  const other = seededSigner(31);
  const writer = await ledger.createNamespace(genesisPayload(signer, 'seen'), signer);
  const noise = await ledger.createNamespace(genesisPayload(other, 'noise'), other);
  const end = new AbortController();
  const seen: LedgerEvent[] = [];
  const { namespace } = writer;
  const done = collect(ledger.subscribe({ namespace, signal: end.signal }), seen);
  for (let i = 0; i < 3; i++) await writer.append([{ payload: utf8(`seen ${i}`) }]);
  await noise.append([{ payload: utf8('not seen') }]);
  await time.advance(500);
  end.abort();
  await done;
  assert.deepEqual(
    seen.map((event) => (event.kind === 'block' ? event.index : event.kind)),
    [1, 2, 3, 'checkpoint'],
  );
  await ledger.close();
});

test('a slow subscriber is told how much it missed and then goes on', async () => {
  const { ledger } = await createTestLedger();
  const signer = seededSigner(32);
  const writer = await ledger.createNamespace(genesisPayload(signer, 'fast'), signer);
  const reader = ledger.subscribe({ namespace: writer.namespace })[Symbol.asyncIterator]();
  await writer.append(Array.from({ length: 1_030 }, (_, i) => ({ payload: utf8(`${i}`) })));
  const first = await reader.next();
  assert.deepEqual(first.value, { kind: 'lagged', dropped: 6 });
  const second = await reader.next();
  assert.equal(second.value.kind === 'block' && second.value.index, 7);
  await reader.return?.(undefined);
  await ledger.close();
});

test('closing the ledger ends every subscription', async () => {
  const { ledger } = await createTestLedger();
  const seen: LedgerEvent[] = [];
  const done = collect(ledger.subscribe(), seen);
  await settle();
  await ledger.close();
  await done;
});
