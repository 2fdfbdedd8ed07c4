import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Block,
  blockHash,
  createBlock,
  decodeBlock,
  encodeBlock,
  encodeRecovery,
  encodeRotation,
  PAYLOAD_TYPE,
  parseCheckpoint,
  parseNote,
  utf8,
  verifyInclusion,
} from '@basalt/protocol';
import {
  type CommitFault,
  createMemoryEngine,
  createMemoryStorage,
  StoreError,
} from '@basalt/store';
import { LedgerError, type LedgerMetrics } from '../src/index.ts';
import {
  createTestLedger,
  genesisPayload,
  seededSigner,
  settle,
  signedChain,
} from './support/harness.ts';

const payloads = (count: number): { payload: Uint8Array }[] =>
  Array.from({ length: count }, (_, i) => ({ payload: utf8(`record ${i}`) }));

const ignore = (): void => undefined;
const NO_METRICS: LedgerMetrics = {
  blocksAccepted: ignore,
  blocksRejected: ignore,
  blocksDuplicate: ignore,
  queueDepth: ignore,
  commit: ignore,
  checkpoint: ignore,
  checkpointFailed: ignore,
};

test('a local writer appends and every block has a proof under a signed checkpoint', async () => {
  const { ledger, time, published } = await createTestLedger();
  const signer = seededSigner(1);
  const writer = await ledger.createNamespace(genesisPayload(signer), signer);
  const appended = await writer.append(payloads(700));
  assert.deepEqual(
    appended.map((block) => block.index),
    Array.from({ length: 700 }, (_, i) => i + 1),
  );
  await time.advance(1_000);
  const info = await ledger.info(writer.namespace);
  assert.equal(info?.size, 701);
  assert.equal(info?.checkpointSize, 701);
  assert.equal(info?.label, 'audit');
  for (const index of [0, 1, 255, 256, 511, 512, 699, 700]) {
    const proof = await ledger.inclusionProof(writer.namespace, index);
    verifyInclusion({ ...proof, proof: proof.hashes });
    const checkpoint = parseCheckpoint(parseNote(proof.checkpoint).text);
    assert.deepEqual(checkpoint.root, proof.root);
    assert.equal(checkpoint.origin, `test.example/log/ns/${writer.namespace}`);
  }
  assert.ok(
    published.some(({ namespace, size }) => namespace === writer.namespace && size === 701),
  );
  await ledger.close();
});

test('submitted blocks are accepted once, known ones again are duplicates', async () => {
  const { ledger } = await createTestLedger();
  const chain = signedChain(seededSigner(2), 300);
  const first = await ledger.submit(chain);
  assert.ok(first.every(({ status }) => status === 'accepted'));
  const again = await ledger.submit(chain);
  assert.ok(again.every(({ status }) => status === 'duplicate'));
  assert.deepEqual(
    again.map(({ index, blockHash: hash }) => [index, hash]),
    first.map(({ index, blockHash: hash }) => [index, hash]),
  );
  await ledger.close();
});

test('a known block with a spoilt signature or payload is refused, not called known', async () => {
  const { ledger } = await createTestLedger();
  const chain = signedChain(seededSigner(15), 3);
  await ledger.submit(chain);
  const wire = encodeBlock(chain[2] as (typeof chain)[number]);
  for (const [at, code] of [
    [146, 'invalid-signature'],
    [wire.length - 1, 'payload-mismatch'],
  ] as const) {
    const spoilt = wire.slice();
    spoilt[at] = (spoilt[at] as number) ^ 1;
    const [outcome] = await ledger.submit([decodeBlock(spoilt)]);
    assert.equal(outcome?.status === 'rejected' && outcome.code, code);
  }
  await ledger.close();
});

test('immediate waits until a checkpoint covers the block', async () => {
  const { ledger, time } = await createTestLedger();
  const chain = signedChain(seededSigner(3), 2);
  let answered = false;
  const submitted = ledger.submit(chain, { consistency: 'immediate' }).then((outcomes) => {
    answered = true;
    return outcomes;
  });
  await settle();
  assert.equal(answered, false);
  await time.advance(250);
  const [, second] = await submitted;
  const proof = await ledger.inclusionProof(second?.namespace as never, 1);
  assert.equal(proof.size, 2);
  await ledger.close();
});

test('eventual answers queued at once, and the log has the block later', async () => {
  const { ledger } = await createTestLedger();
  const chain = signedChain(seededSigner(4), 3);
  const outcomes = await ledger.submit(chain, { consistency: 'eventual' });
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['queued', 'queued', 'queued'],
  );
  await settle();
  const last = outcomes[2];
  assert.equal((await ledger.locate(last?.blockHash as never))?.index, 2);
  assert.equal(ledger.submission(last?.blockHash as never), undefined);
  await ledger.close();
});

test('each broken rule has its own code and stores nothing', async () => {
  const { ledger, time } = await createTestLedger();
  const signer = seededSigner(5);
  const stranger = seededSigner(6);
  const chain = signedChain(signer, 4);
  await ledger.submit(chain.slice(0, 3));
  const namespace = chain[0]?.entry.header.namespace as never;
  const head = chain[2] as (typeof chain)[number];
  const tip = {
    size: 3,
    headHash: blockHash(head.entry),
    timestampMs: head.entry.header.timestampMs,
  };
  const base = { namespace, tip, timestampMs: tip.timestampMs, payloadType: 1, signer };
  const make = (change: object): Uint8Array =>
    encodeBlock(createBlock({ ...base, payload: utf8('x'), ...change }).block);
  const flipLast = (bytes: Uint8Array, at: number): Uint8Array => {
    const copy = bytes.slice();
    const offset = at < 0 ? copy.length + at : at;
    copy[offset] = (copy[offset] as number) ^ 1;
    return copy;
  };
  const cases: [string, Uint8Array][] = [
    ['invalid-index', make({ tip: { ...tip, size: 4 } })],
    ['broken-chain', make({ tip: { ...tip, headHash: new Uint8Array(32) as never } })],
    ['timestamp-regression', make({ timestampMs: tip.timestampMs - 1 })],
    ['too-far-in-future', make({ timestampMs: time.nowMs() + 300_001 })],
    ['wrong-writer', make({ signer: stranger })],
    ['payload-mismatch', flipLast(make({}), -1)],
    ['invalid-signature', flipLast(make({}), 146)],
    ['invalid-genesis', make({ payloadType: PAYLOAD_TYPE.namespaceGenesis })],
  ];
  for (const [code, bytes] of cases) {
    const [outcome] = await ledger.submit([decodeBlock(bytes)]);
    assert.equal(outcome?.status, 'rejected', code);
    assert.equal(outcome.status === 'rejected' && outcome.code, code);
  }
  assert.equal((await ledger.info(namespace))?.size, 3);
  const [outcome] = await ledger.submit([chain[3] as never]);
  assert.equal(outcome?.status, 'accepted');
  await ledger.close();
});

test('two signed blocks at one index freeze the namespace and the proof is kept', async () => {
  const { ledger } = await createTestLedger();
  const signer = seededSigner(7);
  const recovery = seededSigner(8);
  const next = seededSigner(9);
  const genesis = genesisPayload(signer, 'fork', {
    recoveryKeys: [{ algorithm: 1, publicKey: recovery.publicKey }],
    recoveryDelayMs: 1_000,
  });
  const writer = await ledger.createNamespace(genesis, signer);
  const { namespace } = writer;
  await writer.append(payloads(3));
  const before = await ledger.blockAt(namespace, 2);
  const rival = createBlock({
    namespace,
    tip: {
      size: 3,
      headHash: before?.blockHash as never,
      timestampMs: 1_799_999_000_000,
    },
    timestampMs: 1_800_000_000_000,
    payloadType: 1,
    payload: utf8('another history'),
    signer,
  });
  const [outcome] = await ledger.submit([rival.block]);
  assert.equal(outcome?.status === 'rejected' && outcome.code, 'fork');
  assert.equal((await ledger.info(namespace))?.frozenAt, 3);
  assert.equal((await ledger.forkProofs(namespace)).length, 1);
  await assert.rejects(writer.append(payloads(1)), { code: 'namespace-frozen' });

  // A recovery that names the other branch is not this log's to follow.
  const recoverer = await ledger.openWriter(namespace, recovery);
  const named = (branch: Uint8Array): Uint8Array =>
    encodeRecovery({
      newKey: { algorithm: 1, publicKey: next.publicKey },
      nextKeyHash: undefined,
      branch: branch as never,
    });
  await assert.rejects(
    recoverer.append([{ payload: named(rival.hash), payloadType: PAYLOAD_TYPE.recovery }]),
    { code: 'invalid-recovery' },
  );
  const ours = await ledger.blockAt(namespace, 3);
  await recoverer.append([
    { payload: named(ours?.blockHash as never), payloadType: PAYLOAD_TYPE.recovery },
  ]);
  assert.equal((await ledger.info(namespace))?.frozenAt, undefined);
  await ledger.close();
});

test('after a recovery the key that was put aside can freeze nothing', async () => {
  const { ledger, time } = await createTestLedger();
  const [stolen, recovery, next] = [seededSigner(60), seededSigner(61), seededSigner(62)];
  const genesis = genesisPayload(stolen, 'recovered', {
    recoveryKeys: [{ algorithm: 1, publicKey: recovery.publicKey }],
    recoveryDelayMs: 1_000,
  });
  const { namespace } = await ledger.createNamespace(genesis, stolen);
  const recoverer = await ledger.openWriter(namespace, recovery);
  const payload = encodeRecovery({
    newKey: { algorithm: 1, publicKey: next.publicKey },
    nextKeyHash: undefined,
    branch: undefined,
  });
  await recoverer.append([{ payload, payloadType: PAYLOAD_TYPE.recovery }]);
  const old = await ledger.openWriter(namespace, stolen);
  await old.append(payloads(1));
  const recoveredAt = (await ledger.info(namespace))?.timestampMs ?? 0;
  await time.advance(2_000);
  const owner = await ledger.openWriter(namespace, next);
  await owner.append(payloads(2));
  const rivalAt = async (index: number): Promise<Block> => {
    const before = await ledger.blockAt(namespace, index - 1);
    return createBlock({
      namespace,
      tip: { size: index, headHash: before?.blockHash as never, timestampMs: 0 },
      timestampMs: recoveredAt,
      payloadType: 1,
      payload: utf8('forged, and dated before the recovery took effect'),
      signer: stolen,
    }).block;
  };
  const codes: unknown[] = [];
  for (const index of [2, 3]) {
    const [outcome] = await ledger.submit([await rivalAt(index)]);
    codes.push(outcome?.status === 'rejected' && outcome.code);
  }
  // Index 2 holds a block of the same key, a proof that is kept; index 3 one of the new key.
  assert.deepEqual(codes, ['fork', 'invalid-index']);
  assert.equal((await ledger.forkProofs(namespace)).length, 1);
  assert.equal((await ledger.info(namespace))?.frozenAt, undefined);
  await owner.append(payloads(1));
  await ledger.close();
});

test('a recovery that comes second to an index accuses nobody', async () => {
  const { ledger } = await createTestLedger();
  const [signer, recovery, next] = [seededSigner(63), seededSigner(64), seededSigner(65)];
  const genesis = genesisPayload(signer, 'race', {
    recoveryKeys: [{ algorithm: 1, publicKey: recovery.publicKey }],
    recoveryDelayMs: 1_000,
  });
  const writer = await ledger.createNamespace(genesis, signer);
  const { namespace } = writer;
  const head = await ledger.blockAt(namespace, 0);
  const timestampMs = (await ledger.info(namespace))?.timestampMs ?? 0;
  const { block } = createBlock({
    namespace,
    tip: { size: 1, headHash: head?.blockHash as never, timestampMs },
    timestampMs,
    payloadType: PAYLOAD_TYPE.recovery,
    payload: encodeRecovery({
      newKey: { algorithm: 1, publicKey: next.publicKey },
      nextKeyHash: undefined,
      branch: undefined,
    }),
    signer: recovery,
  });
  await writer.append(payloads(1));
  const [outcome] = await ledger.submit([block]);
  assert.equal(outcome?.status === 'rejected' && outcome.code, 'invalid-index');
  assert.equal((await ledger.info(namespace))?.frozenAt, undefined);
  await writer.append(payloads(1));
  await ledger.close();
});

test('a fork is kept with its group, and over a restart', async () => {
  const storage = createMemoryStorage();
  let fail = false;
  const commitFault = (): CommitFault | undefined =>
    fail ? { code: 'io', persisted: false } : undefined;
  const engine = createMemoryEngine({ storage, commitFault });
  const { ledger, time } = await createTestLedger({ engine });
  const signer = seededSigner(16);
  const chain = signedChain(signer, 3);
  await ledger.submit(chain);
  const { namespace } = (chain[0] as (typeof chain)[number]).entry.header;
  const tip = {
    size: 2,
    headHash: blockHash((chain[1] as (typeof chain)[number]).entry),
    timestampMs: 1_799_999_000_001,
  };
  const rival = createBlock({
    namespace,
    tip,
    timestampMs: 1_799_999_000_009,
    payloadType: 1,
    payload: utf8('rival'),
    signer,
  });
  fail = true;
  await assert.rejects(ledger.submit([rival.block]), { code: 'read-only' });
  fail = false;
  await time.advance(1_500);
  assert.equal((await ledger.info(namespace))?.frozenAt, undefined);
  const [outcome] = await ledger.submit([rival.block]);
  assert.equal(outcome?.status === 'rejected' && outcome.code, 'fork');
  await ledger.close();
  const again = await createTestLedger({ engine: createMemoryEngine({ storage }), time });
  assert.equal((await again.ledger.info(namespace))?.frozenAt, 2);
  assert.equal((await again.ledger.forkProofs(namespace)).length, 1);
  await again.ledger.close();
});

test('who hears of a fork can read its proof', async () => {
  const { ledger } = await createTestLedger();
  const signer = seededSigner(23);
  const chain = signedChain(signer, 3);
  await ledger.submit(chain);
  const { namespace } = (chain[0] as (typeof chain)[number]).entry.header;
  const rival = createBlock({
    namespace,
    tip: {
      size: 2,
      headHash: blockHash((chain[1] as (typeof chain)[number]).entry),
      timestampMs: 1_799_999_000_001,
    },
    timestampMs: 1_799_999_000_009,
    payloadType: 1,
    payload: utf8('rival'),
    signer,
  });
  const ending = new AbortController();
  const listening = (async () => {
    for await (const event of ledger.subscribe({ signal: ending.signal })) {
      if (event.kind === 'fork') return (await ledger.forkProofs(namespace)).length;
    }
    return undefined;
  })();
  await settle();
  await ledger.submit([rival.block]);
  assert.equal(await listening, 1);
  ending.abort();
  await ledger.close();
});

test('a submission that is refused at the door is not left as queued', async () => {
  const { ledger } = await createTestLedger({ queueBlocksMax: 2 });
  const chain = signedChain(seededSigner(17), 3);
  await assert.rejects(ledger.submit(chain, { consistency: 'eventual' }), { code: 'queue-full' });
  await settle();
  const hash = blockHash((chain[2] as (typeof chain)[number]).entry);
  assert.equal(ledger.submission(hash), undefined);
  await ledger.close();
});

test('a failing checkpoint is told, and no longer when it works again', async () => {
  let problem: Error | undefined = new Error('the lock is gone');
  const recordPublished = async (): Promise<void> => {
    if (problem !== undefined) throw problem;
  };
  const { ledger, time } = await createTestLedger({ components: { recordPublished } });
  const signer = seededSigner(18);
  const writer = await ledger.createNamespace(genesisPayload(signer), signer);
  assert.deepEqual(await writer.append([]), []);
  await time.advance(500);
  assert.match(ledger.checkpointProblem() ?? '', /lock is gone/);
  problem = undefined;
  await time.advance(500);
  assert.equal(ledger.checkpointProblem(), undefined);
  assert.equal((await ledger.info(writer.namespace))?.checkpointSize, 1);
  await ledger.close();
});

test('who waits for a checkpoint that the disk refuses asks again: the block is in', async () => {
  let isFull = true;
  const recordPublished = async (): Promise<void> => {
    if (isFull) throw new StoreError('io', 'could not record what is about to be published');
  };
  const { ledger, time } = await createTestLedger({ components: { recordPublished } });
  const chain = signedChain(seededSigner(19), 3);
  const first = ledger.submit(chain, { consistency: 'immediate' });
  const refused = assert.rejects(first, { code: 'read-only' });
  await time.advance(500);
  await refused;
  isFull = false;
  const again = ledger.submit(chain, { consistency: 'immediate' });
  await time.advance(500);
  assert.deepEqual(
    (await again).map(({ status }) => status),
    ['duplicate', 'duplicate', 'duplicate'],
  );
  await ledger.close();
});

test('a rotation hands the namespace to the next key', async () => {
  const { ledger } = await createTestLedger();
  const [first, second] = [seededSigner(10), seededSigner(11)];
  const writer = await ledger.createNamespace(genesisPayload(first, 'rotate'), first);
  const rotation = encodeRotation({
    newKey: { algorithm: 1, publicKey: second.publicKey },
    nextKeyHash: undefined,
  });
  await writer.append([{ payload: rotation, payloadType: PAYLOAD_TYPE.keyRotation }]);
  await assert.rejects(writer.append(payloads(1)), { code: 'wrong-writer' });
  const heir = await ledger.openWriter(writer.namespace, second);
  await heir.append(payloads(2));
  assert.deepEqual(await ledger.keyBlocks(writer.namespace), [0, 1]);
  await ledger.close();
});

test('a batch of a local writer is stored whole or not at all', async () => {
  const { ledger } = await createTestLedger();
  const signer = seededSigner(12);
  const writer = await ledger.createNamespace(genesisPayload(signer), signer);
  const bad = { payload: utf8('no rotation'), payloadType: PAYLOAD_TYPE.keyRotation };
  await assert.rejects(writer.append([...payloads(5), bad]), { code: 'malformed' });
  assert.equal((await ledger.info(writer.namespace))?.size, 1);
  const appended = await writer.append(payloads(1));
  assert.equal(appended[0]?.index, 1);
  await ledger.close();
});

test('a full queue refuses at the door and loses nothing that was taken', async () => {
  const refused: [string, number][] = [];
  const blocksRejected = (code: string, count: number): number => refused.push([code, count]);
  const metrics = { ...NO_METRICS, blocksRejected };
  const { ledger } = await createTestLedger({ queueBlocksMax: 10, components: { metrics } });
  const chain = signedChain(seededSigner(13), 20);
  const taken = ledger.submit(chain.slice(0, 10));
  await assert.rejects(
    ledger.submit(chain.slice(10)),
    (error) => error instanceof LedgerError && error.code === 'queue-full',
  );
  assert.deepEqual(refused, [['queue-full', 10]]);
  assert.ok((await taken).every(({ status }) => status === 'accepted'));
  const later = await ledger.submit(chain.slice(10));
  assert.ok(later.every(({ status }) => status === 'accepted'));
  await ledger.close();
});

test('compare-and-swap refuses when the head has moved', async () => {
  const { ledger } = await createTestLedger();
  const chain = signedChain(seededSigner(14), 4);
  const [first] = await ledger.submit(chain.slice(0, 1));
  await ledger.submit(chain.slice(1, 2), { ifHead: first?.blockHash as never });
  const [third] = await ledger.submit(chain.slice(2, 3), { ifHead: first?.blockHash as never });
  assert.equal(third?.status === 'rejected' && third.code, 'head-moved');
  await ledger.close();
});
