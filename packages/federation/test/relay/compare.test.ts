import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ledger, NamespaceInfo } from '@basalt/ledger';
import {
  type BlockHash,
  type Hash32,
  type NamespaceId,
  namespaceId,
  sha256,
  utf8,
} from '@basalt/protocol';
import { createPeerCaller } from '../../src/peer/peer-caller.ts';
import { compareTrees } from '../../src/relay/compare.ts';
import { HeldTree } from '../../src/relay/held-tree.ts';
import { Lie } from '../../src/relay/lie.ts';
import { treeView } from '../../src/relay/tree-view.ts';
import { MemoryNetwork } from '../support/memory-network.ts';
import { seededSigner, TestTime } from '../support/node.ts';

/** Namespaces of a ledger as far as a tree of them looks. */
class Heads {
  readonly #infos = new Map<NamespaceId, Pick<NamespaceInfo, 'size' | 'root' | 'headHash'>>();

  set(number: number, size: number): NamespaceId {
    const namespace = namespaceId(sha256(utf8(`namespace ${number}`)).slice(0, 16));
    const root = sha256(utf8(`root ${number} ${size}`)) as Hash32;
    const headHash = sha256(utf8(`head ${number} ${size}`)) as BlockHash;
    this.#infos.set(namespace, { size, root, headHash });
    return namespace;
  }

  async tree(): Promise<HeldTree> {
    const infos = this.#infos;
    const ledger: Pick<Ledger, 'namespaces' | 'info' | 'superNamespace'> = {
      superNamespace: () => '' as NamespaceId,
      info: async (namespace) => infos.get(namespace) as NamespaceInfo | undefined,
      async *namespaces() {
        for (const namespace of infos.keys()) yield { namespace } as NamespaceInfo;
      },
    };
    const held = new HeldTree(ledger as Ledger);
    await held.start();
    return held;
  }
}

async function compare(ours: Heads, theirs: Heads, tamper?: MemoryNetwork['tamper']) {
  const network = new MemoryNetwork();
  network.tamper = tamper;
  const held = await theirs.tree();
  network.add({
    url: 'http://them.test',
    routes: [
      {
        method: 'GET',
        path: '/super-tree',
        summary: '',
        bodyBytesMax: 0,
        cost: 1,
        handle: async ({ query }) => {
          const key = Uint8Array.from(Buffer.from(query.get('key') ?? '', 'hex'));
          const place = { key, depth: Number(query.get('depth')) };
          return { status: 200, body: JSON.stringify(treeView(held, place, 4)) };
        },
      },
    ],
  });
  const caller = createPeerCaller({
    transport: network.transportOf('http://us.test'),
    signer: seededSigner(1),
    clock: new TestTime(),
    random: { bytes: (length) => new Uint8Array(length) },
  });
  return compareTrees(await ours.tree(), caller, 'http://them.test');
}

test('equal trees cost one request, and nothing differs', async () => {
  const [ours, theirs] = [new Heads(), new Heads()];
  for (let i = 0; i < 500; i++) for (const heads of [ours, theirs]) heads.set(i, 10);
  const { differences, requests } = await compare(ours, theirs);
  assert.deepEqual([differences.length, requests], [0, 1]);
});

test('one changed log among two thousand is found in a handful of requests', async () => {
  const [ours, theirs] = [new Heads(), new Heads()];
  for (let i = 0; i < 2_000; i++) for (const heads of [ours, theirs]) heads.set(i, 10);
  const namespace = theirs.set(777, 11);
  const { differences, requests, isPartial } = await compare(ours, theirs);
  assert.deepEqual(
    differences.map((one) => [one.namespace, one.theirs.size, one.ours?.size]),
    [[namespace, 11, 10]],
  );
  assert.ok(requests <= 5, `${requests} requests`);
  assert.ok(!isPartial);
});

test('every difference is found: new, grown, gone, from nothing and to nothing', async () => {
  for (const [count, shared] of [
    [1, 0],
    [0, 1],
    [2, 0],
    [300, 200],
  ] as const) {
    const [ours, theirs] = [new Heads(), new Heads()];
    const expected = new Set<NamespaceId>();
    for (let i = 0; i < shared; i++) for (const heads of [ours, theirs]) heads.set(i, 10);
    for (let i = 0; i < count; i++) expected.add(theirs.set(i * 3, 20));
    for (let i = 0; i < 50; i++) ours.set(10_000 + i, 5);
    const { differences } = await compare(ours, theirs);
    const found = new Set(differences.map(({ namespace }) => namespace));
    assert.deepEqual(found, expected, `${count} of ${shared}`);
  }
});

test('nodes that do not have the hashes that name them are a lie', async () => {
  const [ours, theirs] = [new Heads(), new Heads()];
  for (let i = 0; i < 50; i++) theirs.set(i, 10);
  const tamper: MemoryNetwork['tamper'] = (_request, reply) => {
    const text = new TextDecoder().decode(reply.body).replace('"size":10', '"size":11');
    return { ...reply, body: utf8(text) };
  };
  await assert.rejects(
    compare(ours, theirs, tamper),
    (error) => error instanceof Lie && error.reason === 'malformed',
  );
  await assert.rejects(
    compare(ours, theirs, (_request, reply) => ({ ...reply, body: utf8('{}') })),
    (error) => error instanceof Lie && error.reason === 'malformed',
  );
});
