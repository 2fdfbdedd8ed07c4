import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nobleProvider } from '@basalt/protocol';
import { PeerError } from '../../src/peer/errors.ts';
import { formatHello, type Hello, readHello } from '../../src/peer/hello.ts';
import { nodeId } from '../../src/peer/node-id.ts';
import { PeerBook } from '../../src/peer/peer-book.ts';
import { normalPeerUrl, refusePrivateUrl } from '../../src/peer/peer-url.ts';
import { MemoryNetwork } from '../support/memory-network.ts';
import {
  runUntil,
  seededSigner,
  startTestNode,
  stopAll,
  type TestNode,
  TestTime,
  urlOf,
} from '../support/node.ts';

const NOW = 1_800_000_000_000;
const signer = seededSigner(4);
const told = {
  url: 'https://node.example',
  roles: ['relay'],
  origin: 'node.example',
  createdSeconds: NOW / 1_000,
};
const asked = { url: told.url, nonce: 'ab'.repeat(16), isConfigured: false };

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof PeerError && error.code === code;
}

test('a hello says who a node is, to the one who asked, now', () => {
  const note = formatHello(told, asked.nonce, signer);
  const hello = readHello(note, asked, nobleProvider);
  assert.equal(hello.id, nodeId(signer.publicKey));
  assert.deepEqual(hello.roles, ['relay']);
  const read = (more: object, text = note): Hello =>
    readHello(text, { ...asked, ...more }, nobleProvider);
  assert.throws(() => read({ nonce: 'cd'.repeat(16) }), refused('hello-invalid'));
  assert.throws(() => read({ url: 'https://other.example' }), refused('hello-invalid'));
  assert.equal(read({ url: 'https://in.house', isConfigured: true }).url, 'https://in.house');
  assert.throws(() => read({}, note.replace('relay', 'origin')), refused('hello-invalid'));
  assert.throws(() => read({}, 'hello'), refused('hello-invalid'));
});

test('addresses have one spelling; private ones are not taken from strangers', () => {
  assert.equal(normalPeerUrl('HTTPS://Node.Example:443/base/'), 'https://node.example/base');
  for (const bad of ['ftp://a', 'http://u:p@a', 'http://a/?q', 'http://a/#f', 'a', '']) {
    assert.throws(() => normalPeerUrl(bad), refused('url-refused'), bad);
  }
  const hosts = ['127.0.0.1', '10.1.2.3', '192.168.0.1', '172.20.0.1', '169.254.169.254', '[::1]'];
  for (const host of [...hosts, 'localhost', '[fd00::1]', '[::ffff:7f00:1]', '100.64.0.1']) {
    const url = normalPeerUrl(`http://${host}:8080`);
    assert.throws(() => refusePrivateUrl(url), refused('url-refused'), host);
  }
  const spelled = ['localhost.', 'db', 'a.internal.', 'x.lan', '[::7f00:1]', '[64:ff9b::7f00:1]'];
  for (const host of [...spelled, '[2002:7f00:1::]', '[fe80::1]', '[ff02::1]', '255.255.255.255']) {
    const url = normalPeerUrl(`http://${host}:8080`);
    assert.throws(() => refusePrivateUrl(url), refused('url-refused'), host);
  }
  refusePrivateUrl('http://172.40.0.1:80');
  refusePrivateUrl('http://[2001:db8::1]:80');
  refusePrivateUrl('https://240.example.org.');
  refusePrivateUrl('https://node.example');
});

test('the book is bounded: who fails makes room, who was configured stays', () => {
  const book = new PeerBook(3);
  book.addStatic('http://a.test');
  const meet = (number: number): boolean => {
    const { publicKey } = seededSigner(number);
    const url = `http://${number}.test`;
    return book.meet({ ...told, url, id: nodeId(publicKey), publicKey }, NOW);
  };
  assert.ok(meet(1) && meet(2));
  assert.ok(!meet(3), 'full of peers that are well');
  book.failed('http://2.test', 'gone', NOW);
  book.failed('http://a.test', 'gone', NOW);
  book.failed('http://a.test', 'gone', NOW);
  assert.ok(meet(3));
  assert.deepEqual(
    book
      .all()
      .map(({ url }) => url)
      .toSorted(),
    ['http://1.test', 'http://3.test', 'http://a.test'],
  );
});

test('pauses double, a liar waits for hours, a good answer ends a pause and no lie', () => {
  const book = new PeerBook();
  book.addStatic('http://a.test');
  const pause = (): number => (book.get('http://a.test')?.pausedUntilMs ?? 0) - NOW;
  book.failed('http://a.test', 'x', NOW);
  assert.equal(pause(), 1_000);
  book.failed('http://a.test', 'x', NOW);
  assert.equal(pause(), 2_000);
  for (let i = 0; i < 30; i++) book.failed('http://a.test', 'x', NOW);
  assert.equal(pause(), 600_000);
  book.worked('http://a.test');
  assert.equal(book.usable(NOW).length, 1);
  book.lied('http://a.test', 'two heads', NOW);
  book.lied('http://a.test', 'two heads', NOW);
  assert.equal(pause(), 2 * 3_600_000);
  assert.equal(book.get('http://a.test')?.lies, 2);
});

async function startNodes(
  peersOf: readonly (readonly number[])[],
  isOpen: (number: number) => boolean,
): Promise<{ network: MemoryNetwork; time: TestTime; nodes: TestNode[] }> {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const nodes: TestNode[] = [];
  for (const [number, peers] of peersOf.entries()) {
    nodes.push(
      await startTestNode({
        network,
        time,
        number,
        peers: peers.map(urlOf),
        discovery: isOpen(number),
      }),
    );
  }
  return { network, time, nodes };
}

const met = ({ federation }: TestNode): string[] =>
  federation.status().peers.flatMap(({ id, url }) => (id === undefined ? [] : [url]));

test('nodes that know one neighbour each find all; a closed one keeps its list', async () => {
  const line = [[1], [2], [3], [4], []];
  const { time, nodes } = await startNodes(line, (number) => number !== 4);
  const all = (): boolean => nodes.slice(0, 4).every((node) => met(node).length === 4);
  assert.ok(await runUntil(time, all, 300_000, 1_000), JSON.stringify(nodes.map(met)));
  assert.deepEqual(met(nodes[4] as TestNode), []);
  await stopAll(time, nodes);
});

test('an address that another node answers for is not believed', async () => {
  const { network, time, nodes } = await startNodes([[1], []], () => true);
  // Node 1 tells of an address where it is itself, under another name.
  const [, liar] = nodes as [TestNode, TestNode];
  network.add({ url: 'http://mask.test', routes: liar.routes });
  network.tamper = (request, reply) =>
    request.target === '/peers' && request.method === 'GET'
      ? { ...reply, body: new TextEncoder().encode('{"peers":[{"url":"http://mask.test"}]}') }
      : reply;
  await time.advance(60_000);
  assert.ok(
    network.log.some(({ url }) => url === 'http://mask.test'),
    'it was tried',
  );
  assert.deepEqual(met(nodes[0] as TestNode), [urlOf(1)]);
  await stopAll(time, nodes);
});
