import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NamespaceId, utf8 } from '@basalt/protocol';
import { LedgerError, type LocalWriter } from '../../src/index.ts';
import {
  createTestLedger,
  genesisPayload,
  seededSigner,
  type TestLedger,
} from '../support/harness.ts';

async function setup(): Promise<TestLedger & { readonly writer: LocalWriter }> {
  const made = await createTestLedger();
  const signer = seededSigner(43);
  const writer = await made.ledger.createNamespace(genesisPayload(signer, 'sensors'), signer);
  await writer.append(Array.from({ length: 399 }, (_, i) => ({ payload: utf8(`reading ${i}`) })));
  return { ...made, writer };
}

async function heldCount({ store }: TestLedger, namespace: NamespaceId): Promise<number> {
  return (await store.heldPayloads(namespace, 0, 1_000)).filter(Boolean).length;
}

function holds(heldBy: string, from: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof LedgerError && error.code === 'payloads-held', String(error));
    assert.deepEqual([error.metadata['heldBy'], error.metadata['from']], [heldBy, from]);
    return true;
  };
}

test('by hand, too, nothing goes that no published checkpoint covers', async () => {
  const made = await setup();
  const { ledger, writer, time } = made;
  const { namespace } = writer;
  await assert.rejects(ledger.prunePayloads(namespace, 1), holds('checkpoint', 0));
  await time.advance(1_000);
  await writer.append([{ payload: utf8('one more') }]);
  await assert.rejects(ledger.prunePayloads(namespace, 401), holds('checkpoint', 400));
  await assert.rejects(ledger.prunePayloads(namespace, 9_999), holds('checkpoint', 400));
  assert.equal(await heldCount(made, namespace), 401);
  assert.equal(await ledger.prunePayloads(namespace, 0), 0);
  assert.equal(await ledger.prunePayloads(namespace, 400), 400);
  assert.equal(await ledger.prunePayloads(namespace, 400), 0);
  await ledger.close();
});

test('the super-log, a frozen namespace and one that is replayed hold all they have', async () => {
  const made = await setup();
  const { ledger, writer, time, store } = made;
  const { namespace } = writer;
  await time.advance(5_000);
  const superLog = ledger.superNamespace();
  await assert.rejects(ledger.prunePayloads(superLog, 1), holds('super-log', 0));
  assert.ok((await ledger.superProof(namespace)).superBlock.length > 0);
  for (const untouched of [[namespace], ['sensors']]) {
    const pruning = ledger.prunePayloads(namespace, 10, { untouched });
    await assert.rejects(pruning, holds('untouched', 0));
  }
  await store.putRecords([{ name: `frozen/${namespace}`, value: new Uint8Array(40) }]);
  await assert.rejects(ledger.prunePayloads(namespace, 10), holds('freeze', 0));
  assert.equal(await heldCount(made, namespace), 400);
  const unknown = '00000000-0000-8000-8000-000000000000' as NamespaceId;
  await assert.rejects(ledger.prunePayloads(unknown, 1), { code: 'unknown-namespace' });
  await ledger.close();
});

test('what an archive has to have first goes whole, or not at all', async () => {
  const made = await setup();
  const { ledger, writer, time } = made;
  const { namespace } = writer;
  await time.advance(1_000);
  let archived = 0;
  const isArchived = async (_: NamespaceId, index: number): Promise<boolean> => index < archived;
  const prune = (before: number): Promise<number> =>
    ledger.prunePayloads(namespace, before, { isArchived });
  await assert.rejects(prune(1), holds('archive', 0));
  archived = 300;
  await assert.rejects(prune(301), holds('archive', 300));
  assert.equal(await heldCount(made, namespace), 400);
  assert.equal(await prune(300), 300);
  await assert.rejects(prune(400), holds('archive', 300));
  assert.equal(await heldCount(made, namespace), 100);
  await ledger.close();
});
