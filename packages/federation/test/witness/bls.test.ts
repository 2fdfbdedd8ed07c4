import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BlsSigner, CryptoError, createBlsSigner } from '@basalt/crypto';
import {
  createCosigner,
  formatNote,
  parseNote,
  sha256,
  signCheckpoint,
  utf8,
} from '@basalt/protocol';
import type { PeerTransport } from '../../src/peer/transport.ts';
import { createBlsCollector } from '../../src/witness/bls-collector.ts';
import {
  type BlsCommittee,
  type BlsWitness,
  createBlsCommittee,
  encodeBlsAggregate,
  isBlsCosignature,
  signBlsCosignature,
  verifyBlsAggregate,
} from '../../src/witness/bls-cosignature.ts';
import { createWitness, type WitnessRole } from '../../src/witness/create-witness.ts';
import { WitnessError } from '../../src/witness/errors.ts';
import { callRoute } from '../support/call-route.ts';
import { FakeClock, FakeLog, provider, seededSigner } from '../support/fake-log.ts';
import { memoryRecords } from '../support/memory-records.ts';

const log = new FakeLog('log.example/super');
const text = parseNote(formatNote(signCheckpoint(log.checkpoint(7), log.signer))).text;
const signers = Array.from({ length: 10 }, (_, i) => createBlsSigner(utf8('seed'.padEnd(31) + i)));
const members = signers.map((signer, i) => member(signer, `w${i}`));
const committee = createBlsCommittee(members);

function member({ publicKey, proofOfPossession }: BlsSigner, name: string): BlsWitness {
  return { name, publicKey, proofOfPossession };
}

function aggregate(places: readonly number[], of: string = text): Uint8Array {
  const shares = new Map(
    places.map((place) => [place, signBlsCosignature(signers[place] as BlsSigner, of)]),
  );
  return encodeBlsAggregate(shares, committee);
}

function refused(run: () => unknown): void {
  assert.throws(
    run,
    (error) => error instanceof WitnessError && error.code === 'invalid-aggregate',
  );
}

test('an aggregate names those who signed and nobody else', () => {
  const bytes = aggregate([0, 3, 9]);
  assert.equal(bytes.length, 3 + 2 + 96);
  assert.deepEqual(verifyBlsAggregate(bytes, text, committee), ['w0', 'w3', 'w9']);
  refused(() => verifyBlsAggregate(bytes, text.replace('\n7\n', '\n8\n'), committee));
  refused(() => verifyBlsAggregate(aggregate([0, 3], 'other\n'), text, committee));
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [0, 5, 7]) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ (1 << bit);
      refused(() => verifyBlsAggregate(changed, text, committee));
    }
  }
  refused(() => verifyBlsAggregate(bytes.subarray(0, -1), text, committee));
  refused(() => verifyBlsAggregate(new Uint8Array(0), text, committee));
  const other: BlsCommittee = createBlsCommittee(members.toReversed());
  refused(() => verifyBlsAggregate(bytes, text, other));
  const smaller = createBlsCommittee(members.slice(0, 9));
  refused(() => verifyBlsAggregate(bytes, text, smaller));
});

test('nobody joins a committee without a proof of possession, or twice', () => {
  const [first, second] = members as [BlsWitness, BlsWitness];
  const rogue = { ...first, proofOfPossession: second.proofOfPossession };
  assert.throws(() => createBlsCommittee([rogue]), CryptoError);
  assert.throws(() => createBlsCommittee([first, first]), WitnessError);
  assert.throws(() => createBlsCommittee([]), WitnessError);
});

test('a witness gives a share of what it has cosigned only', async () => {
  const roles = new Map<string, WitnessRole>();
  for (const name of ['w0', 'w1', 'w2']) {
    const i = Number(name.slice(1));
    const signer = createCosigner(`${name}.example`, seededSigner(30 + i));
    const logs = [{ origin: log.origin, keys: [log.signer.key] }];
    const config = { signers: [signer], logs, bls: signers[i] as BlsSigner };
    const storage = await memoryRecords();
    const parts = { storage, suites: provider, clock: new FakeClock(), sha256 };
    roles.set(name, createWitness(i === 2 ? { signers: [signer], logs } : config, parts));
  }
  const transport: PeerTransport = async ({ url, method, target }) => {
    const { routes } = roles.get(url) as WitnessRole;
    const answer = await callRoute(routes, method, `/witness${target}`);
    return {
      status: answer.status,
      header: () => undefined,
      body: utf8(answer.text),
      isCut: false,
    };
  };
  const collect = createBlsCollector({
    committee,
    urlOf: ({ name }) => (roles.has(name) ? name : undefined),
    transport,
    sha256,
  });
  const note = formatNote(signCheckpoint(log.checkpoint(7), log.signer));
  assert.equal(await collect(note), undefined, 'nothing was cosigned yet');
  for (const { routes } of roles.values()) {
    await callRoute(routes, 'POST', '/witness/add-checkpoint', log.request(0, 7));
  }
  const bytes = await collect(note);
  assert.ok(bytes !== undefined);
  assert.deepEqual(verifyBlsAggregate(bytes, text, committee), ['w0', 'w1']);
  // A share over another size does not go into the aggregate of this one.
  const { routes } = roles.get('w0') as WitnessRole;
  await callRoute(routes, 'POST', '/witness/add-checkpoint', log.request(7, 9));
  const rest = await collect(note);
  assert.ok(rest !== undefined);
  assert.deepEqual(verifyBlsAggregate(rest, text, committee), ['w1']);
  const share = signBlsCosignature(signers[0] as BlsSigner, text);
  assert.ok(isBlsCosignature(share, text, members[0] as BlsWitness, committee));
  assert.ok(!isBlsCosignature(share, text, members[1] as BlsWitness, committee));
});
