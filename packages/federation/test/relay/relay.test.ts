import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamespaceId } from '@basalt/protocol';
import { MemoryNetwork } from '../support/memory-network.ts';
import {
  namespaceOf,
  readRoutes,
  runUntil,
  seededSigner,
  signedChain,
  startTestNode,
  stopAll,
  type TestNode,
  TestTime,
  urlOf,
} from '../support/node.ts';

test('a relay copies what its origin had before it and what comes after', async () => {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const blocks = signedChain(seededSigner(1), 700);
  const namespace = namespaceOf(blocks);
  const origin = await startTestNode({
    network,
    time,
    number: 1,
    roles: ['origin'],
    peers: [urlOf(2)],
  });
  await origin.ledger.submit(blocks.slice(0, 600));
  const relay = await startTestNode({ network, time, number: 2, peers: [urlOf(1)] });
  const sizeAt = async (): Promise<number> => (await relay.ledger.info(namespace))?.size ?? 0;
  assert.ok(await runUntil(time, async () => (await sizeAt()) === 600), 'copied');
  network.log.length = 0;
  await origin.ledger.submit(blocks.slice(600));
  assert.ok(await runUntil(time, async () => (await sizeAt()) === 700, 1_000), 'followed');
  const info = await relay.ledger.info(namespace);
  assert.deepEqual(info?.root, (await origin.ledger.info(namespace))?.root);
  assert.deepEqual(relay.federation.status().lies, []);
  const [told] = relay.federation.status().origins;
  assert.equal(told?.origin, 'node-1.test');
  assert.ok((told?.logs ?? 0) >= 1);
  assert.ok(network.log.some(({ target }) => target === '/announce'));
  await stopAll(time, [relay, origin]);
});

test('a node that speaks no federation is copied from its lists', async () => {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const blocks = signedChain(seededSigner(1), 300);
  const namespace = namespaceOf(blocks);
  const origin = await startTestNode({ network, time, number: 1, roles: ['origin'] });
  network.add({ url: origin.url, routes: readRoutes(origin.ledger, ['origin']) });
  await origin.ledger.submit(blocks.slice(0, 200));
  const relay = await startTestNode({ network, time, number: 2, peers: [urlOf(1)] });
  const isAt = (size: number) => async (): Promise<boolean> =>
    (await relay.ledger.info(namespace))?.checkpointSize === size;
  assert.ok(await runUntil(time, isAt(200), 30_000));
  await origin.ledger.submit(blocks.slice(200));
  assert.ok(await runUntil(time, isAt(300), 30_000));
  const [peer] = relay.federation.status().peers;
  assert.deepEqual([peer?.failures, peer?.problem], [0, undefined]);
  await stopAll(time, [relay, origin]);
});

/** A ring: each node knows the next one only, and is told by the one before. */
async function startRing(count: number): Promise<{
  network: MemoryNetwork;
  time: TestTime;
  nodes: TestNode[];
}> {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const nodes: TestNode[] = [];
  for (let number = 0; number < count; number++) {
    const peers = [urlOf((number + 1) % count), urlOf((number + count - 1) % count)];
    nodes.push(await startTestNode({ network, time, number, peers, maxRelayHops: 16 }));
  }
  // All have met: the first round of some found others not yet there.
  await time.advance(30_000);
  return { network, time, nodes };
}

async function allAt(
  nodes: readonly TestNode[],
  namespace: NamespaceId,
  size: number,
): Promise<boolean> {
  for (const { ledger } of nodes) {
    if ((await ledger.info(namespace))?.size !== size) return false;
  }
  return true;
}

test('a ring of ten relays: a block goes round once and the ring falls silent', async () => {
  const { network, time, nodes } = await startRing(10);
  const blocks = signedChain(seededSigner(3), 20);
  const namespace = namespaceOf(blocks);
  await nodes[0]?.ledger.submit(blocks.slice(0, 1));
  assert.ok(await runUntil(time, () => allAt(nodes, namespace, 1), 30_000), 'genesis everywhere');
  for (const block of blocks.slice(1)) {
    network.log.length = 0;
    await nodes[0]?.ledger.submit([block]);
    const size = block.entry.header.index + 1;
    assert.ok(await runUntil(time, () => allAt(nodes, namespace, size), 2_000), `block ${size}`);
    await time.advance(300);
    const announces = network.log.filter(({ target }) => target === '/announce').length;
    // Ten nodes with two neighbours each: nobody tells anybody twice.
    assert.ok(announces >= 9 && announces <= 20, `${announces} announcements`);
  }
  network.log.length = 0;
  await time.advance(1_000);
  assert.equal(network.log.filter(({ target }) => target === '/announce').length, 0);
  await stopAll(time, nodes);
});
