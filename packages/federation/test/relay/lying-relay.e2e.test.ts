import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  blockHash,
  createNoteSigner,
  decodeBlockPrefix,
  formatNote,
  type Hash32,
  type NamespaceId,
  parseCheckpoint,
  parseNote,
  type Scheduler,
  signCheckpoint,
  toHex,
  utf8,
} from '@basalt/protocol';
import { createFetchTransport } from '../../src/peer/transport.ts';
import type { LieReason } from '../../src/relay/lie.ts';
import { type HttpHost, type LieOver, startHttpHost } from '../support/http-host.ts';
import { MemoryNetwork } from '../support/memory-network.ts';
import {
  namespaceOf,
  seededSigner,
  signedChain,
  startTestNode,
  type TestNode,
  TestTime,
} from '../support/node.ts';

const realScheduler: Scheduler = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

interface Scene {
  readonly origin: TestNode;
  readonly relay: TestNode;
  readonly liar: HttpHost;
  readonly honest: HttpHost;
  readonly namespace: NamespaceId;
  readonly time: TestTime;
  size(): Promise<number>;
  close(): Promise<void>;
}

const chain = signedChain(seededSigner(1), 600);

/** One origin behind two addresses, of which one may lie, and a relay that knows the liar. */
async function createScene(): Promise<Scene> {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const shared = { network, time, ledgerScheduler: realScheduler };
  const origin = await startTestNode({ ...shared, number: 1, roles: ['origin'] });
  await origin.ledger.submit(chain.slice(0, 300), { consistency: 'immediate' });
  const liar = await startHttpHost(origin.routes);
  const honest = await startHttpHost(origin.routes);
  const transport = createFetchTransport({
    fetch: globalThis.fetch,
    scheduler: realScheduler,
    timeoutMs: 2_000,
  });
  const relay = await startTestNode({
    ...shared,
    number: 2,
    peers: [liar.url, honest.url],
    acceptUnsignedRelay: true,
    transport,
  });
  const namespace = namespaceOf(chain);
  return {
    origin,
    relay,
    liar,
    honest,
    namespace,
    time,
    size: async () => (await relay.ledger.info(namespace))?.size ?? 0,
    async close() {
      await Promise.all([liar.close(), honest.close()]);
      for (const { federation, ledger, store } of [relay, origin]) {
        await federation.stop();
        await ledger.close();
        await store.close();
      }
    },
  };
}

const isPage = (target: string): boolean => target.includes('/blocks?');
const isTile = (target: string): boolean => target.includes('/tile/');
const isNote = (target: string): boolean => target.endsWith('/checkpoint');

/** A note that the log's own key signed, over whatever is said. */
function signedNote(note: string, size: number, root: Uint8Array): Uint8Array {
  const { origin } = parseCheckpoint(parseNote(note).text);
  const signer = createNoteSigner(origin, seededSigner(1_001));
  return utf8(formatNote(signCheckpoint({ origin, size, root: root as Hash32 }, signer)));
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const lies: readonly {
  readonly what: string;
  readonly reason: LieReason;
  readonly lie: LieOver;
  /** Blocks that the relay has when the lie begins. */
  readonly from: 0 | 300;
}[] = [
  {
    what: 'an altered payload',
    reason: 'altered-block',
    from: 0,
    lie: (target, honest) => changed(honest, isPage(target), (body) => flip(body, body.length - 1)),
  },
  {
    what: 'an altered signature',
    reason: 'altered-block',
    from: 0,
    lie: (target, honest) => changed(honest, isPage(target), (body) => flip(body, 150)),
  },
  {
    what: 'a page that starts one block late',
    reason: 'altered-block',
    from: 0,
    lie: (target, honest) =>
      changed(honest, isPage(target), (body) => body.slice(decodeBlockPrefix(body).end)),
  },
  {
    what: 'a truncated tile',
    reason: 'bad-tile',
    from: 0,
    lie: (target, honest) => changed(honest, isTile(target), (body) => body.subarray(0, -32)),
  },
  {
    what: 'a tile of other hashes',
    reason: 'altered-block',
    from: 0,
    lie: (target, honest) => changed(honest, isTile(target), (body) => flip(body, 7)),
  },
  {
    what: 'a head that nobody signed',
    reason: 'bad-signature',
    from: 0,
    lie: (target, honest) =>
      changed(honest, isNote(target), (body) => utf8(text(body).replace(/\n300\n/, '\n299\n'))),
  },
  {
    what: 'two heads of one size',
    reason: 'two-heads',
    from: 300,
    lie: (target, honest) =>
      changed(honest, isNote(target), (body) => signedNote(text(body), 300, hashOf(9))),
  },
  {
    what: 'a later head that does not continue the one before',
    reason: 'false-consistency',
    from: 300,
    lie: (target, honest) =>
      changed(honest, isNote(target), (body) => signedNote(text(body), 600, hashOf(9))),
  },
  {
    what: 'an endless body',
    reason: 'endless-body',
    from: 0,
    lie: (target, honest, response) => {
      if (!isTile(target)) return honest;
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write(new Uint8Array(65_536)));
      };
      response.on('drain', pour);
      pour();
      return 'written';
    },
  },
  {
    what: 'pages that are no blocks',
    reason: 'malformed',
    from: 0,
    lie: (target, honest) => changed(honest, isPage(target), () => utf8('<html>sorry</html>')),
  },
  {
    what: 'empty pages',
    reason: 'missing-data',
    from: 0,
    lie: (target, honest) => changed(honest, isPage(target), () => new Uint8Array(0)),
  },
];

for (const { what, reason, lie, from } of lies) {
  test(`${what}: the liar is named and put aside, nothing of it is stored`, async () => {
    const scene = await createScene();
    const { relay, liar, honest, origin } = scene;
    try {
      // Only the liar is asked first.
      honest.lie = () => ({ status: 503, body: new Uint8Array(0) });
      if (from === 300) {
        await relay.federation.synchronize();
        assert.equal(await scene.size(), 300);
        await origin.ledger.submit(chain.slice(300), { consistency: 'immediate' });
      }
      liar.lie = lie;
      await relay.federation.synchronize();
      const status = relay.federation.status();
      assert.deepEqual(
        status.lies.map((one) => [one.url, one.reason]),
        [[liar.url, reason]],
      );
      const named = status.peers.find(({ url }) => url === liar.url);
      assert.equal(named?.lies, 1);
      assert.ok((named?.pausedUntilMs ?? 0) >= scene.time.nowMs() + 3_600_000, 'put aside');
      assert.equal(await scene.size(), from);
      const asked = liar.asked.length;
      // The honest address tells the same log, and is believed.
      honest.lie = undefined;
      await scene.time.advance(5_000);
      await relay.federation.synchronize();
      assert.equal(liar.asked.length, asked, 'the liar is left alone');
      const whole = from === 0 ? 300 : 600;
      if (reason !== 'two-heads') assert.equal(await scene.size(), whole);
      if (reason === 'two-heads') assert.equal(status.twoHeadedLogs.length, 1);
    } finally {
      await scene.close();
    }
  });
}

test('an older head than before is seen, and costs a short pause', async () => {
  const scene = await createScene();
  const { relay, liar, honest, origin } = scene;
  try {
    honest.lie = () => ({ status: 503, body: new Uint8Array(0) });
    const old = await origin.ledger.checkpoint(scene.namespace);
    await origin.ledger.submit(chain.slice(300, 400), { consistency: 'immediate' });
    await relay.federation.synchronize();
    assert.equal(await scene.size(), 400);
    await origin.ledger.submit(chain.slice(400), { consistency: 'immediate' });
    liar.lie = (target, reply) => changed(reply, isNote(target), () => utf8(old ?? ''));
    await relay.federation.synchronize();
    const [found] = relay.federation.status().lies;
    assert.equal(found?.reason, 'old-head');
    const named = relay.federation.status().peers.find(({ url }) => url === liar.url);
    assert.ok((named?.pausedUntilMs ?? 0) > scene.time.nowMs());
    assert.equal(await scene.size(), 400);
  } finally {
    await scene.close();
  }
});

/** Tells the relay of block 300, by nobody in particular: it asks its peers. */
async function announce({ relay, namespace }: Scene): Promise<unknown> {
  const block = chain[300];
  assert.ok(block !== undefined);
  const hash = toHex(blockHash(block.entry));
  const told = { namespace, index: 300, hash, sizeBytes: 10, timestampMs: 1 };
  const route = relay.routes.find(({ path }) => path === '/announce');
  const reply = await route?.handle({
    params: {},
    query: new URLSearchParams(),
    header: () => undefined,
    method: 'POST',
    target: '/announce',
    authority: 'node-2.test',
    body: utf8(JSON.stringify(told)),
    remoteAddress: '192.0.2.1',
  });
  return reply?.status;
}

const announced: readonly { what: string; reason: LieReason; lie: LieOver }[] = [
  {
    what: 'a wrong entity tag',
    reason: 'wrong-etag',
    lie: (target, { status, body }) => ({
      status,
      body,
      ...(target.startsWith('/blocks/') ? { etag: '"0000"' } : {}),
    }),
  },
  {
    what: 'another block than was announced',
    reason: 'altered-block',
    lie: (target, honest) =>
      changed(honest, target.startsWith('/blocks/'), (body) => flip(body, 30)),
  },
  {
    what: 'the announced block with another signature',
    reason: 'altered-block',
    lie: (target, honest) =>
      changed(honest, target.startsWith('/blocks/'), (body) => flip(body, 150)),
  },
];

for (const { what, reason, lie } of announced) {
  test(`${what}: the liar is put aside and the block comes from elsewhere`, async () => {
    const scene = await createScene();
    const { relay, liar, honest, origin } = scene;
    try {
      await relay.federation.synchronize();
      assert.equal(await scene.size(), 300);
      await origin.ledger.submit(chain.slice(300, 301), { consistency: 'immediate' });
      liar.lie = lie;
      // The address that was told of last is asked first: let it be the liar.
      honest.lie = (target, reply) =>
        target.startsWith('/blocks/') ? { status: 503, body: new Uint8Array(0) } : reply;
      assert.equal(await announce(scene), 202);
      for (let i = 0; i < 100 && relay.federation.status().lies.length === 0; i++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const [found] = relay.federation.status().lies;
      assert.deepEqual([found?.url, found?.reason], [liar.url, reason]);
      assert.equal(await scene.size(), 300);
      assert.equal(relay.federation.status().refused, 0, 'the block itself is not held guilty');
      honest.lie = undefined;
      await scene.time.advance(5_000);
      await relay.federation.synchronize();
      assert.equal(await scene.size(), 301);
    } finally {
      await scene.close();
    }
  });
}

test('an answer that drips ends with the time limit', async () => {
  const scene = await createScene();
  const { relay, liar, honest } = scene;
  try {
    honest.lie = () => ({ status: 503, body: new Uint8Array(0) });
    const timers: NodeJS.Timeout[] = [];
    liar.lie = (target, reply, response) => {
      if (!isNote(target)) return reply;
      response.writeHead(200);
      timers.push(setInterval(() => response.write('x'), 50));
      return 'written';
    };
    const startedMs = performance.now();
    await relay.federation.synchronize();
    for (const timer of timers) clearInterval(timer);
    assert.ok(performance.now() - startedMs < 10_000);
    const named = relay.federation.status().peers.find(({ url }) => url === liar.url);
    assert.match(named?.problem ?? '', /no whole answer in 2000 ms/);
    assert.equal(await scene.size(), 0);
  } finally {
    await scene.close();
  }
});

function changed(
  honest: { readonly status: number; readonly body: Uint8Array },
  isConcerned: boolean,
  change: (body: Uint8Array) => Uint8Array,
): { status: number; body: Uint8Array } {
  const { status, body } = honest;
  return { status, body: isConcerned && status === 200 ? change(body) : body };
}

function flip(body: Uint8Array, at: number): Uint8Array {
  const copy = body.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function hashOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}
