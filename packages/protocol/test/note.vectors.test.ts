import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { concatBytes, fromBase64, fromHex, toBase64, utf8 } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { parseCheckpoint } from '../src/note/checkpoint.ts';
import {
  createNoteKey,
  formatVerifierKey,
  NOTE_KEY_TYPE,
  parseVerifierKey,
} from '../src/note/note-key.ts';
import { evaluateQuorum } from '../src/note/policy.ts';
import { parsePolicy } from '../src/note/policy-parse.ts';
import { formatNote, parseNote } from '../src/note/signed-note.ts';
import { openCheckpoint, verifyNote } from '../src/note/verifier.ts';
import { formatAddCheckpoint, parseAddCheckpoint } from '../src/note/witness-request.ts';
import { nobleProvider } from '../src/suites/noble.ts';
import { decodeBundle, encodeBundle } from '../src/tree/bundle.ts';
import { leafHash } from '../src/tree/hash.ts';
import { entriesPath, parseTilePath, tilePath } from '../src/tree/tile-path.ts';
import { TileBuilder } from '../src/tree/tiles.ts';
import { verifyConsistency } from '../src/tree/verify.ts';

const readText = (...path: string[]): string =>
  readFileSync(conformanceFile(...path) as string, 'utf8');

const skipped = (...path: string[]) => ({ skip: skipReason(...path) });

test('C2SP signed-note example', skipped('c2sp-specs', 'signed-note.json'), () => {
  const { vkey, note } = JSON.parse(readText('c2sp-specs', 'signed-note.json'));
  const key = parseVerifierKey(vkey);
  assert.equal(formatVerifierKey(key), vkey);
  assert.equal(formatNote(parseNote(note)), note);
  const { verified } = verifyNote(note, [key], nobleProvider);
  assert.equal(verified.length, 1);
  assert.throws(() => verifyNote(note.replace('example', 'exampel'), [key], nobleProvider));
});

test('C2SP tlog-witness add-checkpoint example', skipped('c2sp-specs', 'tlog-witness.json'), () => {
  const { addCheckpointRequestExample: body } = JSON.parse(
    readText('c2sp-specs', 'tlog-witness.json'),
  );
  const request = parseAddCheckpoint(body);
  assert.equal(request.oldSize, 20_852_014);
  assert.equal(request.proof.length, 4);
  assert.equal(parseCheckpoint(request.note.text).size, 20_852_163);
  assert.equal(request.note.signatures.length, 2);
  assert.equal(formatAddCheckpoint(request), body);
});

test(
  'Tessera test log: 16 checkpoints, roots, tiles and bundles',
  skipped('tessera-testlog'),
  () => {
    const log = JSON.parse(readText('tessera-testlog', 'log.json'));
    const key = parseVerifierKey(log.publicKeyVkey);
    const files = new Map<string, string>(Object.entries(log.filesBase64));
    const entries: Uint8Array[] = log.entries.map(utf8);
    const builder = new TileBuilder();
    let compared = 0;
    for (let size = 0; size <= entries.length; size++) {
      if (size > 0) builder.append(leafHash(entries[size - 1] as Uint8Array));
      const note: string = log.checkpoints[`checkpoint.${size}`] ?? log.checkpoints['checkpoint'];
      const { checkpoint } = openCheckpoint(note, [key], nobleProvider, { origin: key.name });
      assert.equal(checkpoint.size, size);
      assert.deepEqual(checkpoint.root, builder.root());
      assert.equal(formatNote(parseNote(note)), note);
      if (size === 0) continue;
      const at = { level: 0, index: 0, width: size };
      const bundle = encodeBundle(entries.slice(0, size));
      assert.equal(toBase64(builder.partialTile(0)), files.get(tilePath(at)));
      assert.equal(toBase64(bundle), files.get(entriesPath(at)));
      assert.deepEqual(decodeBundle(bundle), entries.slice(0, size));
      compared += 2;
    }
    for (const path of files.keys()) assert.equal(parseTilePath(path).index, 0);
    assert.equal(compared, files.size);
  },
);

test(
  'Torchwood witness requests: keys, proofs and the expected verdicts',
  skipped('torchwood-witness'),
  () => {
    const vectors = JSON.parse(readText('torchwood-witness', 'add-checkpoint.json'));
    const { logPublicKeyHex, origin, requestsInOrder } = vectors.sigsumLog;
    const key = createNoteKey(origin, NOTE_KEY_TYPE.ed25519, fromHex(logPublicKeyHex));
    let latest = { size: 0, root: openSize0() };
    for (const { body, status } of requestsInOrder) {
      assert.equal(witness(body), status, body);
    }
    const { vkey, origin: sumOrigin, requestsInOrder: sums } = vectors.goSumDatabase;
    const { note } = parseAddCheckpoint(sums[0].body);
    const opened = openCheckpoint(note, [parseVerifierKey(vkey)], nobleProvider);
    assert.equal(opened.checkpoint.origin, sumOrigin);

    function openSize0(): Uint8Array {
      return new TileBuilder().root();
    }

    /** The rules of tlog-witness, with the status that this version of Torchwood gives. */
    function witness(body: string): number {
      let request: ReturnType<typeof parseAddCheckpoint>;
      try {
        request = parseAddCheckpoint(body);
      } catch {
        // The spoilt signature of the second request is not canonical base64, which Go lets pass to
        // fail it as a signature; we refuse it one step earlier.
        return 403;
      }
      assert.equal(formatAddCheckpoint(request), body);
      const named = parseCheckpoint(request.note.text);
      if (named.origin !== origin) return 403;
      try {
        openCheckpoint(request.note, [key], nobleProvider);
      } catch {
        return 403;
      }
      if (request.oldSize !== latest.size) return 409;
      try {
        verifyConsistency({
          fromSize: latest.size,
          fromRoot: latest.root,
          toSize: named.size,
          toRoot: named.root,
          proof: request.proof,
        });
      } catch (error) {
        assert.ok(error instanceof ProtocolError && error.code === 'invalid-proof');
        return 422;
      }
      latest = { size: named.size, root: named.root };
      return 200;
    }
  },
);

test('Sigsum policies', skipped('sigsum-policies'), () => {
  const folder = conformanceFile('sigsum-policies') as string;
  const names = readdirSync(folder).filter((name) => name.includes('builtin-policy'));
  assert.equal(names.length, 4);
  for (const name of names) {
    const policy = parsePolicy(readFileSync(join(folder, name)));
    assert.ok(policy.logs.length > 0 && policy.witnesses.length >= 3);
    for (const { key } of policy.logs)
      assert.match(key.name, /^sigsum\.org\/v1\/tree\/[0-9a-f]{64}$/);
    assert.equal(evaluateQuorum(policy, new Set()), false);
    const all = policy.witnesses.map((witness) => witness.name);
    assert.equal(evaluateQuorum(policy, new Set(all)), true);
  }
  const small = parsePolicy(readText('sigsum-policies', 'sigsum-test1-2025.builtin-policy.txt'));
  const quorum = (...witnesses: string[]) => evaluateQuorum(small, new Set(witnesses));
  assert.equal(quorum('poc.sigsum.org/nisse'), false);
  assert.equal(quorum('poc.sigsum.org/nisse', 'rgdd.se/poc-witness'), true);
  assert.equal(quorum('poc.sigsum.org/nisse', 'unknown'), false);
});

test(
  'Sigsum log origin: the key of barreleye has the vkey of the public list',
  skipped('witness-network-lists'),
  () => {
    const list = readText('witness-network-lists', 'testing-log-list.1.txt');
    const policy = parsePolicy(readText('sigsum-policies', 'sigsum-test1-2025.builtin-policy.txt'));
    const key = policy.logs[0]?.key;
    assert.ok(key !== undefined && list.includes(`vkey ${formatVerifierKey(key)}\n`));
  },
);

test('vkeys of the public witness lists', skipped('witness-network-lists'), () => {
  const folder = conformanceFile('witness-network-lists') as string;
  let count = 0;
  for (const name of readdirSync(folder).filter((file) => file.includes('log-list'))) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (!line.startsWith('vkey ')) continue;
      const vkey = line.slice(5).trim();
      assert.equal(formatVerifierKey(parseVerifierKey(vkey)), vkey);
      count++;
    }
  }
  assert.ok(count >= 20, `${count} vkeys`);
});

test('a bundle entry and its leaf hash', () => {
  // The first entry of the Tessera log, spelled out: u16 length, then the text.
  const bundle = concatBytes(Uint8Array.of(0, 3), utf8('one'));
  assert.deepEqual(decodeBundle(bundle), [utf8('one')]);
  assert.equal(
    toBase64(leafHash(utf8('one'))),
    toBase64(fromBase64('0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek=')),
  );
});
