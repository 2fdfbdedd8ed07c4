import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createNoteKey,
  decodeBundle,
  entriesPath,
  formatVerifierKey,
  leafHash,
  NOTE_KEY_TYPE,
  nobleProvider,
  openCheckpoint,
  parseVerifierKey,
  tilePath,
  verifyInclusion,
} from '@basalt/protocol';
import { originHash } from '../../src/relay/origins.ts';
import { inclusionOver } from '../../src/relay/tree-access.ts';
import { MemoryNetwork } from '../support/memory-network.ts';
import {
  namespaceOf,
  runUntil,
  seededSigner,
  signedChain,
  startTestNode,
  stopAll,
  TestTime,
  urlOf,
} from '../support/node.ts';

const chain = signedChain(seededSigner(1), 400);

test('the origin is gone: who trusts its key verifies a block at a relay of a relay', async () => {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const origin = await startTestNode({ network, time, number: 1, roles: ['origin'] });
  await origin.ledger.submit(chain);
  await time.advance(2_000);
  const superKey = origin.ledger.verifierKey('super');
  const near = await startTestNode({
    network,
    time,
    number: 2,
    peers: [urlOf(1)],
    superLogs: true,
  });
  const far = await startTestNode({
    network,
    time,
    number: 3,
    peers: [urlOf(2)],
    originKeys: [superKey],
  });
  const namespace = namespaceOf(chain);
  const hash = originHash('node-1.test');
  const transport = network.transportOf('http://client.test');
  const read = async (target: string): Promise<Uint8Array> => {
    const request = { url: urlOf(3), method: 'GET', target, fields: {}, bytesMax: 1e6 } as const;
    const reply = await transport(request);
    return reply.status === 200 ? reply.body : new Uint8Array(0);
  };
  const base = `/mirrors/${hash}/ns/${namespace}`;
  const isThere = async (target: string): Promise<boolean> => (await read(target)).length > 0;
  assert.ok(await runUntil(time, () => isThere(`${base}/checkpoint`), 60_000, 100));
  assert.ok(await runUntil(time, () => isThere(`/mirrors/${hash}/super/checkpoint`), 90_000, 100));
  network.cutOff(origin.url);
  const note = await read(`${base}/checkpoint`);
  const key = parseVerifierKey(origin.ledger.verifierKey(namespace));
  const { checkpoint } = openCheckpoint(note, [key], nobleProvider, { origin: key.name });
  assert.equal(checkpoint.size, 400);
  const bundle = await read(`${base}/${entriesPath({ index: 1, width: 144 })}`);
  const entry = decodeBundle(bundle, 144)[300 - 256];
  assert.ok(entry !== undefined);
  const proof = await inclusionOver(300, 400, (level, index, width) =>
    read(`${base}/${tilePath({ level, index, width })}`),
  );
  const leaf = leafHash(entry);
  verifyInclusion({ leafHash: leaf, index: 300, size: 400, root: checkpoint.root, proof });
  // Tiles of other sizes than the checkpoint's, unknown logs and unknown origins are not there.
  assert.ok(!(await isThere(`${base}/tile/0/001.p/145`)));
  assert.ok(!(await isThere(`/mirrors/${'0'.repeat(64)}/ns/${namespace}/checkpoint`)));
  assert.ok(!(await isThere(`${base}/tile/9/000`)));
  assert.ok(
    near.federation.status().lies.length === 0 && far.federation.status().lies.length === 0,
  );
  await stopAll(time, [origin, near, far]);
});

test('what a node keeps of origins is there after a restart', async () => {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const origin = await startTestNode({ network, time, number: 1, roles: ['origin'] });
  await origin.ledger.submit(chain.slice(0, 10));
  await time.advance(1_000);
  const relay = await startTestNode({ network, time, number: 2, peers: [urlOf(1)] });
  const keeps = (): boolean => relay.federation.status().origins.some(({ logs }) => logs > 0);
  assert.ok(await runUntil(time, keeps, 30_000));
  const { Origins } = await import('../../src/relay/origins.ts');
  const again = new Origins(relay.store, nobleProvider);
  await again.start([]);
  const known = again.get(originHash('node-1.test'));
  assert.equal(known?.trust, 'first-use');
  assert.ok(known.isMirrored, 'it is still served when the origin does not come back');
  assert.equal(known === undefined ? 0 : again.held(known, namespaceOf(chain))?.size, 10);
  // A changed key under a known name is not taken.
  const { publicKey } = seededSigner(77);
  const forged = createNoteKey('node-1.test/super', NOTE_KEY_TYPE.ed25519, publicKey);
  assert.equal(await again.meet(formatVerifierKey(forged), true), undefined);
  assert.equal(again.get(originHash('node-1.test'))?.key, known?.key);
  await stopAll(time, [origin, relay]);
});
