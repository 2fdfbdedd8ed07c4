import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALGORITHM,
  addSignatures,
  createCosigner,
  createNoteSigner,
  decodeForkProof,
  formatAddCheckpoint,
  fromUtf8,
  parseNote,
  parseSignatureLines,
  sha256,
  signNoteText,
  utf8,
  verifyForkProof,
  verifyNote,
} from '@basalt/protocol';
import { createWitness, type WitnessRole } from '../../src/witness/create-witness.ts';
import { WitnessError } from '../../src/witness/errors.ts';
import type { WitnessedLog } from '../../src/witness/log-list.ts';
import type { RecordStorage } from '../../src/witness/record-storage.ts';
import { originHash } from '../../src/witness/state.ts';
import { type CalledRoute, callRoute } from '../support/call-route.ts';
import { FakeClock, FakeLog, provider, seededSigner } from '../support/fake-log.ts';
import { memoryRecords } from '../support/memory-records.ts';

const ORIGIN = 'log.example/super';
const log = new FakeLog(ORIGIN);
const cosigner = createCosigner('w.example/1', seededSigner(9));
const known: WitnessedLog = { origin: ORIGIN, keys: [log.signer.key] };

interface Setup {
  readonly role: WitnessRole;
  readonly clock: FakeClock;
  readonly forks: Uint8Array[];
  readonly send: (body: Uint8Array | string) => Promise<CalledRoute>;
}

async function setup(
  options: { logs?: WitnessedLog[]; storage?: RecordStorage; signers?: (typeof cosigner)[] } = {},
): Promise<Setup> {
  const clock = new FakeClock();
  const forks: Uint8Array[] = [];
  const role = createWitness(
    { signers: options.signers ?? [cosigner], logs: options.logs ?? [known] },
    {
      storage: options.storage ?? (await memoryRecords()),
      suites: provider,
      clock,
      sha256,
      onFork: (proof) => forks.push(proof),
    },
  );
  const send = (body: Uint8Array | string): Promise<CalledRoute> =>
    callRoute(
      role.routes,
      'POST',
      '/witness/add-checkpoint',
      typeof body === 'string' ? utf8(body) : body,
    );
  return { role, clock, forks, send };
}

test('every status of add-checkpoint', async () => {
  const { send, role } = await setup();
  assert.equal((await send(log.request(0, 3))).status, 200);
  assert.equal((await send(log.request(3, 3))).status, 200, 'the same size again');
  assert.equal((await send(log.request(3, 9))).status, 200);
  const behind = await send(log.request(3, 12));
  assert.equal(behind.status, 409);
  assert.equal(behind.text, '9\n');
  assert.equal(behind.fields.get('content-type'), 'text/x.tlog.size');
  assert.equal((await send(log.request(12, 9))).status, 400, 'old size above the size');
  assert.equal((await send('old 03\n\nx')).status, 400);
  assert.equal((await send('')).status, 400);
  const stranger = new FakeLog('other.example/log');
  assert.equal((await send(stranger.request(0, 3))).status, 404);
  const impostor = new FakeLog(ORIGIN, 64, '', 0, 77);
  assert.equal((await send(impostor.request(9, 12))).status, 403);
  const altered = log.request(9, 12);
  const at = altered.indexOf(0x0a) + 5;
  altered[at] = altered[at] === 0x41 ? 0x42 : 0x41;
  assert.equal((await send(altered)).status, 422, 'an altered proof');
  const answers = { 200: 3, 400: 3, 403: 1, 404: 1, 409: 1, 422: 1 };
  assert.deepEqual(role.status().answers, answers);
});

test('size 0, and proofs where none belongs', async () => {
  const { send } = await setup();
  assert.equal((await send(log.request(0, 0))).status, 200);
  const line = 'KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
  const padded = fromUtf8(log.request(0, 4)).replace('old 0\n', `old 0\n${line}\n`);
  assert.equal((await send(padded)).status, 422);
  assert.equal((await send(log.request(0, 4))).status, 200);
  const same = fromUtf8(log.request(4, 4)).replace('old 4\n', `old 4\n${line}\n`);
  assert.equal((await send(same)).status, 422);
});

test('a second root for one size is refused, kept and proves the fork', async () => {
  const { send, forks, role } = await setup();
  const fork = new FakeLog(ORIGIN, 64, ' of another history', 3);
  assert.equal((await send(log.request(0, 8))).status, 200);
  const answer = await send(fork.request(8, 8));
  assert.equal(answer.status, 409);
  assert.notEqual(answer.fields.get('content-type'), 'text/x.tlog.size');
  assert.equal((await send(fork.request(8, 20))).status, 422, 'nor a continuation of it');
  assert.deepEqual(role.status().conflicts, [ORIGIN]);
  assert.equal(forks.length, 1);
  const proof = decodeForkProof(forks[0] as Uint8Array);
  const finding = verifyForkProof(proof, { logKeys: () => [log.signer.key] }, provider);
  assert.equal(finding.kind, 'checkpoints');
});

test('monitors read the newest checkpoint with the signatures of log and witness', async () => {
  const { send, role } = await setup();
  const path = `/witness/${originHash(ORIGIN, sha256)}/checkpoint`;
  assert.equal((await callRoute(role.routes, 'GET', path)).status, 404);
  await send(log.request(0, 5));
  // A line of somebody else is neither checked nor kept.
  const stranger = createNoteSigner('stranger.example', seededSigner(5));
  const body = fromUtf8(log.request(5, 7));
  const note = parseNote(body.slice(body.indexOf('\n\n') + 2));
  const more = addSignatures(note, [signNoteText(note.text, stranger)]);
  const proof = log.consistency(5, 7);
  await send(formatAddCheckpoint({ oldSize: 5, proof, note: more }));
  const { status, text } = await callRoute(role.routes, 'GET', path);
  assert.equal(status, 200);
  const opened = verifyNote(text, [log.signer.key, cosigner.key], provider);
  assert.equal(opened.verified.length, 2);
  assert.equal(opened.note.signatures.length, 2);
  const missing = `/witness/${originHash('other', sha256)}/checkpoint`;
  assert.equal((await callRoute(role.routes, 'GET', missing)).status, 404);
});

test('both kinds of cosignature, each with a time', async () => {
  const mlDsa = createCosigner('w.example/1', seededSigner(8, ALGORITHM.mlDsa44));
  const { send, clock } = await setup({ signers: [cosigner, mlDsa] });
  const { text } = await send(log.request(0, 5));
  const body = fromUtf8(log.request(0, 5));
  const note = parseNote(body.slice(body.indexOf('\n\n') + 2));
  const signed = { text: note.text, signatures: parseSignatureLines(text) };
  const { verified } = verifyNote(signed, [cosigner.key, mlDsa.key], provider);
  const seconds = Math.floor(clock.ms / 1000);
  assert.deepEqual(
    verified.map(({ key, timeSeconds }) => [key.type, timeSeconds]),
    [
      [4, seconds],
      [6, seconds],
    ],
  );
});

test('of requests at once, one line of history is cosigned', async () => {
  const { send } = await setup();
  const fork = new FakeLog(ORIGIN, 64, ' of another history', 0);
  const answers = await Promise.all(
    [log.request(0, 4), fork.request(0, 4), log.request(0, 6), fork.request(0, 9)].map(send),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 409, 409, 409],
  );
});

test('a slewing clock repeats the newest time, one that was set back is told', async () => {
  const { send, clock, role } = await setup();
  const timeOf = async (from: number, to: number): Promise<number | undefined> => {
    const { text } = await send(log.request(from, to));
    const body = fromUtf8(log.request(from, to));
    const note = parseNote(body.slice(body.indexOf('\n\n') + 2));
    const signed = { text: note.text, signatures: parseSignatureLines(text) };
    return verifyNote(signed, [cosigner.key], provider).verified[0]?.timeSeconds;
  };
  const start = clock.ms / 1000;
  assert.equal(await timeOf(0, 1), start);
  clock.ms -= 120_000;
  assert.equal(await timeOf(1, 2), start);
  assert.equal(role.status().clockSteps, 0);
  clock.ms -= 3_600_000;
  assert.equal(await timeOf(2, 3), start - 3720);
  assert.equal(role.status().clockSteps, 1);
  clock.ms = 0;
  assert.equal((await send(log.request(3, 4))).status, 503, 'a time of 0 is never signed');
});

test('progress is charged to the budget of the log, repetition is not', async () => {
  const { send, clock } = await setup({ logs: [{ ...known, requestsPerDay: 48 }] });
  assert.equal((await send(log.request(0, 1))).status, 200);
  assert.equal((await send(log.request(1, 2))).status, 200);
  const refused = await send(log.request(2, 3));
  assert.equal(refused.status, 429);
  assert.equal(refused.fields.get('retry-after'), '1800');
  assert.equal((await send(log.request(0, 1))).status, 409);
  assert.equal((await send(log.request(2, 2))).status, 200);
  clock.ms += 1_800_000;
  assert.equal((await send(log.request(2, 3))).status, 200);
});

test('a record that cannot be read is no empty one', async () => {
  const storage = await memoryRecords();
  const { send, role } = await setup({ storage });
  await send(log.request(0, 5));
  await storage.write(`witness/newest/${originHash(ORIGIN, sha256)}`, utf8('damaged'));
  assert.equal((await send(log.request(0, 9))).status, 503);
  assert.match(role.status().storageProblem ?? '', /cannot be read/);
});

test('what a witness does not start with', async () => {
  const bad: WitnessedLog[][] = [
    [known, known],
    [{ origin: ORIGIN, keys: [] }],
    [{ origin: ORIGIN, keys: [createCosigner('x', seededSigner(3)).key] }],
    [{ origin: ORIGIN, keys: [createNoteSigner('w', seededSigner(9)).key] }],
  ];
  for (const logs of bad) {
    await assert.rejects(setup({ logs }), (error) => isInvalidConfig(error));
  }
  await assert.rejects(setup({ signers: [] }), (error) => isInvalidConfig(error));
  await assert.rejects(setup({ signers: [log.signer] }), (error) => isInvalidConfig(error));
});

function isInvalidConfig(error: unknown): boolean {
  return error instanceof WitnessError && error.code === 'invalid-config';
}
