import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { blockHash, concatBytes, encodeBlock, toHex, utf8 } from '@basalt/protocol';
import { nodeId } from '../../src/peer/node-id.ts';
import { createPeerCaller, type PeerCallRequest } from '../../src/peer/peer-caller.ts';
import { encodeAnnouncement } from '../../src/relay/announce.ts';
import { BLOCKS_TYPE } from '../../src/relay/log-reader.ts';
import { MemoryNetwork } from '../support/memory-network.ts';
import {
  namespaceOf,
  seededSigner,
  signedChain,
  startTestNode,
  stopAll,
  type TestNode,
  TestTime,
  urlOf,
} from '../support/node.ts';

const network = new MemoryNetwork();
const time = new TestTime();
const writer = seededSigner(1);
const chain = signedChain(writer, 12);
const rival = signedChain(writer, 12, 'audit', { from: 10, variant: 'rewritten' });
const namespace = namespaceOf(chain);
let peer: TestNode;
let relay: TestNode;
let drawn = 0;

type Call = Omit<PeerCallRequest, 'url' | 'method'>;

/** A call to the relay, signed by the given key; node 1's is 2,001. */
async function call(request: Call, key = 2_001): Promise<{ status: number; told: string }> {
  const caller = createPeerCaller({
    transport: network.transportOf(urlOf(1)),
    signer: seededSigner(key),
    clock: time,
    random: { bytes: (length) => new Uint8Array(length).fill(++drawn) },
  });
  const reply = await caller.send({ url: urlOf(2), method: 'POST', ...request });
  const { status, code } = JSON.parse(new TextDecoder().decode(reply.body)) as {
    status: string;
    code?: string;
  };
  return { status: reply.status, told: code ?? status };
}

function announcement(block = chain[10]): Call {
  assert.ok(block !== undefined);
  const { index, timestampMs, payloadLength } = block.entry.header;
  const hash = toHex(blockHash(block.entry));
  const told = { namespace, index, hash, sizeBytes: payloadLength, timestampMs };
  return { target: '/announce', body: encodeAnnouncement(told) };
}

const push = (blocks: typeof chain): Call => ({
  target: '/relay',
  mediaType: BLOCKS_TYPE,
  body: concatBytes(...blocks.map(encodeBlock)),
});

const other = (number: number): string => nodeId(seededSigner(number).publicKey);

describe('what a relay says to calls', () => {
  before(async () => {
    peer = await startTestNode({ network, time, number: 1, peers: [urlOf(2)] });
    relay = await startTestNode({ network, time, number: 2, peers: [urlOf(1)], maxRelayHops: 3 });
    await peer.ledger.submit(chain.slice(0, 10));
    await time.advance(40_000);
    assert.equal((await relay.ledger.info(namespace))?.size, 10);
  });

  after(() => stopAll(time, [peer, relay]));

  test('a call that has been here is dropped, one that has come too far is refused', async () => {
    const own = nodeId(seededSigner(2_002).publicKey);
    for (const request of [announcement(), push(chain.slice(10))]) {
      const looped = await call({ ...request, path: [other(5), own] });
      assert.deepEqual(looped, { status: 200, told: 'loop' });
      const far = await call({ ...request, path: [5, 6, 7, 8].map(other) });
      assert.deepEqual(far, { status: 400, told: 'too-many-hops' });
    }
    assert.equal((await relay.ledger.info(namespace))?.size, 10, 'nothing was taken');
  });

  test('strangers and the unsigned are not heard', async () => {
    assert.deepEqual(await call(announcement(), 4_000), { status: 403, told: 'unknown-peer' });
    const transport = network.transportOf(urlOf(1));
    const request = { url: urlOf(2), method: 'POST', target: '/announce', fields: {} } as const;
    const reply = await transport({ ...request, body: utf8('{}'), bytesMax: 4_096 });
    assert.equal(reply.status, 401);
    assert.equal(reply.header('www-authenticate'), 'Signature realm="basalt-peer"');
  });

  test('introductions, of any key, take no room among the nonces of calls', async () => {
    const body = utf8(JSON.stringify({ url: 'http://stranger.test' }));
    const again = async (request: Call): Promise<string> => {
      drawn = 100;
      return (await call(request)).told;
    };
    assert.equal(await again({ target: '/peers', body }), 'unknown-peer');
    assert.equal(await again({ target: '/peers', body }), 'replayed');
    assert.equal(await again(announcement(chain[9])), 'known');
    assert.equal(await again(announcement(chain[9])), 'replayed');
    drawn = 101;
  });

  test('announcements that are not in form are refused', async () => {
    for (const body of ['', '[]', '{"namespace":"x"}', '{"namespace":1,"index":-1}', 'ÿ']) {
      const { status, told } = await call({ target: '/announce', body: utf8(body) });
      assert.deepEqual([status, told], [400, 'bad-request'], body);
    }
  });

  test('what is known is not fetched, what was refused is not asked for again', async () => {
    assert.deepEqual(await call(announcement(chain[9])), { status: 200, told: 'known' });
    const early = await call(push(rival.slice(11, 12)));
    assert.equal(early.told, 'taken', 'outcomes are told one by one');
    await time.advance(1_000);
    // Blocks before it are missing, so it was not its own fault.
    assert.equal(relay.federation.status().refused, 0);
    assert.deepEqual(await call(push(chain.slice(10, 11))), { status: 200, told: 'taken' });
    assert.equal((await relay.ledger.info(namespace))?.size, 11);
    const fork = await call(push(rival.slice(10, 11)));
    assert.equal(fork.told, 'taken');
    assert.equal(relay.federation.status().refused, 1, 'the other branch');
    network.log.length = 0;
    assert.deepEqual(await call(announcement(rival[10])), { status: 200, told: 'refused' });
    await time.advance(1_000);
    const reads = network.log.filter(
      ({ target, from }) => from === urlOf(2) && /block/.test(target),
    );
    assert.equal(reads.length, 0, 'the fork is not pulled again');
    assert.equal((await relay.ledger.info(namespace))?.frozenAt, 10);
  });

  test('new namespaces come from configured peers only', async () => {
    const foreign = signedChain(seededSigner(8), 2, 'foreign');
    assert.deepEqual(await call(push(foreign), 4_000), { status: 403, told: 'unknown-peer' });
    assert.deepEqual(await call(push(foreign)), { status: 200, told: 'taken' });
    assert.equal((await relay.ledger.info(namespaceOf(foreign)))?.size, 2);
    const { status } = await call({ ...push([]), body: utf8('no blocks') });
    assert.equal(status, 400);
  });
});
