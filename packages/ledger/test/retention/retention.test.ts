import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeCheckpointPayload,
  fromUtf8,
  leafHash,
  type NamespaceId,
  PAYLOAD_TYPE,
  parseCheckpoint,
  parseNote,
  utf8,
  verifyInclusion,
} from '@basalt/protocol';
import {
  auditNamespace,
  createRetention,
  type LocalWriter,
  type Retention,
  type RetentionComponents,
  type RetentionConfig,
  type RetentionPolicy,
} from '../../src/index.ts';
import {
  createTestLedger,
  genesisPayload,
  seededSigner,
  type TestLedger,
} from '../support/harness.ts';

const DAY = 86_400_000;

interface Setup extends TestLedger {
  readonly writer: LocalWriter;
  retention(
    policy: RetentionPolicy,
    more?: Partial<RetentionComponents & RetentionConfig>,
  ): Retention;
  /** Which payloads are here, as runs: `0-4 8-9`. */
  held(): Promise<string>;
}

async function setup(): Promise<Setup> {
  const made = await createTestLedger();
  const signer = seededSigner(41);
  const writer = await made.ledger.createNamespace(genesisPayload(signer, 'sensors'), signer);
  return {
    ...made,
    writer,
    retention: (policy, more = {}) =>
      createRetention(
        { store: made.store, clock: made.time, scheduler: made.time, ...more },
        { policy, ...more },
      ),
    held: async () => {
      const held = await made.store.heldPayloads(writer.namespace, 0, 10_000);
      return runs(held.flatMap((is, index) => (is ? [index] : [])));
    },
  };
}

function runs(indexes: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < indexes.length; i++) {
    const from = indexes[i] as number;
    while (indexes[i + 1] === (indexes[i] as number) + 1) i++;
    parts.push(`${from}-${indexes[i]}`);
  }
  return parts.join(' ');
}

async function write(writer: LocalWriter, count: number, payloadType = 0x100): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => ({
    payload: utf8(`reading ${i}`.padEnd(i % 10 === 0 ? 900 : 20)),
    payloadType,
  }));
  await writer.append(records);
}

async function assertProves(made: Setup, namespace: NamespaceId): Promise<void> {
  const { ledger, components, store } = made;
  const size = (await ledger.info(namespace))?.size ?? 0;
  for (const index of [0, 1, 200, size - 1]) {
    const proof = await ledger.inclusionProof(namespace, index);
    const [entry] = await ledger.entries(namespace, index, 1);
    assert.ok(entry !== undefined);
    const { root } = parseCheckpoint(parseNote(proof.checkpoint).text);
    const leaf = leafHash(entry, components.crypto.sha256);
    verifyInclusion(
      { leafHash: leaf, index, size: proof.size, proof: proof.hashes, root },
      components.crypto.sha256,
    );
  }
  assert.deepEqual(await auditNamespace(namespace, { store, crypto: components.crypto }), []);
}

test('nothing goes that no published checkpoint covers', async () => {
  const made = await setup();
  const { writer, time, ledger } = made;
  await write(writer, 299);
  await time.advance(1_000);
  await write(writer, 100);
  const retention = made.retention({ mode: 'keep-headers' });
  assert.equal((await retention.preview())[0]?.payloads, 300);
  assert.equal(await made.held(), '0-399');
  assert.equal((await retention.run())[0]?.payloads, 300);
  assert.equal(await made.held(), '300-399');
  assert.deepEqual(await retention.run(), []);
  await time.advance(1_000);
  assert.equal((await retention.run())[0]?.payloads, 100);
  assert.equal(await made.held(), '');
  await assert.rejects(ledger.payload(writer.namespace, 5), { code: 'pruned' });
  await assertProves(made, writer.namespace);
  await ledger.close();
});

test('the super-log keeps its payloads: proofs are made from them', async () => {
  const made = await setup();
  await write(made.writer, 10);
  await made.time.advance(5_000);
  await made.retention({ mode: 'keep-headers' }).run();
  const { superBlock } = await made.ledger.superProof(made.writer.namespace);
  const view = await made.ledger.blockAt(made.ledger.superNamespace(), 0);
  assert.ok(view?.payload !== undefined && superBlock.length > view.entry.length);
  await made.ledger.close();
});

test('the last blocks and the last days stay', async () => {
  const made = await setup();
  const { writer, time, ledger } = made;
  for (let day = 0; day < 10; day++) {
    await write(writer, 50);
    await time.advance(DAY);
  }
  await made.retention({ mode: 'keep-recent', blocks: 400 }).run();
  assert.equal(await made.held(), '101-500');
  await made.retention({ mode: 'keep-recent', days: 4, blocks: 10 }).run();
  assert.equal(await made.held(), '301-500');
  await assertProves(made, writer.namespace);
  await ledger.close();
});

test('a checkpoint in the chain confirms what lies before it', async () => {
  const made = await setup();
  const { writer, time, ledger } = made;
  const policy = { mode: 'after-checkpoint' } as const;
  await write(writer, 299);
  await time.advance(1_000);
  assert.deepEqual(await made.retention(policy).run(), []);
  const note = parseNote((await ledger.checkpoint(writer.namespace)) ?? '');
  const payload = encodeCheckpointPayload({
    noteText: fromUtf8(utf8(note.text)),
    signatures: note.signatures,
    aggregate: undefined,
    pruningBoundary: 0,
    blockCount: 300,
    timestampToken: undefined,
  });
  await writer.append([{ payload, payloadType: PAYLOAD_TYPE.checkpoint }]);
  await write(writer, 20);
  // A payload that only says so does not count.
  await writer.append([{ payload: utf8('checkpoint!'), payloadType: PAYLOAD_TYPE.checkpoint }]);
  await time.advance(1_000);
  assert.equal((await made.retention(policy).run())[0]?.payloads, 300);
  assert.equal(await made.held(), '300-321');
  await ledger.close();
});

test('rules take single payloads by type, size, age and namespace; the genesis stays', async () => {
  const made = await setup();
  const { writer, time, ledger } = made;
  await write(writer, 300);
  await write(writer, 300, 0x200);
  await time.advance(3 * DAY);
  await write(writer, 300);
  await time.advance(1_000);
  const retention = made.retention({
    mode: 'selective',
    rules: [
      { action: 'keep', namespaces: ['other'] },
      { action: 'keep', payloadTypes: [[0x200, 0x2ff]] },
      { action: 'prune', namespaces: ['sensors'], olderThanDays: 2, bytesMin: 500 },
    ],
    otherwise: 'keep',
  });
  const [planned] = await retention.preview();
  assert.deepEqual(await retention.run(), [planned]);
  assert.equal(planned?.payloads, 30);
  assert.equal(planned?.bytes, 27_000);
  assert.deepEqual(await retention.run(), []);
  assert.match(await made.held(), /^0-0 2-10 12-20 .* 292-900$/);
  assert.equal(await ledger.payload(writer.namespace, 11), undefined);
  assert.equal((await ledger.blockAt(writer.namespace, 11))?.payload, undefined);
  await made.retention({ mode: 'selective', rules: [], otherwise: 'prune' }).run();
  assert.equal(await made.held(), '0-0');
  await assertProves(made, writer.namespace);
  await ledger.close();
});

test('with an archive nothing goes before it is there', async () => {
  const made = await setup();
  await write(made.writer, 399);
  await made.time.advance(1_000);
  let archived = 0;
  const isArchived = (_: NamespaceId, index: number): boolean => index < archived;
  const headers = made.retention({ mode: 'keep-headers' }, { isArchived });
  const all = { mode: 'selective', rules: [], otherwise: 'prune' } as const;
  const rules = made.retention(all, { isArchived });
  assert.deepEqual(
    (await headers.run()).map(({ payloads, waiting }) => [payloads, waiting]),
    [[0, 1]],
  );
  assert.equal((await rules.run())[0]?.waiting, 399);
  assert.equal(await made.held(), '0-399');
  archived = 100;
  assert.equal((await headers.run())[0]?.payloads, 100);
  archived = 200;
  assert.deepEqual((await rules.run())[0]?.payloads, 100);
  assert.equal(await made.held(), '200-399');
  await made.ledger.close();
});

test('a schedule prunes what has aged; stopped, it is over; a failed pass is told', async () => {
  const made = await setup();
  const { writer, time, ledger } = made;
  await write(writer, 100);
  await time.advance(1_000);
  const told: number[] = [];
  const problems: unknown[] = [];
  let isBroken = false;
  const retention = made.retention(
    { mode: 'keep-recent', days: 1 },
    {
      intervalMs: 3_600_000,
      onPruned: (_, payloads) => told.push(payloads),
      onProblem: (error) => problems.push(error),
      isArchived: () => {
        if (isBroken) throw new Error('the archive does not answer');
        return true;
      },
    },
  );
  retention.start();
  await time.advance(DAY);
  assert.deepEqual(told, []);
  isBroken = true;
  await time.advance(2 * 3_600_000);
  assert.ok(problems.length > 0);
  assert.equal(await made.held(), '0-100');
  isBroken = false;
  await time.advance(3_600_000);
  assert.deepEqual(told, [101]);
  await retention.stop();
  await write(writer, 100);
  await time.advance(5 * DAY);
  assert.equal(await made.held(), '101-200');
  await ledger.close();
});

test('namespaces of a chain are left alone; a frozen one too', async () => {
  const made = await setup();
  const { writer, time, store, ledger } = made;
  await write(writer, 10);
  await time.advance(1_000);
  const headers = { mode: 'keep-headers' } as const;
  await made.retention(headers, { untouched: [writer.namespace] }).run();
  await made.retention(headers, { untouched: ['sensors'] }).run();
  assert.equal(await made.held(), '0-10');
  await store.putRecords([{ name: `frozen/${writer.namespace}`, value: new Uint8Array(40) }]);
  await made.retention(headers).run();
  assert.equal(await made.held(), '0-10');
  await ledger.close();
});

test('an account of what is held, and growth as the policy leaves it', async () => {
  const made = await setup();
  const { writer, time, ledger } = made;
  for (let day = 0; day < 4; day++) {
    await write(writer, 100);
    await time.advance(DAY);
  }
  const of = async (policy: RetentionPolicy): Promise<{ perDay: number; standing?: number }> => {
    const accounts = await made.retention(policy).account();
    const account = accounts.find(({ namespace }) => namespace === writer.namespace);
    assert.ok(account !== undefined);
    const { bytesPerDay, bytesPerDayUnpruned, standingBytes, blocksPerDay } = account.forecast;
    assert.ok(Math.abs(blocksPerDay - 100.25) < 0.1, `${blocksPerDay}`);
    const saved = Math.round(bytesPerDayUnpruned - bytesPerDay);
    return { perDay: saved, ...(standingBytes === undefined ? {} : { standing: standingBytes }) };
  };
  // 10 of 900 bytes and 90 of 20 a day, and a quarter of the genesis.
  const genesis = genesisPayload(seededSigner(41), 'sensors').length;
  const daily = 10_800 + genesis / 4;
  const near = (found: number | undefined, expected: number): void =>
    assert.ok(Math.abs((found ?? -1) - expected) < 10, `${found} instead of ${expected}`);
  assert.deepEqual(await of({ mode: 'none' }), { perDay: 0, standing: 0 });
  near((await of({ mode: 'keep-headers' })).perDay, daily);
  near((await of({ mode: 'after-checkpoint' })).perDay, 0);
  near((await of({ mode: 'keep-recent', days: 2 })).standing, 2 * daily);
  const rules = [{ action: 'prune', bytesMin: 500, olderThanDays: 30 }] as const;
  near((await of({ mode: 'selective', rules, otherwise: 'keep' })).perDay, 9_000);
  await made.retention({ mode: 'keep-recent', days: 2 }).run();
  const [account] = await made.retention({ mode: 'none' }).account();
  assert.equal(account?.payloads, 200);
  assert.equal(account?.payloadBytes, 21_600);
  assert.equal(account?.goneBytes, 21_600 + genesis);
  await ledger.close();
});
