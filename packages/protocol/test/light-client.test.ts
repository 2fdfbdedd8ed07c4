import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { headerForm } from '../src/block/block.ts';
import { blockHash } from '../src/block/hash.ts';
import type { Hash32 } from '../src/brands.ts';
import { utf8 } from '../src/bytes.ts';
import {
  acceptCheckpoint,
  decodeLightClient,
  emptyLightClient,
  encodeLightClient,
  verifyHeldBlock,
} from '../src/client/light-client.ts';
import {
  checkSnapshot,
  decodeSnapshot,
  encodeSnapshot,
  type SnapshotProof,
  verifyChainFromSnapshot,
  verifyWithSnapshot,
} from '../src/client/snapshot.ts';
import { ProtocolError } from '../src/errors.ts';
import { formatNote, type SignedNote } from '../src/note/signed-note.ts';
import { createNoteSigner, signCheckpoint } from '../src/note/signer.ts';
import { openCheckpoint } from '../src/note/verifier.ts';
import { nobleProvider } from '../src/suites/noble.ts';
import { leafHash } from '../src/tree/hash.ts';
import { consistencyProof, inclusionProof, treeRoot } from '../src/tree/proof.ts';
import { TileBuilder } from '../src/tree/tiles.ts';
import { chainOf, type TestChain, testSigner, wireSize } from './client-helpers.ts';
import { flipBit } from './tree-helpers.ts';

const coded = (code: string) => (error: unknown) =>
  error instanceof ProtocolError && error.code === code;

const ORIGIN = 'example.com/ns/audit';
const log = createNoteSigner(ORIGIN, testSigner(20));
const open = (note: SignedNote) =>
  openCheckpoint(note, [log.key], nobleProvider, { origin: ORIGIN });
const chain = chainOf(21, 20);
const checkpointOf = (from: TestChain, size: number) =>
  formatNote(
    signCheckpoint({ origin: ORIGIN, size, root: treeRoot(size, from.read(size)) }, [log]),
  );

test('a light client follows a log and refuses to be led astray', () => {
  const empty = emptyLightClient();
  const at5 = acceptCheckpoint(empty, { note: checkpointOf(chain, 5), consistency: [] }, open);
  assert.equal(empty.held.size, 0);
  const consistency = consistencyProof(5, 20, chain.read());
  const offered = { note: checkpointOf(chain, 20), consistency };
  const at20 = acceptCheckpoint(at5, offered, open);
  assert.equal(at20.held.get(ORIGIN)?.checkpoint.size, 20);
  assert.equal(at5.held.get(ORIGIN)?.checkpoint.size, 5);
  const same = acceptCheckpoint(at20, { ...offered, consistency: [] }, open);
  assert.deepEqual(same, at20);

  const stale = coded('stale-checkpoint');
  assert.throws(
    () => acceptCheckpoint(at20, { note: checkpointOf(chain, 5), consistency }, open),
    stale,
  );
  const inconsistent = coded('inconsistent-checkpoint');
  const short = { ...offered, consistency: consistency.slice(1) };
  assert.throws(() => acceptCheckpoint(at5, short, open), inconsistent);

  const forked = chainOf(22, 20);
  const fork = { note: checkpointOf(forked, 20), consistency: [] };
  assert.throws(
    () => acceptCheckpoint(at20, fork, open),
    (error) =>
      error instanceof ProtocolError &&
      error.code === 'inconsistent-checkpoint' &&
      error.metadata['fork'] === true &&
      error.metadata['heldNote'] === offered.note &&
      error.metadata['offeredNote'] === fork.note,
  );
  const longer = {
    note: checkpointOf(forked, 20),
    consistency: consistencyProof(5, 20, forked.read()),
  };
  assert.throws(
    () => acceptCheckpoint(at5, longer, open),
    (error) => error instanceof ProtocolError && error.metadata['fork'] === false,
  );
  const strange = createNoteSigner(ORIGIN, testSigner(30));
  const root = treeRoot(20, chain.read());
  const unsigned = signCheckpoint({ origin: ORIGIN, size: 20, root }, [strange]);
  assert.throws(
    () => acceptCheckpoint(at5, { note: unsigned, consistency }, open),
    coded('invalid-signature'),
  );
  assert.deepEqual(decodeLightClient(encodeLightClient(at20)), at20);
});

test('a light client checks blocks against what it holds', () => {
  const state = acceptCheckpoint(
    emptyLightClient(),
    { note: checkpointOf(chain, 20), consistency: [] },
    open,
  );
  const block = chain.blocks[13] as (typeof chain.blocks)[number];
  const claim = { origin: ORIGIN, block, size: 20, proof: inclusionProof(13, 20, chain.read()) };
  const verify = (changed: Partial<typeof claim>) =>
    verifyHeldBlock(state, { ...claim, ...changed }, nobleProvider);
  assert.equal(verify({}).payload, 'verified');
  assert.equal(verify({ block: headerForm(block) }).payload, 'absent');
  assert.throws(
    () => verify({ block: { ...block, payload: utf8('record 14') } }),
    coded('payload-mismatch'),
  );
  assert.throws(() => verify({ block: chain.blocks[12] as typeof block }), coded('invalid-proof'));
  assert.throws(() => verify({ size: 19 }), coded('stale-checkpoint'));
  assert.throws(() => verify({ origin: 'example.com/other' }), coded('stale-checkpoint'));
});

function snapshotOf(height: number): SnapshotProof {
  const builder = new TileBuilder();
  const covered = chain.blocks.slice(0, height);
  for (const block of covered) builder.append(leafHash(block.entry.bytes));
  const head = covered.at(-1) as (typeof covered)[number];
  return {
    namespace: chain.namespace,
    height,
    root: builder.root(),
    peaks: builder.range().peaks,
    headHash: blockHash(head.entry),
    blockCount: height,
    totalSizeBytes: wireSize(covered),
    createdMs: head.entry.header.timestampMs,
  };
}

test('a snapshot leads on to the next snapshot with nothing older', () => {
  const { keys } = chain;
  for (const [from, to] of [
    [1, 20],
    [7, 8],
    [8, 20],
    [20, 20],
  ] as const) {
    const start = snapshotOf(from);
    assert.deepEqual(decodeSnapshot(encodeSnapshot(start)), start);
    const blocks = chain.blocks.slice(from, to);
    const followed = verifyChainFromSnapshot(blocks, start, { keys });
    assert.deepEqual(followed.snapshot, snapshotOf(to));
    assert.equal(followed.signatures, 'verified');
    assert.equal(verifyChainFromSnapshot(blocks, start).signatures, 'unchecked');
  }
});

test('a wrong chain after a snapshot is refused with its own code', () => {
  const start = snapshotOf(10);
  const { keys } = chain;
  const next = chain.blocks.slice(10);
  const follow = (blocks: typeof next, from = start) =>
    verifyChainFromSnapshot(blocks, from, { keys });
  assert.throws(() => follow(next.slice(1)), coded('invalid-index'));
  assert.throws(() => follow(next, { ...start, headHash: start.root }), coded('broken-chain'));
  const later = { ...start, createdMs: 10 ** 12 };
  assert.throws(() => follow(next, later), coded('timestamp-regression'));
  assert.throws(() => follow(chainOf(22, 12).blocks.slice(10)), coded('wrong-namespace'));
  const first = next[0] as (typeof next)[number];
  assert.throws(() => follow([{ ...first, payload: utf8('x') }]), coded('payload-mismatch'));
  const signature = flipBit(first.entry.signature, 9);
  const forged = { entry: { ...first.entry, signature }, payload: first.payload };
  assert.throws(() => follow([forged]), coded('invalid-signature'));
  assert.throws(
    () => follow(next, { ...start, peaks: start.peaks.slice(1) }),
    coded('invalid-proof'),
  );
});

test('blocks that a snapshot covers verify with it, others do not', () => {
  const snapshot = snapshotOf(13);
  for (const [index, block] of chain.blocks.slice(0, 13).entries()) {
    const proof = inclusionProof(index, 13, chain.read(13));
    verifyWithSnapshot(block, proof, snapshot);
    const other = chain.blocks[(index + 1) % 13] as typeof block;
    assert.throws(() => verifyWithSnapshot(other, proof, snapshot), coded('invalid-proof'));
  }
  const stranger = chainOf(22, 2).blocks[1] as (typeof chain.blocks)[number];
  assert.throws(() => verifyWithSnapshot(stranger, [], snapshot), coded('wrong-namespace'));
  const checkpoint = { size: 13, root: snapshot.root };
  checkSnapshot(snapshot, checkpoint);
  const other = { size: 13, root: flipBit(snapshot.root, 0) as Hash32 };
  assert.throws(() => checkSnapshot(snapshot, other), coded('inconsistent-checkpoint'));
  assert.throws(() => checkSnapshot({ ...snapshot, blockCount: 12 }), coded('invalid-proof'));
});

test('decoders of the client throw nothing but ProtocolError', () => {
  const good = encodeSnapshot(snapshotOf(13));
  const text = fc.json().map(utf8);
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), text), fc.nat(), (noise, at) => {
      for (const bytes of [noise, flipBit(good, at), good.slice(0, at % good.length)]) {
        for (const decode of [decodeSnapshot, decodeLightClient]) {
          try {
            decode(bytes);
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error));
          }
        }
      }
    }),
    { numRuns: 400 },
  );
});
