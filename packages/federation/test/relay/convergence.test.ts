import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Block, concatBytes, encodeBlock, type NamespaceId } from '@basalt/protocol';
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

const RELAYS = 50;
const ORIGIN = 0;

test('fifty relays, the origin dies: they agree on the most that any of them has', async () => {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const draw = seededUniform(50);
  const pick = (): number => 1 + Math.floor(draw() * RELAYS);
  const origin = await startTestNode({ network, time, number: ORIGIN, roles: ['origin'] });
  const relays: TestNode[] = [];
  for (let number = 1; number <= RELAYS; number++) {
    // A ring keeps them connected; three of ten also know the origin.
    const next = 1 + (number % RELAYS);
    const peers = new Set([next, pick(), ...(draw() < 0.3 ? [ORIGIN] : [])]);
    peers.delete(number);
    relays.push(await startTestNode({ network, time, number, peers: [...peers].map(urlOf) }));
  }
  const chains = [1, 2, 3].map((seed) => signedChain(seededSigner(seed), 300, `chain ${seed}`));
  for (const chain of chains) await origin.ledger.submit(chain.slice(0, 40));
  await time.advance(12_000);
  // Some hear the last words of the origin, others are cut off just then.
  const deaf = relays.filter(() => draw() < 0.5);
  for (const { url } of deaf) network.cutOff(url);
  for (const chain of chains)
    await origin.ledger.submit(chain.slice(40, 60 + Math.floor(draw() * 200)));
  await time.advance(6_000);
  network.cutOff(origin.url);
  for (const { url } of deaf) network.restore(url);
  const best = await mostOf(relays, chains);
  assert.ok(
    best.every(({ size }) => size > 40),
    'somebody heard',
  );
  const agree = async (): Promise<boolean> => {
    for (const { ledger } of relays) {
      for (const { namespace, size } of best) {
        if ((await ledger.info(namespace))?.size !== size) return false;
      }
    }
    return true;
  };
  assert.ok(
    await runUntil(time, agree, 240_000, 1_000),
    'all relays hold the highest common state',
  );
  const roots = new Set<string>();
  for (const { ledger } of relays) {
    const infos = await Promise.all(best.map(({ namespace }) => ledger.info(namespace)));
    roots.add(infos.map((info) => info?.root.join()).join(' '));
  }
  assert.equal(roots.size, 1);
  const kept = relays.filter(({ federation }) =>
    federation.status().origins.some((one) => one.origin === 'node-0.test' && one.logs > 0),
  );
  assert.ok(kept.length > 0, 'the dead origin’s checkpoints live on');
  assert.ok(relays.every(({ federation }) => federation.status().lies.length === 0));
  await stopAll(time, [...relays, origin]);
});

async function mostOf(
  relays: readonly TestNode[],
  chains: readonly (readonly Block[])[],
): Promise<{ namespace: NamespaceId; size: number }[]> {
  return Promise.all(
    chains.map(async (chain) => {
      const namespace = namespaceOf(chain);
      const infos = await Promise.all(relays.map(({ ledger }) => ledger.info(namespace)));
      return { namespace, size: Math.max(...infos.map((info) => info?.size ?? 0)) };
    }),
  );
}

test('blocks pushed into a ring of ten come round once, whoever pushes them', async () => {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const nodes: TestNode[] = [];
  for (let number = 0; number < 10; number++) {
    const peers = [urlOf((number + 1) % 10), urlOf((number + 9) % 10)];
    nodes.push(
      await startTestNode({
        network,
        time,
        number,
        peers,
        maxRelayHops: 10,
        acceptUnsignedRelay: number === 0,
      }),
    );
  }
  await time.advance(30_000);
  const chain = signedChain(seededSigner(3), 30);
  const namespace = namespaceOf(chain);
  await nodes[0]?.ledger.submit(chain.slice(0, 10));
  const allAt = async (size: number): Promise<boolean> =>
    (await Promise.all(nodes.map(({ ledger }) => ledger.info(namespace)))).every(
      (info) => info?.size === size,
    );
  assert.ok(await runUntil(time, () => allAt(10), 60_000));
  network.log.length = 0;
  const push = async (url: string, blocks: readonly Block[]): Promise<number> => {
    const body = concatBytes(...blocks.map(encodeBlock));
    const transport = network.transportOf('http://stranger.test');
    const request = { url, method: 'POST', target: '/relay', fields: {} } as const;
    return (await transport({ ...request, body, bytesMax: 65_536 })).status;
  };
  assert.equal(await push(urlOf(1), chain.slice(10, 20)), 401, 'unsigned, not taken');
  assert.equal(await push(urlOf(0), chain.slice(10, 20)), 200, 'unsigned, by setting');
  assert.ok(await runUntil(time, () => allAt(20), 5_000), 'pushed on');
  await time.advance(2_000);
  const pushes = network.log.filter(({ target }) => target === '/relay').length;
  // Two by the stranger; each of the ten edges once, the one where both ways meet twice.
  assert.ok(pushes <= 2 + 11, `${pushes} pushes`);
  await stopAll(time, nodes);
});
