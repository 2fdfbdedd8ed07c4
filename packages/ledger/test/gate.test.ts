import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCheckpoint, parseNote, utf8, verifyConsistency } from '@basalt/protocol';
import { createMemoryEngine, createMemoryStorage } from '@basalt/store';
import type { CheckpointGate, SignedCheckpoint } from '../src/index.ts';
import { createTestLedger, genesisPayload, seededSigner, settle } from './support/harness.ts';

const writerKey = seededSigner(1);

/** A gate that a test opens by hand. */
class TestGate implements CheckpointGate {
  readonly asked: SignedCheckpoint[] = [];
  #answer: ((note: string | undefined) => void) | undefined;

  holds(origin: string): boolean {
    return origin.endsWith('/super');
  }

  release(checkpoint: SignedCheckpoint): Promise<string | undefined> {
    this.asked.push(checkpoint);
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  async answer(kind: 'vouch' | 'not now'): Promise<void> {
    const note = `${this.asked.at(-1)?.note ?? ''}— witness.example AAAAAAAA\n`;
    this.#answer?.(kind === 'vouch' ? note : undefined);
    await settle();
  }
}

const sizeOf = (note: string | undefined): number | undefined =>
  note === undefined ? undefined : parseCheckpoint(parseNote(note).text).size;

test('a held checkpoint leaves with the lines that the gate adds, others at once', async () => {
  const gate = new TestGate();
  const { ledger, time } = await createTestLedger({ components: { gate } });
  const writer = await ledger.createNamespace(genesisPayload(writerKey), writerKey);
  await time.advance(3_000);
  assert.equal(sizeOf(await ledger.checkpoint(writer.namespace)), 1);
  assert.equal(await ledger.checkpoint('super'), undefined);
  await assert.rejects(ledger.superProof(writer.namespace), { code: 'not-covered' });
  await gate.answer('vouch');
  const note = (await ledger.checkpoint('super')) ?? '';
  assert.match(note, /— witness\.example /);
  // One at a time: size 1 (genesis of the super-log), then the newest.
  assert.equal(gate.asked.length, 2);
  await gate.answer('vouch');
  const proof = await ledger.superProof(writer.namespace);
  assert.match(proof.inclusion.checkpoint, /— witness\.example /);
  await ledger.close();
});

test('a ledger that publishes nothing signs no checkpoint; the next one covers all', async () => {
  const storage = createMemoryStorage();
  const silent = { engine: createMemoryEngine({ storage }), publishes: false };
  const { ledger, time, published } = await createTestLedger(silent);
  const writer = await ledger.createNamespace(genesisPayload(writerKey), writerKey);
  await time.advance(3_000);
  await ledger.flush();
  const appended = writer.append([{ payload: utf8('one') }], { consistency: 'immediate' });
  await assert.rejects(appended, { code: 'read-only' });
  await ledger.close();
  assert.deepEqual(published, []);
  assert.equal(await ledger.checkpoint(writer.namespace), undefined);
  const next = await createTestLedger({ engine: createMemoryEngine({ storage }) });
  await next.time.advance(3_000);
  assert.equal(sizeOf(await next.ledger.checkpoint(writer.namespace)), 2);
  await next.ledger.close();
});

test('while nobody vouches, reads stay where they were; the newest is offered again', async () => {
  const gate = new TestGate();
  const { ledger, time } = await createTestLedger({ components: { gate } });
  const writer = await ledger.createNamespace(genesisPayload(writerKey), writerKey);
  await time.advance(3_000);
  await gate.answer('vouch');
  await gate.answer('vouch');
  const before = await ledger.checkpoint('super');
  for (let i = 0; i < 40; i++) {
    await writer.append([{ payload: utf8(`block ${i}`) }]);
    await time.advance(1_500);
    await gate.answer('not now');
  }
  assert.equal(await ledger.checkpoint('super'), before);
  // Forty epochs on, a proof under the old checkpoint is still there.
  const stale = await ledger.superProof(writer.namespace);
  assert.equal(stale.inclusion.checkpoint, before);
  assert.equal(stale.inclusion.size, sizeOf(before));
  await time.advance(1_500);
  const asked = gate.asked.at(-1) as SignedCheckpoint;
  await gate.answer('vouch');
  const after = await ledger.checkpoint('super');
  assert.equal(sizeOf(after), asked.size);
  const { size: fromSize, root: fromRoot } = parseCheckpoint(parseNote(before ?? '').text);
  const proof = await asked.consistency(fromSize);
  verifyConsistency({ fromSize, fromRoot, toSize: asked.size, toRoot: asked.root, proof });
  await ledger.close();
});

test('what was held when the process ended is signed and offered anew', async () => {
  const storage = createMemoryStorage();
  const first = new TestGate();
  const a = await createTestLedger({
    engine: createMemoryEngine({ storage }),
    components: { gate: first },
  });
  await a.ledger.createNamespace(genesisPayload(writerKey), writerKey);
  await a.time.advance(3_000);
  await a.ledger.close();
  await first.answer('vouch');
  const second = new TestGate();
  const b = await createTestLedger({
    engine: createMemoryEngine({ storage }),
    components: { gate: second },
  });
  await b.time.advance(3_000);
  assert.equal(await b.ledger.checkpoint('super'), undefined);
  await second.answer('vouch');
  assert.equal(sizeOf(await b.ledger.checkpoint('super')), second.asked[0]?.size);
  assert.ok((second.asked[0]?.size ?? 0) >= 2);
  await b.ledger.close();
});

test('who asks for immediate consistency in a held namespace waits for the gate', async () => {
  const gate = new TestGate();
  const holds = (origin: string): boolean => origin.includes('/ns/');
  const wide: CheckpointGate = { holds, release: (checkpoint) => gate.release(checkpoint) };
  const { ledger, time } = await createTestLedger({ components: { gate: wide } });
  const writer = await ledger.createNamespace(genesisPayload(writerKey), writerKey);
  const { namespace } = writer;
  let isCovered = false;
  const appended = writer
    .append([{ payload: utf8('a record') }], { consistency: 'immediate' })
    .then(([block]) => {
      isCovered = true;
      return block;
    });
  await time.advance(3_000);
  assert.equal(isCovered, false);
  await assert.rejects(ledger.inclusionProof(namespace, 1), { code: 'not-covered' });
  await gate.answer('vouch');
  await time.advance(300);
  await gate.answer('vouch');
  const block = await appended;
  const { checkpoint } = await ledger.inclusionProof(namespace, block?.index ?? 0);
  assert.match(checkpoint, /— witness\.example /);
  // What the super-log proves of a namespace is what was let out.
  await time.advance(3_000);
  assert.equal((await ledger.superProof(namespace)).namespace, namespace);
  await ledger.close();
});

test('a checkpoint that left before there was a gate is offered at the next start', async () => {
  const storage = createMemoryStorage();
  const a = await createTestLedger({ engine: createMemoryEngine({ storage }) });
  await a.ledger.createNamespace(genesisPayload(writerKey), writerKey);
  await a.time.advance(3_000);
  const before = await a.ledger.checkpoint('super');
  await a.ledger.close();
  const gate = new TestGate();
  const engine = createMemoryEngine({ storage });
  const b = await createTestLedger({ engine, components: { gate } });
  await b.time.advance(3_000);
  assert.equal(await b.ledger.checkpoint('super'), before);
  await gate.answer('vouch');
  const after = await b.ledger.checkpoint('super');
  assert.equal(sizeOf(after), sizeOf(before));
  assert.match(after ?? '', /— witness\.example /);
  await b.time.advance(3_000);
  assert.equal(gate.asked.length, 1, 'once is enough');
  await b.ledger.close();
});
