import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoteSigner, formatVerifierKey, sha256, toHex, utf8 } from '@basalt/protocol';
import { type Client, createClient } from '../src/index.ts';
import { type FakeChain, FakeNode, seededSigner } from './fake-node.ts';
import { createSetup, isCode } from './setup.ts';
import { createSeededRandom, createVirtualTime } from './virtual-time.ts';

interface Copied {
  readonly origin: FakeNode;
  readonly chain: FakeChain;
  readonly copy: FakeNode;
  readonly copied: FakeChain;
  /** Notes of the origin that the copy keeps, by path. */
  readonly kept: Map<string, string>;
  /** By default under the key of the log. */
  readonly reader: (policy?: string) => Client;
}

/** A node that copies a namespace of 21 blocks and keeps the origin's note of `keptSize`. */
function createCopied(keptSize = 13): Copied {
  const { node: origin, chain } = createSetup(20);
  const { namespace } = chain;
  const copy = new FakeNode('copy.test');
  copy.logSigner = seededSigner(201);
  const name = `copy.test/ns/${namespace}`;
  const copied = { ...chain, origin: name, blocks: [], leaves: [], covered: 0 };
  copy.chains.set(namespace, copied);
  for (const block of chain.blocks) copy.push(copied, block);
  const path = `/mirrors/${toHex(sha256(utf8(origin.origin)))}/ns/${namespace}/checkpoint`;
  const kept = new Map([[path, origin.noteFor(chain, keptSize)]]);
  copy.intercept = (request) => {
    const note = kept.get(request.path);
    return note === undefined ? undefined : new Response(note);
  };
  const own = `log ${origin.verifierKey(chain)}\nquorum none\n`;
  const reader = (policy = own): Client => {
    const { clock, scheduler } = createVirtualTime();
    const random = createSeededRandom(1);
    const base = { url: 'http://copy.test', fetch: copy.fetch, clock, scheduler, random };
    return createClient({ ...base, policy, retries: 0 });
  };
  return { origin, chain, copy, copied, kept, reader };
}

test('a copy is read under the key of the origin, by the note that it keeps', async () => {
  for (const keptSize of [13, 21]) {
    const { chain, reader } = createCopied(keptSize);
    const { namespace } = chain;
    const client = reader();
    const { verified, block } = await client.get({ namespace, index: 4 });
    assert.deepEqual(block.payload, chain.blocks[4]?.payload);
    assert.ok(verified.inclusion && verified.writer && verified.policy);
    assert.equal(verified.trust, 'pinned');
    const page = await client.list({ namespace, from: 2, count: 9 });
    assert.equal(page.length, 9);
    assert.ok(page.every((one) => one.verified.inclusion));
    const newest = await client.checkpoint(namespace);
    assert.equal(newest.checkpoint.size, keptSize);
    assert.equal(newest.checkpoint.origin, chain.origin);
    // Its proofs stand under its own signature: no file is made that the policy would refuse.
    await assert.rejects(client.prove({ namespace, index: 4 }), isCode('invalid-signature'));
  }
});

test('what the note of the origin does not cover is not passed off as covered', async () => {
  const { chain, copy, reader } = createCopied();
  const { namespace } = chain;
  const asked = reader().get({ namespace, index: 13 });
  await assert.rejects(asked, isCode('not-covered', 'rejected'));
  await assert.rejects(reader().list({ namespace, from: 10, count: 9 }), isCode('not-covered'));
  const options = { inclusion: 'if-covered' } as const;
  const { status, verified, proof } = await reader().get({ namespace, index: 15 }, options);
  assert.deepEqual([status, verified.inclusion, verified.writer], ['verified', false, true]);
  assert.equal(proof, undefined);
  copy.seen.length = 0;
  const page = await reader().list({ namespace, from: 10, count: 11 }, options);
  assert.deepEqual(
    page.map((one) => one.verified.inclusion),
    page.map((one) => one.index < 13),
  );
  assert.equal(page.at(-1)?.index, 20);
  // Those behind the first that is not covered are not asked for.
  assert.equal(copy.seen.filter(({ path }) => path.includes('/proof?')).length, 4);
});

test('a block at a copy waits for the note of the origin that covers it', async () => {
  for (const isPage of [false, true]) {
    const { origin, chain, copy, kept, reader } = createCopied();
    const { namespace } = chain;
    const [path = ''] = kept.keys();
    const answer = copy.intercept;
    let asked = 0;
    copy.intercept = (request, inner) => {
      // The first three are asked for in vain.
      if (request.path === path && ++asked === 4) kept.set(path, origin.noteFor(chain, 16));
      return answer?.(request, inner);
    };
    const client = reader();
    const range = { namespace, from: 12, count: 4 };
    const one = isPage
      ? (await client.list(range)).at(-1)
      : await client.get({ namespace, index: 15 });
    assert.equal(one?.index, 15);
    assert.ok(one.verified.inclusion && one.verified.policy);
    assert.ok(asked >= 4);
  }
});

test('a copy with another history, or without the note of the origin, is refused', async () => {
  const { chain, copy, copied, kept, reader } = createCopied();
  const { namespace } = chain;
  const [path = '', note = ''] = [...kept][0] ?? [];
  copied.leaves[6] = copied.leaves[7] as (typeof copied.leaves)[number];
  await assert.rejects(reader().get({ namespace, index: 4 }), isCode('invalid-proof', 'refused'));
  kept.set(path, copy.noteFor(copied, 13));
  const unsigned = reader().get({ namespace, index: 4 });
  await assert.rejects(unsigned, isCode('invalid-signature', 'refused'));
  kept.clear();
  await assert.rejects(reader().get({ namespace, index: 4 }), (error) => {
    assert.ok(isCode('invalid-signature', 'refused')(error));
    assert.match(String(error), /signed by copy\.test\/ns\/.* and not by node\.test\/ns\//);
    return true;
  });
  assert.ok(note.startsWith(chain.origin));
});

test('of several nodes whose keys were given, the one that the copy keeps is read', async () => {
  const { origin, chain, copied, kept, reader } = createCopied();
  const { namespace } = chain;
  const nodeKey = (name: string, seed: number): string =>
    `log ${formatVerifierKey(createNoteSigner(name, seededSigner(seed)).key)}\n`;
  const others = Array.from({ length: 3 }, (_, place) =>
    nodeKey(`other${place}.test`, 202 + place),
  );
  const own = nodeKey(origin.origin, 200);
  const logKey = `log ${origin.verifierKey(chain)}\n`;
  const otherLog = nodeKey(`other.test/ns/${namespace}`, 205);
  for (const keys of [
    [own, ...others],
    [...others, own],
    [logKey, otherLog],
    [otherLog, logKey],
  ]) {
    const client = reader(`${keys.join('')}quorum none\n`);
    const { verified } = await client.get({ namespace, index: 4 });
    assert.ok(verified.inclusion && verified.policy, keys.join(''));
    assert.equal((await client.checkpoint(namespace)).checkpoint.origin, chain.origin);
  }
  // What is kept under a name is believed by the key of that name alone.
  const [[path, note] = ['', '']] = kept;
  const otherPath = path.replace(/[0-9a-f]{64}/, toHex(sha256(utf8('other0.test'))));
  kept.set(otherPath, note);
  const both = `${others.join('')}${own}quorum none\n`;
  await assert.rejects(reader(both).get({ namespace, index: 4 }), isCode('invalid-signature'));
  kept.clear();
  await assert.rejects(reader(both).get({ namespace, index: 4 }), (error) => {
    assert.ok(isCode('invalid-signature', 'refused')(error));
    for (const name of ['other0.test', 'other2.test', origin.origin]) {
      assert.ok(String(error).includes(`${name}/ns/${namespace}`), String(error));
    }
    return true;
  });
  assert.notEqual(copied.origin, chain.origin);
});
