import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  type Block,
  concatBytes,
  consistencyProof,
  formatAddCheckpoint,
  type Hash32,
  type NamespaceId,
  nobleProvider,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  utf8,
  verifyNote,
} from '@basalt/protocol';
import {
  encodeAddEntriesHead,
  encodePackage,
  packageRanges,
  parseMirrorInfo,
} from '../../src/mirror/add-entries.ts';
import { lineHash } from '../../src/mirror/mirrored-log.ts';
import type { TransportReply } from '../../src/peer/transport.ts';
import { Lie } from '../../src/relay/lie.ts';
import { ownTiles } from '../../src/relay/own-log.ts';
import { overTiles, subtreeProofOver } from '../../src/relay/tree-access.ts';
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

interface Scene {
  readonly network: MemoryNetwork;
  readonly time: TestTime;
  readonly origin: TestNode;
  readonly archive: TestNode;
  readonly namespace: NamespaceId;
  /** Origin line of the log. */
  readonly line: string;
  post(target: string, body: Uint8Array, fields?: Record<string, string>): Promise<TransportReply>;
  get(target: string): Promise<TransportReply>;
}

/** An origin with a log and an archive that copies nothing by itself but what it is brought. */
async function createScene(chain: readonly Block[]): Promise<Scene> {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const origin = await startTestNode({
    network,
    time,
    number: 1,
    roles: ['origin'],
    peers: [urlOf(2)],
  });
  const namespace = namespaceOf(chain);
  const archive = await startTestNode({
    network,
    time,
    number: 2,
    roles: ['archive'],
    peers: [urlOf(1)],
    mirrorName: 'node-2.test/mirror',
    originKeys: [origin.ledger.verifierKey('super')],
    // Copies no namespace on its own account, so that the test brings them.
    namespaces: [],
  });
  const transport = network.transportOf('http://client.test');
  const send = (method: 'GET' | 'POST', target: string, more: object): Promise<TransportReply> =>
    transport({ url: urlOf(2), method, target, fields: {}, bytesMax: 1e6, ...more });
  await origin.ledger.submit(chain);
  await time.advance(2_000);
  return {
    network,
    time,
    origin,
    archive,
    namespace,
    line: `node-1.test/ns/${namespace}`,
    post: (target, body, fields = {}) => send('POST', target, { body, fields }),
    get: (target) => send('GET', target, {}),
  };
}

const text = ({ body }: TransportReply): string => new TextDecoder().decode(body);

/** Waits for what needs timers, while time goes on. */
async function during<Result>(time: TestTime, run: Promise<Result>): Promise<Result> {
  let isDone = false;
  const ended = run.finally(() => {
    isDone = true;
  });
  ended.catch(() => undefined);
  await runUntil(time, () => isDone, 60_000);
  return ended;
}

async function addCheckpoint(scene: Scene, oldSize: number): Promise<TransportReply> {
  const note = (await scene.origin.ledger.checkpoint(scene.namespace)) ?? '';
  const { size } = parseCheckpoint(parseNote(note).text);
  const tiles = ownTiles(scene.origin.ledger, scene.namespace);
  const proof = await overTiles(size, tiles, (read) => consistencyProof(oldSize, size, read));
  const body = formatAddCheckpoint({ oldSize, proof, note: parseNote(note) });
  return scene.post('/mirror/add-checkpoint', utf8(body));
}

async function packages(scene: Scene, start: number, size: number): Promise<Uint8Array[]> {
  const { ledger } = scene.origin;
  const tiles = ownTiles(ledger, scene.namespace);
  const made: Uint8Array[] = [];
  for (const range of packageRanges(start, size)) {
    const entries = await ledger.entries(scene.namespace, range.start, range.end - range.start);
    const subtree = { start: range.aligned, end: range.end, size };
    made.push(encodePackage(entries, await subtreeProofOver(subtree, tiles)));
  }
  return made;
}

function head(scene: Scene, uploadStart: number, uploadEnd: number): Uint8Array {
  const ticket = new Uint8Array(0);
  return encodeAddEntriesHead({ origin: scene.line, uploadStart, uploadEnd, ticket });
}

const chain = signedChain(seededSigner(1), 700);

test('a log is brought to a mirror, cosigned, and found there by a random audit', async () => {
  const scene = await createScene(chain);
  const { origin, archive, namespace, time } = scene;
  const key = parseVerifierKey(archive.federation.mirrorKey ?? '');
  const target = { url: archive.url, key };
  const receipt = await during(time, origin.federation.pushToMirror(target, namespace));
  assert.equal(receipt.size, 700);
  assert.equal((await archive.ledger.info(namespace))?.size, 700);
  verifyNote(receipt.note, [key], nobleProvider);
  const served = text(await scene.get(`/mirror/${lineHash(scene.line)}/checkpoint`));
  assert.equal(verifyNote(served, [key], nobleProvider).verified.length, 1);
  const logKey = parseVerifierKey(origin.ledger.verifierKey(namespace));
  const request = { url: archive.url, namespace, logKey, mirrorKey: key, samples: 32 };
  const report = await origin.federation.audit(request);
  assert.equal(report.indexes.length, 32);
  assert.ok(report.indexes.every((index) => index < 700));
  // Brought again, it costs two requests and says the same.
  scene.network.log.length = 0;
  await during(time, origin.federation.pushToMirror(target, namespace));
  assert.ok(scene.network.log.filter(({ target: to }) => to.startsWith('/mirror')).length <= 3);
  await stopAll(time, [origin, archive]);
});

test('an interrupted upload says where it stands and goes on from there', async () => {
  const scene = await createScene(chain);
  const { archive, namespace, time } = scene;
  assert.equal((await addCheckpoint(scene, 0)).status, 200);
  const [first, second, third] = await packages(scene, 0, 700);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const cut = concatBytes(head(scene, 0, 700), first, second.subarray(0, 1_000));
  const reply = await during(time, scene.post('/mirror/add-entries', cut));
  assert.equal(reply.status, 202);
  assert.deepEqual(parseMirrorInfo(text(reply)), { treeSize: 700, nextEntry: 256, ticket: '' });
  assert.equal((await archive.ledger.info(namespace))?.size, 256);
  // Nothing is claimed before all of it is here.
  assert.equal((await scene.get(`/mirror/${lineHash(scene.line)}/checkpoint`)).status, 404);
  const rest = concatBytes(head(scene, 256, 700), second, third);
  const zipped = gzipSync(rest);
  const fields = { 'content-encoding': 'gzip' };
  const done = await during(time, scene.post('/mirror/add-entries', zipped, fields));
  assert.equal(done.status, 200);
  assert.match(text(done), /^— node-2\.test\/mirror /);
  await stopAll(time, [scene.origin, archive]);
});

test('more than 32 packages take more than one request', async () => {
  const scene = await createScene(signedChain(seededSigner(1), 8_300));
  const { origin, archive, namespace, time, network } = scene;
  const key = parseVerifierKey(archive.federation.mirrorKey ?? '');
  network.log.length = 0;
  const target = { url: archive.url, key };
  const receipt = await during(time, origin.federation.pushToMirror(target, namespace));
  assert.equal(receipt.size, 8_300);
  const uploads = network.log.filter((one) => one.target === '/mirror/add-entries');
  // One to ask where the mirror is, one of 32 packages, one of the last.
  assert.equal(uploads.length, 3);
  await stopAll(time, [origin, archive]);
});

test('a start in the middle of a package is proven with what is there already', async () => {
  const scene = await createScene(chain.slice(0, 300));
  const { time, archive, namespace } = scene;
  assert.equal((await addCheckpoint(scene, 0)).status, 200);
  const all = concatBytes(head(scene, 0, 300), ...(await packages(scene, 0, 300)));
  assert.equal((await during(time, scene.post('/mirror/add-entries', all))).status, 200);
  await scene.origin.ledger.submit(chain.slice(300));
  await time.advance(2_000);
  assert.equal((await addCheckpoint(scene, 300)).status, 200);
  const made = await packages(scene, 300, 700);
  assert.equal(made.length, 2);
  const more = concatBytes(head(scene, 300, 700), ...made);
  assert.equal((await during(time, scene.post('/mirror/add-entries', more))).status, 200);
  assert.equal((await archive.ledger.info(namespace))?.size, 700);
  await stopAll(time, [scene.origin, archive]);
});

test('add-checkpoint answers as a witness does', async () => {
  const scene = await createScene(chain);
  assert.equal((await addCheckpoint(scene, 0)).status, 200);
  const again = await addCheckpoint(scene, 0);
  assert.equal(again.status, 409);
  assert.equal(text(again), '700\n');
  assert.equal(again.header('content-type'), 'text/x.tlog.size');
  assert.equal((await addCheckpoint(scene, 700)).status, 200);
  const note = (await scene.origin.ledger.checkpoint(scene.namespace)) ?? '';
  const send = (body: string): Promise<TransportReply> =>
    scene.post('/mirror/add-checkpoint', utf8(body));
  assert.equal((await send(`old 701\n\n${note}`)).status, 400);
  assert.equal((await send(`old 0\n\n${note.replace('\n700\n', '\n701\n')}`)).status, 403);
  assert.equal(
    (await send(`old 0\n\n${note.replaceAll('node-1.test', 'nobody.test')}`)).status,
    404,
  );
  assert.equal((await send('what is this')).status, 400);
  await stopAll(scene.time, [scene.origin, scene.archive]);
});

test('add-checkpoint with a proof that does not lead there is refused', async () => {
  const scene = await createScene(chain.slice(0, 300));
  assert.equal((await addCheckpoint(scene, 0)).status, 200);
  await scene.origin.ledger.submit(chain.slice(300));
  await scene.time.advance(1_000);
  const note = parseNote((await scene.origin.ledger.checkpoint(scene.namespace)) ?? '');
  const proof = [new Uint8Array(32) as Hash32];
  const body = utf8(formatAddCheckpoint({ oldSize: 300, proof, note }));
  assert.equal((await scene.post('/mirror/add-checkpoint', body)).status, 422);
  await stopAll(scene.time, [scene.origin, scene.archive]);
});

test('add-entries refuses what the protocol refuses', async () => {
  const scene = await createScene(chain);
  const { archive, namespace, time } = scene;
  const send = (...parts: Uint8Array[]): Promise<TransportReply> =>
    scene.post('/mirror/add-entries', concatBytes(...parts));
  const ticket = new Uint8Array(0);
  const stranger = { origin: 'nobody.test/super', uploadStart: 0, uploadEnd: 1, ticket };
  assert.equal((await send(encodeAddEntriesHead(stranger))).status, 404);
  assert.equal((await send(head(scene, 0, 700))).status, 409, 'no pending checkpoint yet');
  assert.equal((await addCheckpoint(scene, 0)).status, 200);
  const wrongEnd = await send(head(scene, 0, 699));
  assert.equal(wrongEnd.status, 409);
  assert.deepEqual(parseMirrorInfo(text(wrongEnd)), { treeSize: 700, nextEntry: 0, ticket: '' });
  assert.equal((await send(head(scene, 256, 700))).status, 409, 'starts behind the next entry');
  assert.equal((await send(head(scene, 0, 700))).status, 400, 'no package');
  assert.equal((await send(head(scene, 0, 700).subarray(0, 20))).status, 400, 'half a head');
  assert.equal((await send(head(scene, 5, 4))).status, 400, 'ends before it starts');
  const [first] = await packages(scene, 0, 700);
  assert.ok(first !== undefined);
  for (const at of [300, first.length - 5]) {
    const bad = first.slice();
    bad[at] = (bad[at] ?? 0) ^ 1;
    assert.equal((await send(head(scene, 0, 700), bad)).status, 422, `byte ${at}`);
  }
  assert.equal((await archive.ledger.info(namespace))?.size, undefined, 'nothing was stored');
  const fields = { 'content-encoding': 'gzip' };
  assert.equal((await scene.post('/mirror/add-entries', utf8('no gzip'), fields)).status, 400);
  await stopAll(time, [scene.origin, archive]);
});

test('a mirror without the payloads takes no entries and claims nothing', async () => {
  const scene = await createScene(chain.slice(0, 300));
  const { network, origin, archive, time, namespace } = scene;
  assert.equal((await addCheckpoint(scene, 0)).status, 200);
  const body = concatBytes(head(scene, 0, 300), ...(await packages(scene, 0, 300)));
  network.cutOff(origin.url);
  assert.equal((await during(time, scene.post('/mirror/add-entries', body))).status, 503);
  assert.equal(await archive.ledger.info(namespace), undefined);
  network.restore(origin.url);
  await time.advance(5_000);
  assert.equal((await during(time, scene.post('/mirror/add-entries', body))).status, 200);
  await stopAll(time, [origin, archive]);
});

const claims: readonly [string, RegExp, (reply: TransportReply) => TransportReply][] = [
  ['entries', /\/tile\/entries\//, (reply) => ({ ...reply, status: 404 })],
  [
    'hash tiles',
    /\/tile\/0\//,
    (reply) => ({ ...reply, body: reply.body.map((byte) => byte ^ 1) }),
  ],
  ['payloads', /\/blocks\?/, (reply) => ({ ...reply, body: reply.body.subarray(0, 210) })],
];

for (const [what, pattern, lose] of claims) {
  test(`a mirror that claims ${what} that it lacks is found out by its own word`, async () => {
    const scene = await createScene(chain);
    const { network, origin, archive, namespace, time } = scene;
    const mirrorKey = parseVerifierKey(archive.federation.mirrorKey ?? '');
    const target = { url: archive.url, key: mirrorKey };
    await during(time, origin.federation.pushToMirror(target, namespace));
    network.tamper = (request, reply) => (pattern.test(request.target) ? lose(reply) : reply);
    const logKey = parseVerifierKey(origin.ledger.verifierKey(namespace));
    const request = { url: archive.url, namespace, logKey, mirrorKey };
    let found: unknown;
    await origin.federation.audit(request).catch((error: unknown) => {
      found = error;
    });
    assert.ok(found instanceof Lie);
    assert.ok(['missing-data', 'altered-block'].includes(found.reason));
    assert.equal(found.url, archive.url);
    // Whoever has the evidence sees that the mirror has said to hold that entry.
    const note = found.evidence['note'] ?? '';
    assert.equal(verifyNote(note, [mirrorKey], nobleProvider).verified.length, 1);
    assert.ok(Number(found.evidence['index']) < parseCheckpoint(parseNote(note).text).size);
    assert.equal(origin.federation.status().lies[0]?.url, archive.url);
    await stopAll(time, [origin, archive]);
  });
}

test('a claim without the mirror’s signature is none', async () => {
  const scene = await createScene(chain.slice(0, 300));
  const { origin, archive, namespace, time } = scene;
  const key = parseVerifierKey(archive.federation.mirrorKey ?? '');
  const target = { url: archive.url, key };
  await during(time, origin.federation.pushToMirror(target, namespace));
  const logKey = parseVerifierKey(origin.ledger.verifierKey(namespace));
  const request = { url: archive.url, namespace, logKey, mirrorKey: logKey };
  const other = { ...key, publicKey: seededSigner(5).publicKey };
  await assert.rejects(
    origin.federation.audit({ ...request, mirrorKey: other }),
    (error) => error instanceof Lie && error.reason === 'bad-signature',
  );
  await stopAll(time, [origin, archive]);
});

test('an audit asks for the payloads that the mirror says to keep only', async () => {
  const scene = await createScene(chain);
  const { origin, archive, namespace, time } = scene;
  const mirrorKey = parseVerifierKey(archive.federation.mirrorKey ?? '');
  await during(
    time,
    origin.federation.pushToMirror({ url: archive.url, key: mirrorKey }, namespace),
  );
  await archive.ledger.prunePayloads(namespace, 300);
  const logKey = parseVerifierKey(origin.ledger.verifierKey(namespace));
  const report = await origin.federation.audit({ url: archive.url, namespace, logKey, mirrorKey });
  assert.equal(report.minimumIndex, 300);
  assert.ok(report.indexes.every((index) => index >= 300));
  await stopAll(time, [origin, archive]);
});
