import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  nobleProvider,
  openOffer,
  type Preferences,
  ProtocolError,
  type SignedOffer,
  type Signer,
  signAnswer,
  signOffer,
} from '@basalt/protocol';
import { createHandshakes } from '../src/index.ts';
import { binary, type FakeNode, problem, type SeenRequest, seededSigner } from './fake-node.ts';
import { createOpenStorage, createSetup, isCode, type Setup } from './setup.ts';
import { createSeededRandom } from './virtual-time.ts';

const SERVED: Preferences = {
  blockVersions: [2, 1],
  algorithms: [1],
  mediaTypes: ['application/x-olocus-block', 'application/x-basalt-blocks'],
  codings: ['gzip'],
  consistency: ['immediate', 'durable'],
  limits: { payloadBytesMax: 1_000, batchBlocksMax: 3, pageRowsMax: 50, questionItemsMax: 20 },
};

/** A server's side of handshakes, in front of the node in memory. */
interface Server {
  signer: Signer;
  lifetimeMs: number;
  /** Tokens that it takes, in hex. */
  readonly tokens: Set<string>;
  handshakes: number;
  /** What happens to an offer or an answer on its way; undefined lets it pass. */
  onOffer: ((bytes: Uint8Array) => Uint8Array | Response) | undefined;
  onAnswer: ((bytes: Uint8Array, offer: SignedOffer) => Uint8Array) | undefined;
}

function serverFor({ node, time }: Pick<Setup, 'node' | 'time'>): Server {
  const server: Server = {
    signer: seededSigner(50),
    lifetimeMs: 3_600_000,
    tokens: new Set(),
    handshakes: 0,
    onOffer: undefined,
    onAnswer: undefined,
  };
  const { fetch } = node;
  let drawn = 0;
  const handle = (body: Uint8Array): Response => {
    const passed = server.onOffer?.(body) ?? body;
    if (passed instanceof Response) return passed;
    server.handshakes++;
    try {
      const offer = openOffer(passed, nobleProvider);
      const token = new Uint8Array(32).fill(++drawn);
      // The clock of this server is an hour ahead: lives count from arrival.
      const createdMs = time.clock.nowMs() + 3_600_000;
      const expiresMs = createdMs + server.lifetimeMs;
      const parts = { token, createdMs, expiresMs, preferences: SERVED };
      const { bytes } = signAnswer(parts, offer, server.signer);
      server.tokens.add(Buffer.from(token).toString('hex'));
      return binary(server.onAnswer?.(bytes, offer) ?? bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return problem(422, error.code);
    }
  };
  (node as { fetch: FakeNode['fetch'] }).fetch = async (url, init) => {
    if (url.endsWith('/handshake')) return handle(init.body as Uint8Array);
    const token = new Headers(init.headers).get('basalt-session');
    if (token !== null && !server.tokens.has(token)) return problem(412, 'session-refused');
    return await fetch(url, init);
  };
  return server;
}

function create(options: Parameters<typeof createHandshakes>[0] = {}) {
  const setup = createSetup(4);
  const server = serverFor(setup);
  const handshakes = createHandshakes(options);
  const storage = createOpenStorage();
  const { fetch } = setup.node;
  const client = setup.another({ handshakes, storage, fetch });
  return { ...setup, server, handshakes, storage, client, fetch };
}

const tokenOf = ({ headers }: SeenRequest): string | null => headers.get('basalt-session');

suite('handshakes', () => {
  test('one for many requests, and each request carries its token', async () => {
    const { client, server, node, chain, handshakes } = create();
    await Promise.all([1, 2, 3].map((index) => client.get({ namespace: chain.namespace, index })));
    assert.equal(server.handshakes, 1);
    assert.equal(handshakes.size, 1);
    const [token] = server.tokens;
    assert.ok(node.seen.length > 3);
    for (const request of node.seen) assert.equal(tokenOf(request), token);
    const session = await client.negotiated();
    assert.deepEqual(session?.answer.negotiated.codings, ['gzip', 'identity']);
  });

  test('the negotiated batch is what an append sends', async () => {
    const { client, chain, node } = create();
    const records = Array.from({ length: 8 }, (_, i) => ({ payload: Buffer.from(`record ${i}`) }));
    const { namespace } = chain;
    const appended = await client.append(namespace, records, { signer: seededSigner(1) });
    assert.equal(appended.length, 8);
    const sent = node.seen.filter(({ method }) => method === 'POST');
    assert.equal(sent.length, 3, 'eight blocks in batches of at most three');
  });

  test('an older server has none: everything works without', async () => {
    const { client, server, node, chain, handshakes } = create();
    server.onOffer = () => problem(404, 'not-found');
    const block = await client.get({ namespace: chain.namespace, index: 2 });
    assert.equal(block.status, 'verified');
    assert.equal(handshakes.size, 0);
    assert.ok(node.seen.every((request) => tokenOf(request) === null));
    assert.equal(await client.negotiated(), undefined);
  });

  test('a server that is busy is used without, and asked again later', async () => {
    const { client, server, chain, time } = create();
    let asked = 0;
    server.onOffer = () => {
      asked++;
      return problem(503, 'overloaded');
    };
    await client.get({ namespace: chain.namespace, index: 1 });
    await client.get({ namespace: chain.namespace, index: 2 });
    assert.equal(asked, 1);
    server.onOffer = undefined;
    await new Promise<void>((resolve) => time.scheduler.after(600_001, resolve));
    await client.get({ namespace: chain.namespace, index: 3 });
    assert.equal(server.handshakes, 1);
  });

  test('a token that is over or was forgotten leads to a new handshake', async () => {
    const { client, server, chain, time } = create();
    const read = () => client.get({ namespace: chain.namespace, index: 1 });
    await read();
    server.tokens.clear();
    await read();
    assert.equal(server.handshakes, 2, 'the server forgot it');
    await new Promise<void>((resolve) => time.scheduler.after(server.lifetimeMs + 1, resolve));
    await read();
    assert.equal(server.handshakes, 3, 'its time was over');
    server.tokens.add = () => server.tokens;
    server.tokens.clear();
    assert.equal((await read()).status, 'verified', 'a server that refuses its own tokens');
  });

  test('the cache is bounded by servers, the quietest goes', async () => {
    const { another, fetch, server, chain } = create();
    const handshakes = createHandshakes({ serversMax: 2 });
    for (const [place, url] of ['http://a.test', 'http://b.test', 'http://c.test'].entries()) {
      server.signer = seededSigner(60 + place);
      const client = another({ url, handshakes, fetch });
      await client.get({ namespace: chain.namespace, index: 1 });
    }
    assert.equal(handshakes.size, 2);
    assert.equal(server.handshakes, 3);
  });
});

suite('somebody in between', () => {
  test('who alters any byte of an offer is reported', async () => {
    const { client, server, chain } = create();
    const read = () => client.get({ namespace: chain.namespace, index: 1 });
    for (const place of [0, 5, 32, 40, 41, 42, 43, 44, 60, 90, 120, 150, 180, 200, 230, 260]) {
      server.onOffer = (bytes) => flip(bytes, place);
      await assert.rejects(read(), isRefusedHandshake);
    }
    server.onOffer = undefined;
    assert.equal((await read()).status, 'verified', 'and nothing of it is kept');
  });

  test('who alters any byte of an answer is reported', async () => {
    const { client, server, chain } = create();
    for (const place of [0, 1, 40, 66, 80, 81, 82, 83, 100, 125, 150, 200, 250, 300]) {
      server.onAnswer = (bytes) => flip(bytes, place);
      await assert.rejects(
        client.get({ namespace: chain.namespace, index: 1 }),
        isRefusedHandshake,
        `byte ${place}`,
      );
    }
  });

  test('who signs a weaker offer of his own is reported as a downgrade', async () => {
    const { client, server, chain } = create();
    const meddler = seededSigner(66);
    server.onOffer = (bytes) => {
      const { offer } = openOffer(bytes, nobleProvider);
      const preferences = { ...offer.preferences, codings: [], consistency: ['durable'] };
      return signOffer({ ...offer, preferences }, meddler, nobleProvider.sha256).bytes;
    };
    const { namespace } = chain;
    await assert.rejects(client.get({ namespace, index: 1 }), isCode('handshake-downgrade'));
  });

  test('who replays an older answer is reported', async () => {
    const { client, server, chain, another, fetch } = create();
    let kept: Uint8Array | undefined;
    server.onAnswer = (bytes) => {
      kept ??= bytes;
      return kept;
    };
    await client.get({ namespace: chain.namespace, index: 1 });
    const other = another({
      handshakes: createHandshakes(),
      fetch,
      random: createSeededRandom(2),
    });
    const read = other.get({ namespace: chain.namespace, index: 1 });
    await assert.rejects(read, isCode('handshake-downgrade', 'refused'));
  });

  test('who strips handshakes of a known server is reported', async () => {
    const { another, server, chain, storage, fetch, client } = create();
    const reference = { namespace: chain.namespace, index: 1 };
    await client.get(reference);
    for (const status of [404, 405, 501]) {
      server.onOffer = () => problem(status, 'not-found');
      const later = another({ handshakes: createHandshakes(), storage, fetch });
      await assert.rejects(later.get(reference), isCode('handshake-downgrade', 'refused'));
    }
  });

  test('a changed key is reported and not learned', async () => {
    const { another, server, chain, storage, fetch, client } = create();
    const reference = { namespace: chain.namespace, index: 1 };
    await client.get(reference);
    server.signer = seededSigner(51);
    const handshakes = createHandshakes();
    const later = another({ handshakes, storage, fetch });
    await assert.rejects(later.get(reference), isCode('server-key-changed', 'refused'));
    await assert.rejects(later.get(reference), isCode('server-key-changed', 'refused'));
    assert.equal(handshakes.size, 0);
    storage.map.delete('server-key/http://node.test');
    assert.equal((await later.get(reference)).status, 'verified', 'forgotten on purpose');
  });
});

function flip(bytes: Uint8Array, place: number): Uint8Array {
  const wrong = bytes.slice();
  wrong[place] = (wrong[place] as number) ^ 1;
  return wrong;
}

const REFUSALS = [
  'handshake-downgrade',
  'invalid-handshake',
  'malformed',
  'unknown-algorithm',
  'invalid-signature',
];

function isRefusedHandshake(error: unknown): boolean {
  const { code, kind } = error as { code: string; kind: string };
  assert.equal(kind, 'refused', code);
  assert.ok(REFUSALS.includes(code), code);
  return true;
}
