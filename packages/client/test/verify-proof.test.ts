import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  concatBytes,
  createCosigner,
  createNoteKey,
  encodeBlock,
  formatVerifierKey,
  leafHash,
  parseTlogProof,
  parseVerifierKey,
  toHex,
  utf8,
} from '@basalt/protocol';
import fc from 'fast-check';
import { ClientError, createClient, proofPath, verifyProof } from '../src/index.ts';
import { isKeyBlock, seededSigner } from './fake-node.ts';
import { createSetup, isCode } from './setup.ts';

async function proven(): Promise<{
  text: string;
  payload: Uint8Array;
  block: Uint8Array;
  keyBlocks: Uint8Array;
  verifierKey: string;
}> {
  const { client, node, chain } = createSetup();
  const { namespace } = chain;
  const { text, block } = await client.prove({ namespace, index: 6 });
  return {
    text,
    payload: block.block.payload as Uint8Array,
    block: encodeBlock(block.block),
    keyBlocks: concatBytes(...chain.blocks.filter(isKeyBlock).map(encodeBlock)),
    verifierKey: node.verifierKey(chain),
  };
}

test('a proof file verifies without a network, and says how much', async () => {
  const { text, payload, keyBlocks, verifierKey } = await proven();
  const base = await verifyProof({ proof: text, verifierKeys: [verifierKey] });
  assert.deepEqual(base.verified, {
    payloadHash: false,
    signature: false,
    writer: false,
    inclusion: true,
    checkpoint: true,
    consistency: false,
    policy: false,
    trust: 'pinned',
  });
  assert.equal(base.header.index, 6);
  const policy = `log ${verifierKey}\nquorum none\n`;
  const full = await verifyProof({ proof: text, policy, payload, keyBlocks });
  assert.deepEqual(full.verified, {
    ...base.verified,
    payloadHash: true,
    signature: true,
    writer: true,
    policy: true,
  });
});

test('a client without a node verifies proofs', async () => {
  const { text, verifierKey } = await proven();
  const fetch = async (): Promise<Response> => assert.fail('no network');
  const client = createClient({ url: 'http://nowhere.test', fetch });
  const { checkpoint } = await client.verify({ proof: text, verifierKeys: [verifierKey] });
  assert.equal(checkpoint.size, 13);
});

test('without somebody to believe there is nothing to say', async () => {
  const { text } = await proven();
  await assert.rejects(verifyProof({ proof: text }), isCode('no-trust', 'usage'));
});

test('another record, another block, a policy that is not met', async () => {
  const { text, payload, verifierKey } = await proven();
  const verifierKeys = [verifierKey];
  const other = utf8('{"reading":5}');
  assert.equal(other.length, payload.length);
  await assert.rejects(
    verifyProof({ proof: text, verifierKeys, payload: other }),
    isCode('payload-mismatch', 'refused'),
  );
  const { chain } = createSetup();
  const block = encodeBlock(chain.blocks[7] as (typeof chain.blocks)[number]);
  await assert.rejects(
    verifyProof({ proof: text, verifierKeys, block }),
    isCode('wrong-block', 'refused'),
  );
  const witness = createCosigner('witness.test', seededSigner(77)).key;
  const lines = [`log ${verifierKey}`, `witness w ${formatVerifierKey(witness)}`, 'quorum w'];
  const policy = `${lines.join('\n')}\n`;
  await assert.rejects(
    verifyProof({ proof: text, policy }),
    isCode('policy-unsatisfied', 'refused'),
  );
});

test('a policy of several nodes: the key of the node that the checkpoint names', async () => {
  const { text, verifierKey } = await proven();
  const log = parseVerifierKey(verifierKey);
  const name = log.name.slice(0, log.name.indexOf('/ns/'));
  const node = formatVerifierKey(createNoteKey(name, log.type, log.publicKey));
  const { publicKey } = seededSigner(78);
  const other = formatVerifierKey(createNoteKey('other.test/log', log.type, publicKey));
  for (const lines of [
    [other, node],
    [node, other],
  ]) {
    const policy = `${lines.map((line) => `log ${line}\n`).join('')}quorum none\n`;
    const { verified } = await verifyProof({ proof: text, policy });
    assert.equal(verified.policy, true);
  }
  await assert.rejects(
    verifyProof({ proof: text, policy: `log ${other}\nquorum none\n` }),
    isCode('invalid-signature', 'refused'),
  );
});

test('a proof file without the entry needs the block', async () => {
  const { text, block, verifierKey } = await proven();
  const bare = text.replace(/^extra .*\n/m, '');
  assert.notEqual(bare, text);
  const verifierKeys = [verifierKey];
  await assert.rejects(
    verifyProof({ proof: bare, verifierKeys }),
    isCode('missing-block', 'usage'),
  );
  const { verified } = await verifyProof({ proof: bare, verifierKeys, block });
  assert.equal(verified.payloadHash, true);
});

test('property: a proof file with any one character changed is refused', async () => {
  const { text, keyBlocks, payload, verifierKey } = await proven();
  const verifierKeys = [verifierKey];
  await fc.assert(
    fc.asyncProperty(
      fc.nat(text.length - 1),
      fc.integer({ min: 32, max: 126 }),
      async (at, code) => {
        const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        if (changed === text) return;
        const asked = verifyProof({ proof: changed, verifierKeys, keyBlocks, payload });
        await assert.rejects(asked, (error) => error instanceof ClientError);
      },
    ),
    { numRuns: 300 },
  );
});

test('property: the drawn path ends in the root for every index and size', () => {
  const { chain, node } = createSetup(40);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 41 }), fc.nat(40), (size, seed) => {
      const index = seed % size;
      const proof = node.proofFor(chain, index, size);
      const hashes = (proof['hashes'] as string[]).map(bytesOf);
      const leaf = leafHash((chain.blocks[index] as (typeof chain.blocks)[number]).entry.bytes);
      const steps = proofPath(leaf, index, size, hashes);
      assert.equal(toHex(steps.at(-1)?.parent ?? leaf), proof['root']);
      assert.throws(() => proofPath(leaf, index, size, [...hashes, leaf]));
      if (hashes.length > 0) assert.throws(() => proofPath(leaf, index, size, hashes.slice(1)));
    }),
  );
});

test('the proof file of prove is one that others can read', async () => {
  const { text } = await proven();
  assert.ok(text.startsWith('c2sp.org/tlog-proof@v1\nextra '));
  assert.equal(parseTlogProof(text).index, 6);
});

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
