import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeBlock } from '../src/block/block.ts';
import { blockHash } from '../src/block/hash.ts';
import { PAYLOAD_TYPE } from '../src/block/payload-types.ts';
import type { Hash32 } from '../src/brands.ts';
import { toHex, utf8 } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { createCosigner, createNoteSigner, signCheckpoint } from '../src/note/signer.ts';
import { openCheckpoint } from '../src/note/verifier.ts';
import {
  checkCheckpointPayload,
  checkpointImprint,
  checkpointPayloadNote,
  decodeCheckpointPayload,
  encodeCheckpointPayload,
} from '../src/payload/checkpoint-payload.ts';
import {
  type CrossReference,
  decodeCrossReference,
  encodeCrossReference,
  verifyCrossReference,
} from '../src/payload/cross-reference.ts';
import { nobleProvider } from '../src/suites/noble.ts';
import { proveInSuperTree } from '../src/super/super-proof.ts';
import { encodeSuperRoot } from '../src/super/super-root.ts';
import { emptySuperTree, setSuperValue, superTreeRoot } from '../src/super/super-tree.ts';
import { sha256 } from '../src/tree/hash.ts';
import { inclusionProof, treeRoot } from '../src/tree/proof.ts';
import { chainOf, testChain, testSigner } from './client-helpers.ts';
import { flipBit } from './tree-helpers.ts';

const coded = (code: string) => (error: unknown) =>
  error instanceof ProtocolError && error.code === code;

test('a checkpoint in the chain covers the blocks before it', () => {
  const chain = chainOf(1, 5);
  const origin = `example.com/ns/${chain.namespace}`;
  const log = createNoteSigner(origin, testSigner(7));
  const witness = createCosigner('witness.example', testSigner(8));
  const root = treeRoot(5, chain.read());
  const note = signCheckpoint({ origin, size: 5, root }, [log, witness], 1_700_000_000);
  const payload = {
    noteText: note.text,
    signatures: note.signatures,
    aggregate: undefined,
    pruningBoundary: 3,
    blockCount: 5,
    timestampToken: Uint8Array.of(0x30, 0),
  };
  const bytes = encodeCheckpointPayload(payload);
  const block = chain.add(bytes, 2000, PAYLOAD_TYPE.checkpoint);
  const read = decodeCheckpointPayload(block.payload as Uint8Array);
  assert.deepEqual(read, payload);
  assert.deepEqual(checkCheckpointPayload(read, block.entry.header, root).root, root);
  assert.deepEqual(checkpointImprint(read), sha256(utf8(note.text)));
  const held = checkpointPayloadNote(read);
  assert.ok(held !== undefined);
  const opened = openCheckpoint(held, [log.key], nobleProvider, { witnesses: [witness.key] });
  assert.equal(opened.verified.length, 2);

  const other = flipBit(root, 5) as Hash32;
  const inconsistent = coded('inconsistent-checkpoint');
  assert.throws(() => checkCheckpointPayload(read, block.entry.header, other), inconsistent);
  assert.throws(() => checkCheckpointPayload(read, { index: 6 }, root), inconsistent);
  const malformed = coded('malformed');
  assert.throws(() => encodeCheckpointPayload({ ...payload, pruningBoundary: 6 }), malformed);
  assert.throws(() => encodeCheckpointPayload({ ...payload, blockCount: 4 }), malformed);
  const empty = { ...payload, timestampToken: new Uint8Array(0) };
  assert.throws(() => encodeCheckpointPayload(empty), malformed);
  assert.throws(
    () => encodeCheckpointPayload({ ...payload, noteText: `${note.text}extension\n` }),
    coded('invalid-note'),
  );
  const bare = { ...payload, signatures: [], timestampToken: undefined };
  assert.deepEqual(decodeCheckpointPayload(encodeCheckpointPayload(bare)), bare);
  assert.equal(checkpointPayloadNote(bare), undefined);
});

/** A target of four blocks, a super-log that names it at its second block, a source. */
function world() {
  const target = chainOf(2, 4);
  const source = testChain(3, 5000);
  const superLog = testChain(4);
  const size = target.blocks.length;
  const value = {
    size,
    root: treeRoot(size, target.read()),
    headHash: target.tip().headHash,
  };
  const tree = setSuperValue(emptySuperTree(), target.namespace, value);
  const superRoot = {
    epoch: 1,
    timestampMs: 4000,
    namespaceCount: 1,
    root: superTreeRoot(tree),
  };
  const superBlock = superLog.add(encodeSuperRoot(superRoot), 4000);
  superLog.add(utf8('later'));
  const head = { size: 3, root: treeRoot(3, superLog.read()) };
  const targetEntry = target.blocks[2]?.entry as CrossReference['targetEntry'];
  const reference: CrossReference = {
    sourceNamespace: source.namespace,
    sourceBlock: source.tip().headHash,
    targetNamespace: target.namespace,
    targetBlock: blockHash(targetEntry),
    timestampMs: 5500,
    targetEntry,
    proof: inclusionProof(2, size, target.read()),
    superInclusion: {
      treeProof: proveInSuperTree(tree, target.namespace),
      superBlock: encodeBlock(superBlock),
      size: 3,
      proof: inclusionProof(1, 3, superLog.read()),
    },
  };
  return { target, source, head, reference, tree };
}

test('a cross-reference proves its target under a head of the super-log', () => {
  const { source, head, reference, target, tree } = world();
  const bytes = encodeCrossReference(reference);
  const block = source.add(bytes, 6000, PAYLOAD_TYPE.crossReference);
  const read = decodeCrossReference(block.payload as Uint8Array);
  assert.deepEqual(read, reference);
  const { header } = block.entry;
  const verify = (changed: Partial<CrossReference>, options = {}) =>
    verifyCrossReference({ ...read, ...changed }, header, head, nobleProvider, options);
  const statement = verify({}, { superIndexMax: 1 });
  assert.equal(statement.superIndex, 1);
  assert.equal(statement.value?.size, 4);

  const invalid = coded('invalid-reference');
  assert.throws(() => verify({ timestampMs: 6001 }), invalid, 'reference after its block');
  assert.throws(() => verify({ timestampMs: 3999 }), invalid, 'super-root after the reference');
  assert.throws(() => verify({ timestampMs: 1 }), invalid, 'target after the reference');
  assert.throws(() => verify({}, { superIndexMax: 0 }), invalid, 'super-root of a later epoch');
  assert.throws(() => verify({ sourceNamespace: target.namespace }), invalid);
  assert.throws(() => verify({ targetNamespace: source.namespace }), invalid);
  assert.throws(() => verify({ targetBlock: source.tip().headHash }), invalid);
  const otherEntry = target.blocks[1]?.entry as CrossReference['targetEntry'];
  assert.throws(() => verify({ targetEntry: otherEntry }), invalid);
  const swapped = { targetEntry: otherEntry, targetBlock: blockHash(otherEntry) };
  assert.throws(() => verify(swapped), coded('invalid-proof'));
  assert.throws(() => verify({ proof: read.proof.slice(1) }), coded('invalid-proof'));
  const other = { size: 3, root: flipBit(head.root, 1) };
  assert.throws(
    () => verifyCrossReference(read, header, other, nobleProvider),
    coded('invalid-proof'),
  );
  const stranger = setSuperValue(emptySuperTree(), source.namespace, {
    size: 1,
    root: head.root,
    headHash: source.tip().headHash,
  });
  const absent = {
    ...read.superInclusion,
    treeProof: proveInSuperTree(stranger, target.namespace),
  };
  assert.throws(() => verify({ superInclusion: absent }), coded('invalid-proof'));
  assert.equal(tree.count, 1);
});

test('any flipped byte of a cross-reference is refused', () => {
  const { source, head, reference } = world();
  const bytes = encodeCrossReference(reference);
  const block = source.add(bytes, 6000, PAYLOAD_TYPE.crossReference);
  // Free to choose, so nothing contradicts them: the source block (which only the source's chain
  // can tell) and when the reference was made, between super-root and block.
  const free = (at: number) => (at >= 17 && at < 49) || (at >= 97 && at < 105);
  for (let at = 0; at < bytes.length; at++) {
    if (free(at)) continue;
    const wrong = flipBit(bytes, 8 * at + (at % 8));
    assert.throws(
      () =>
        verifyCrossReference(decodeCrossReference(wrong), block.entry.header, head, nobleProvider),
      ProtocolError,
      `byte ${at}`,
    );
  }
});

test('payload decoders throw nothing but ProtocolError', () => {
  const good = [encodeCrossReference(world().reference)];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (noise, at) => {
      const spoilt = flipBit(good[0] as Uint8Array, at);
      const cut = spoilt.slice(0, at % spoilt.length);
      for (const bytes of [noise, Uint8Array.of(1, ...noise), spoilt, cut]) {
        for (const decode of [decodeCheckpointPayload, decodeCrossReference]) {
          try {
            decode(bytes);
          } catch (error) {
            assert.ok(error instanceof ProtocolError, `${String(error)} on ${toHex(bytes)}`);
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});
