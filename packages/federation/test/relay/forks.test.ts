import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamespaceInfo } from '@basalt/ledger';
import {
  createNoteSigner,
  encodeForkProof,
  formatNote,
  type Hash32,
  parseCheckpoint,
  parseNote,
  signCheckpoint,
  toHex,
} from '@basalt/protocol';
import { seededUniform } from '../../../../tools/testing/random.ts';
import { MemoryNetwork } from '../support/memory-network.ts';
import {
  namespaceOf,
  runUntil,
  seededSigner,
  signedChain,
  startTestNode,
  stopAll,
  type TestNode,
  TestTime,
  urlOf,
} from '../support/node.ts';

const COMPARE_MS = 10_000;

async function startNodes(
  count: number,
  peersOf: (number: number) => number[],
): Promise<{
  network: MemoryNetwork;
  time: TestTime;
  nodes: TestNode[];
}> {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const nodes: TestNode[] = [];
  for (let number = 0; number < count; number++) {
    const peers = peersOf(number).map(urlOf);
    nodes.push(
      await startTestNode({ network, time, number, peers, compareIntervalMs: COMPARE_MS }),
    );
  }
  await time.advance(3 * COMPARE_MS);
  return { network, time, nodes };
}

/** Each node with the next and the one before, and one seeded chord. */
function neighbours(count: number, seed: number): (number: number) => number[] {
  const draw = seededUniform(seed);
  const chords = Array.from({ length: count }, () => Math.floor(draw() * count));
  return (number) => {
    const own = [(number + 1) % count, (number + count - 1) % count, chords[number] ?? 0];
    return [...new Set(own)].filter((other) => other !== number);
  };
}

for (const seed of [1, 2, 3]) {
  test(`a fork freezes ten nodes within two announce rounds (seed ${seed})`, async () => {
    const { network, time, nodes } = await startNodes(10, neighbours(10, seed));
    const writer = seededSigner(9);
    const honest = signedChain(writer, 12, 'forked');
    const rival = signedChain(writer, 12, 'forked', { from: 10, variant: 'rewritten' });
    const namespace = namespaceOf(honest);
    // The writer shows one history to node 0 and another to node 5 at the same moment.
    await nodes[0]?.ledger.submit(honest.slice(0, 10));
    const synced = async (): Promise<boolean> =>
      (await Promise.all(nodes.map(({ ledger }) => ledger.info(namespace)))).every(
        (info) => info?.size === 10,
      );
    assert.ok(await runUntil(time, synced, 30_000));
    network.log.length = 0;
    const startedMs = time.nowMs();
    await Promise.all([
      nodes[0]?.ledger.submit(honest.slice(10)),
      nodes[5]?.ledger.submit(rival.slice(10)),
    ]);
    const frozen = async (): Promise<boolean> =>
      (await Promise.all(nodes.map(({ ledger }) => ledger.info(namespace)))).every(
        (info) => info?.frozenAt === 10,
      );
    assert.ok(await runUntil(time, frozen, 2 * COMPARE_MS), 'frozen everywhere');
    const tookMs = time.nowMs() - startedMs;
    assert.ok(tookMs < 2_000, `${tookMs} ms`);
    const proofs = await Promise.all(nodes.map(({ ledger }) => ledger.forkProofs(namespace)));
    assert.ok(proofs.every((one) => one.length > 0));
    // And it ends: nothing goes round any more, nobody pulls the other branch again.
    await time.advance(2 * COMPARE_MS);
    network.log.length = 0;
    await time.advance(3 * COMPARE_MS);
    const calls = network.log.filter(({ target }) => /^\/(forks|announce|relay)/.test(target));
    assert.equal(calls.length, 0);
    const blocks = network.log.filter(({ target }) => target.includes('/blocks'));
    assert.ok(blocks.length < 80, `${blocks.length} reads of blocks in three rounds`);
    await stopAll(time, nodes);
  });
}

test('a fork proof needs no signature of its bearer, and a made-up one goes nowhere', async () => {
  const { network, time, nodes } = await startNodes(2, (number) => [1 - number]);
  const writer = seededSigner(9);
  const honest = signedChain(writer, 6, 'forked');
  const rival = signedChain(writer, 6, 'forked', { from: 4, variant: 'other' });
  const namespace = namespaceOf(honest);
  await nodes[0]?.ledger.submit(honest);
  const has = async (): Promise<boolean> =>
    (await nodes[1]?.ledger.info(namespace))?.checkpointSize === 6;
  assert.ok(await runUntil(time, has, 30_000));
  const transport = network.transportOf('http://stranger.test');
  const post = async (body: Uint8Array): Promise<unknown> => {
    const request = { url: urlOf(1), method: 'POST', target: '/forks', fields: {} } as const;
    const reply = await transport({ ...request, body, bytesMax: 4_096 });
    return JSON.parse(new TextDecoder().decode(reply.body));
  };
  const first = honest[4]?.entry;
  const second = rival[4]?.entry;
  assert.ok(first !== undefined && second !== undefined);
  const proof = encodeForkProof({ kind: 'blocks', first, second });
  const forged = proof.slice();
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  assert.deepEqual(await post(forged), { status: 'refused' });
  assert.deepEqual(await post(new Uint8Array([1, 2, 3])), { status: 'refused' });
  assert.equal((await nodes[1]?.ledger.info(namespace))?.frozenAt, undefined);
  assert.deepEqual(await post(proof), { status: 'frozen' });
  assert.deepEqual(await post(proof), { status: 'known' });
  const frozen = async (): Promise<boolean> =>
    (await nodes[0]?.ledger.info(namespace))?.frozenAt === 4;
  assert.ok(await runUntil(time, frozen, 1_000), 'told on');
  assert.equal(
    toHex((await nodes[0]?.ledger.forkProofs(namespace))?.[0] ?? new Uint8Array(0)),
    toHex(proof),
  );
  await stopAll(time, nodes);
});

test('a proof about blocks that are not here yet waits for them', async () => {
  const { network, time, nodes } = await startNodes(2, (number) => [1 - number]);
  const writer = seededSigner(9);
  const honest = signedChain(writer, 6, 'forked');
  const rival = signedChain(writer, 6, 'forked', { from: 4, variant: 'other' });
  const namespace = namespaceOf(honest);
  const node = nodes[1] as TestNode;
  await node.ledger.submit(honest.slice(0, 3));
  const entries = [honest[4]?.entry, rival[4]?.entry];
  assert.ok(entries[0] !== undefined && entries[1] !== undefined);
  const body = encodeForkProof({ kind: 'blocks', first: entries[0], second: entries[1] });
  const transport = network.transportOf('http://stranger.test');
  const request = { url: node.url, method: 'POST', target: '/forks', fields: {} } as const;
  const reply = await transport({ ...request, body, bytesMax: 4_096 });
  assert.equal(new TextDecoder().decode(reply.body), '{"status":"waiting"}');
  assert.equal(node.federation.status().forksWaiting, 1);
  await node.ledger.submit(honest.slice(3));
  const frozen = async (): Promise<boolean> => (await node.ledger.info(namespace))?.frozenAt === 4;
  assert.ok(await runUntil(time, frozen, 1_000));
  await stopAll(time, nodes);
});

test('proofs of one log are kept and told on up to a bound, and work beyond it', async () => {
  const { network, time, nodes } = await startNodes(2, (number) => [1 - number]);
  const writer = seededSigner(9);
  const honest = signedChain(writer, 24, 'forked');
  const rival = signedChain(writer, 24, 'forked', { from: 1, variant: 'other' });
  const node = nodes[1] as TestNode;
  await node.ledger.submit(honest.slice(0, 2));
  await time.advance(3 * COMPARE_MS);
  const transport = network.transportOf('http://stranger.test');
  const request = { url: node.url, method: 'POST', target: '/forks', fields: {} } as const;
  const post = async (index: number): Promise<string> => {
    const [first, second] = [honest[index]?.entry, rival[index]?.entry];
    assert.ok(first !== undefined && second !== undefined);
    const body = encodeForkProof({ kind: 'blocks', first, second });
    const reply = await transport({ ...request, body, bytesMax: 4_096 });
    return new TextDecoder().decode(reply.body);
  };
  for (let i = 23; i > 3; i--) assert.equal(await post(i), '{"status":"waiting"}');
  await time.advance(1_000);
  const told = network.log.filter(({ from, target }) => from === node.url && target === '/forks');
  assert.equal(told.length, 16);
  assert.equal(await post(1), '{"status":"frozen"}');
  const frozen = async (): Promise<boolean> =>
    (await nodes[0]?.ledger.info(namespaceOf(honest)))?.frozenAt === 1;
  assert.ok(await runUntil(time, frozen, 1_000), 'told on by the one that froze');
  await stopAll(time, nodes);
});

test('two heads of one log go round, and its checkpoints are followed no more', async () => {
  const { network, time, nodes } = await startNodes(3, (number) =>
    [0, 1, 2].filter((other) => other !== number),
  );
  const [zero] = nodes as [TestNode];
  const chain = signedChain(seededSigner(9), 6, 'forked');
  const namespace = namespaceOf(chain);
  await zero.ledger.submit(chain);
  await time.advance(4 * COMPARE_MS);
  const note = (await zero.ledger.checkpoint(namespace)) ?? '';
  const { origin, size } = parseCheckpoint(parseNote(note).text);
  const signer = createNoteSigner(origin, seededSigner(1_000));
  const root = new Uint8Array(32).fill(7) as Hash32;
  const second = formatNote(signCheckpoint({ origin, size, root }, signer));
  const body = encodeForkProof({ kind: 'checkpoints', first: note, second });
  const transport = network.transportOf('http://stranger.test');
  // Who has met node 0 knows its key, and so can judge.
  const request = { url: urlOf(2), method: 'POST', target: '/forks', fields: {} } as const;
  const reply = await transport({ ...request, body, bytesMax: 4_096 });
  assert.equal(new TextDecoder().decode(reply.body), '{"status":"frozen"}');
  await time.advance(100);
  for (const { federation } of nodes) {
    assert.deepEqual(federation.status().twoHeadedLogs, [origin]);
  }
  network.log.length = 0;
  await time.advance(3 * COMPARE_MS);
  assert.equal(network.log.filter(({ target }) => target === '/forks').length, 0);
  await stopAll(time, nodes);
});

test('an origin set back to an old copy is found out, by followers it does not know', async () => {
  // 0 <- 1 <- 2 <- 3: nobody knows its followers.
  const { network, time, nodes } = await startNodes(4, (number) =>
    number === 0 ? [] : [number - 1],
  );
  const writer = seededSigner(9);
  const honest = signedChain(writer, 12, 'forked');
  const rival = signedChain(writer, 9, 'forked', { from: 8, variant: 'after the copy' });
  const namespace = namespaceOf(honest);
  await nodes[0]?.ledger.submit(honest);
  const infos = (): Promise<(NamespaceInfo | undefined)[]> =>
    Promise.all(nodes.map(({ ledger }) => ledger.info(namespace)));
  const synced = async (): Promise<boolean> => (await infos()).every((info) => info?.size === 12);
  assert.ok(await runUntil(time, synced, 10 * COMPARE_MS));
  await stopAll(time, nodes.splice(0, 1));
  // The same key and address with a store of before, and it goes on from there.
  const again = await startTestNode({ network, time, number: 0, peers: [] });
  await again.ledger.submit(rival);
  nodes.unshift(again);
  const startedMs = time.nowMs();
  const frozen = async (): Promise<boolean> =>
    (await infos()).every((info) => info?.frozenAt === 8);
  assert.ok(await runUntil(time, frozen, 10 * COMPARE_MS), 'frozen everywhere');
  // Two rounds of the farthest: it learns it from one who learned it from one.
  const tookMs = time.nowMs() - startedMs;
  assert.ok(tookMs <= 2 * 1.25 * COMPARE_MS + 2_000, `${tookMs} ms`);
  await time.advance(2 * COMPARE_MS);
  network.log.length = 0;
  await time.advance(3 * COMPARE_MS);
  const told = network.log.filter(({ target }) => target === '/forks');
  assert.equal(told.length, 0);
  await stopAll(time, nodes);
});
