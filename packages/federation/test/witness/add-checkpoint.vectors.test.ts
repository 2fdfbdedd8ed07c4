import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  createCosigner,
  createNoteKey,
  fromHex,
  NOTE_KEY_TYPE,
  parseAddCheckpoint,
  parseSignatureLines,
  parseVerifierKey,
  sha256,
  utf8,
  verifyNote,
} from '@basalt/protocol';
import { conformanceFile, skipReason } from '../../../../tools/testing/conformance.ts';
import { createWitness } from '../../src/witness/create-witness.ts';
import type { WitnessedLog } from '../../src/witness/log-list.ts';
import { callRoute } from '../support/call-route.ts';
import { FakeClock, provider, seededSigner } from '../support/fake-log.ts';
import { memoryRecords } from '../support/memory-records.ts';

const FILE = ['torchwood-witness', 'add-checkpoint.json'] as const;
const skip = skipReason(...FILE);

interface Vectors {
  readonly sigsumLog: { readonly logPublicKeyHex: string } & Group;
  readonly goSumDatabase: { readonly vkey: string } & Group;
}

interface Group {
  readonly origin: string;
  readonly requestsInOrder: readonly {
    readonly body: string;
    readonly status: number;
    readonly assert: string;
  }[];
}

const cosigner = createCosigner('example.com/witness', seededSigner(9));

async function replay(group: Group, logs: readonly WitnessedLog[]): Promise<void> {
  const role = createWitness(
    { signers: [cosigner], logs },
    {
      storage: await memoryRecords(),
      suites: provider,
      clock: new FakeClock(),
      sha256,
    },
  );
  for (const { body, status, assert: expected } of group.requestsInOrder) {
    const answer = await callRoute(role.routes, 'POST', '/witness/add-checkpoint', utf8(body));
    // The vectors are of a version that answered 403 for a log it does not know.
    const unknown = expected.includes('unknown log');
    assert.equal(answer.status, unknown ? 404 : status, `${expected}: ${answer.text}`);
    const [, contained, exact] = /contains "(.*)"$|== "(.*)\\n"$/.exec(expected) ?? [];
    if (contained !== undefined) assert.ok(answer.text.includes(contained), answer.text);
    if (exact !== undefined) {
      assert.equal(answer.text, `${exact}\n`);
      assert.equal(answer.fields.get('content-type'), 'text/x.tlog.size');
    }
    if (status === 200) {
      const { text } = parseAddCheckpoint(body).note;
      const note = { text, signatures: parseSignatureLines(answer.text) };
      assert.equal(verifyNote(note, [cosigner.key], provider).verified.length, 1);
    }
  }
}

test('add-checkpoint of torchwood: a Sigsum log', { skip }, async () => {
  const { sigsumLog } = vectors();
  const publicKey = fromHex(sigsumLog.logPublicKeyHex);
  const key = createNoteKey(sigsumLog.origin, NOTE_KEY_TYPE.ed25519, publicKey);
  assert.equal(sigsumLog.requestsInOrder.length, 9);
  await replay(sigsumLog, [{ origin: sigsumLog.origin, keys: [key] }]);
});

test('add-checkpoint of torchwood: the Go checksum database', { skip }, async () => {
  const { goSumDatabase } = vectors();
  const keys = [parseVerifierKey(goSumDatabase.vkey)];
  await replay(goSumDatabase, [{ origin: goSumDatabase.origin, keys }]);
});

function vectors(): Vectors {
  return JSON.parse(readFileSync(conformanceFile(...FILE) as string, 'utf8')) as Vectors;
}
