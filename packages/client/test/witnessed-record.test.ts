import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createCosigner,
  createNoteKey,
  decodeBlock,
  encodeBlock,
  formatVerifierKey,
  headerForm,
  parsePolicy,
  parseVerifierKey,
  utf8,
} from '@basalt/protocol';
import {
  createMemoryStorage,
  readWitnessedRecord,
  type WitnessedRecord,
  type WitnessedRecordOptions,
} from '../src/index.ts';
import { type FakeNode, seededSigner } from './fake-node.ts';
import { createSetup, isCode } from './setup.ts';
import { createVirtualTime } from './virtual-time.ts';

const NOW_SECONDS = 1_760_000_000;
const one = createCosigner('one.test', seededSigner(81));
const two = createCosigner('two.test', seededSigner(82));

interface Witnessed {
  readonly node: FakeNode;
  readonly read: (options?: Partial<WitnessedRecordOptions>) => Promise<WitnessedRecord>;
}

/** A node whose super-log two witnesses cosign: the first now, the second some seconds ago. */
function createWitnessed(agoSeconds = 7): Witnessed {
  const { node, chain } = createSetup(5);
  node.cosigners = [
    [one, NOW_SECONDS],
    [two, NOW_SECONDS - agoSeconds],
  ];
  const { type, publicKey } = parseVerifierKey(node.verifierKey(chain));
  const nodeKey = createNoteKey(node.origin, type, publicKey);
  const policy = parsePolicy(
    `log ${formatVerifierKey(nodeKey)}\n` +
      `witness one ${formatVerifierKey(one.key)}\nwitness two ${formatVerifierKey(two.key)}\n` +
      'group both 2 one two\nquorum both\n',
  );
  const { clock, scheduler } = createVirtualTime(1000 * NOW_SECONDS);
  const { namespace } = chain;
  const base = { url: 'http://node.test', fetch: node.fetch, policy, clock, scheduler, retries: 0 };
  const read: Witnessed['read'] = (more) =>
    readWitnessedRecord({ ...base, ...more }, { namespace, index: 3 });
  return { node, read };
}

test('a witnessed record says when the quorum had cosigned', async () => {
  const { read } = createWitnessed();
  const { payload, checkpoint } = await read({ staleAfterSeconds: 7 });
  assert.deepEqual(payload, { status: 'verified', bytes: utf8('{"reading":3}') });
  assert.deepEqual(checkpoint.witnesses, ['one', 'two']);
  assert.equal(checkpoint.witnessedMs, 1000 * (NOW_SECONDS - 7));
});

test('an old witnessed checkpoint that is shown again is named stale', async () => {
  const { node, read } = createWitnessed(3_600);
  // Everything else about it holds, for somebody who was never there and for whoever comes back.
  assert.equal((await read()).checkpoint.witnesses.length, 2);
  const storage = createMemoryStorage();
  for (const limit of [60, 3_599]) {
    const asked = read({ staleAfterSeconds: limit, storage });
    await assert.rejects(asked, isCode('stale-checkpoint', 'refused'));
  }
  await read({ staleAfterSeconds: 3_600, storage });
  // One witness alone does not make it young; both do.
  node.cosigners = [
    [one, NOW_SECONDS],
    [two, NOW_SECONDS],
  ];
  await read({ staleAfterSeconds: 60, storage });
  // A clock that is wrong by hours cannot tell: it is not taken for a fresh checkpoint.
  const late = createVirtualTime(1000 * (NOW_SECONDS - 3_600));
  const asked = read({ staleAfterSeconds: 60, clock: late.clock, scheduler: late.scheduler });
  await assert.rejects(asked, isCode('clock-skew', 'refused'));
});

test('a payload that was taken out on the way is absent, not empty', async () => {
  const { node, read } = createWitnessed();
  node.intercept = async ({ path }, answer) => {
    const response = await answer();
    if (!path.endsWith('/blocks/3')) return response;
    const block = decodeBlock(new Uint8Array(await response.arrayBuffer()));
    return new Response(new Uint8Array(encodeBlock(headerForm(block))));
  };
  const { payload, block } = await read();
  assert.deepEqual(payload, { status: 'absent' });
  assert.equal(block.verified.inclusion, true);
});

test('without a quorum nothing is called witnessed, and no age can be asked for', async () => {
  const { read, node } = createWitnessed();
  const policy = parsePolicy(`log ${node.verifierKey(node.superChain)}\nquorum none\n`);
  await assert.rejects(read({ policy }), isCode('no-trust', 'usage'));
  const { another } = createSetup(1);
  assert.throws(() => another({ staleAfterSeconds: 60 }), isCode('no-trust', 'usage'));
});
