import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, fromHex, toBase64, toHex, utf8 } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from '../src/note/checkpoint.ts';
import { mlDsa44CosignatureMessage } from '../src/note/cosignature.ts';
import {
  createNoteKey,
  formatVerifierKey,
  NOTE_KEY_TYPE,
  parseVerifierKey,
} from '../src/note/note-key.ts';
import { openByPolicy } from '../src/note/policy.ts';
import { parsePolicy } from '../src/note/policy-parse.ts';
import { formatNote, formatSignatureLine, parseNote } from '../src/note/signed-note.ts';
import {
  cosign,
  createCosigner,
  createNoteSigner,
  type NoteSigner,
  signCheckpoint,
  signNoteText,
} from '../src/note/signer.ts';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from '../src/note/tlog-proof.ts';
import { openCheckpoint, verifyNote } from '../src/note/verifier.ts';
import { ALGORITHM, type PlainAlgorithmId } from '../src/suite.ts';
import { nobleProvider } from '../src/suites/noble.ts';
import { createSigner } from '../src/suites/signer.ts';
import { EMPTY_ROOT, leafHash } from '../src/tree/hash.ts';
import { inclusionProof } from '../src/tree/proof.ts';
import { tileHashReader } from '../src/tree/tile-reader.ts';
import { TileBuilder } from '../src/tree/tiles.ts';
import { flipBit, sampleLeaves } from './tree-helpers.ts';

const coded = (code: string) => (error: unknown) =>
  error instanceof ProtocolError && error.code === code;

function signerOf(seed: number, algorithm: PlainAlgorithmId = ALGORITHM.ed25519) {
  const suite = nobleProvider.suite(algorithm);
  return createSigner(suite.keyPairFromSeed(new Uint8Array(suite.seedBytes).fill(seed)));
}

const ORIGIN = 'example.com/ns/1';
const logSigner = createNoteSigner(ORIGIN, signerOf(1));
const witness = createCosigner('witness.example/w1', signerOf(2));
const second = createCosigner('witness.example/w2', signerOf(3));
const quantum = createCosigner('witness.example/pq', signerOf(4, ALGORITHM.mlDsa44));
const TIME = 1_679_315_147;

const leaves = sampleLeaves(5);
const builder = new TileBuilder();
for (const leaf of leaves) builder.append(leaf);
const checkpoint: Checkpoint = { origin: ORIGIN, size: 5, root: builder.root() };
const signed = signCheckpoint(checkpoint, [logSigner]);

test('notes of a wrong form are refused', () => {
  const line = formatSignatureLine({ name: 'a', id: 1, signature: new Uint8Array(64) });
  const bare = toBase64(new Uint8Array(4));
  const wrong = [
    '',
    '\n',
    'text\n',
    'text\n\n',
    `text\n${line}`,
    `text\n\n${line.slice(0, -1)}`,
    `text\n\n${line}\n`,
    `text\n\n- a ${toBase64(new Uint8Array(68))}\n`,
    `text\n\n${line}junk\n`,
    `te\txt\n\n${line}`,
    `te\rxt\n\n${line}`,
    `te\0xt\n\n${line}`,
    `te\ud800xt\n\n${line}`,
    `text\n\n${line.replace(' a ', ' a+b ')}`,
    `text\n\n${line.replace(' a ', '  ')}`,
    `text\n\n${line.replace(' a ', ' a\u00a0b ')}`,
    `text\n\n${line.replace(' a ', ' a b ')}`,
    `text\n\n— a ${bare}\n`,
    `text\n\n— a AAAAAAAA=\n`,
    `text\n\n${line.repeat(65)}`,
    `${'x'.repeat(256 * 1024)}\n\n${line}`,
  ];
  for (const note of wrong) {
    assert.throws(() => parseNote(note), coded('invalid-note'), JSON.stringify(note.slice(0, 80)));
  }
  assert.throws(() => parseNote(Uint8Array.of(0xff, 0x0a, 0x0a)), coded('invalid-note'));
  assert.equal(parseNote(`a\n\nb\n\n${line}`).text, 'a\n\nb\n');
  assert.equal(parseNote(`text\n\n${line.repeat(64)}`).signatures.length, 64);
  assert.equal(parseNote(`\n\n${line}`).text, '\n');
});

test('name and id must both match, unknown keys are ignored, a bad known line refuses all', () => {
  const note = formatNote(cosign(signed, witness, TIME));
  const keys = [logSigner.key, witness.key];
  assert.equal(verifyNote(note, keys, nobleProvider).verified.length, 2);
  assert.equal(verifyNote(note, [logSigner.key], nobleProvider).verified.length, 1);
  assert.equal(verifyNote(note, [witness.key], nobleProvider).verified[0]?.timeSeconds, TIME);

  const renamed = { ...logSigner.key, name: 'example.com/other' };
  const otherId = { ...logSigner.key, id: logSigner.key.id ^ 1 };
  for (const key of [renamed, otherId]) {
    assert.throws(() => verifyNote(note, [key], nobleProvider), coded('invalid-signature'));
  }
  const wrongKey = { ...witness.key, publicKey: second.key.publicKey };
  assert.throws(
    () => verifyNote(note, [logSigner.key, wrongKey], nobleProvider),
    coded('invalid-signature'),
  );
  const spoilt = {
    ...signed,
    signatures: [
      ...signed.signatures,
      { name: ORIGIN, id: logSigner.key.id, signature: new Uint8Array(3) },
    ],
  };
  assert.throws(() => verifyNote(spoilt, keys, nobleProvider), coded('invalid-signature'));
});

test('every byte of text, time and signature counts, for all three signature types', () => {
  for (const by of [logSigner, witness, quantum]) {
    const line = signNoteText(signed.text, by, TIME);
    const verify = (text: string, signature: Uint8Array) =>
      verifyNote({ text, signatures: [{ ...line, signature }] }, [by.key], nobleProvider);
    assert.equal(verify(signed.text, line.signature).verified.length, 1);
    for (const at of [0, 7, 8, 100, line.signature.length * 8 - 1]) {
      const wrong = flipBit(line.signature, at);
      assert.throws(() => verify(signed.text, wrong), coded('invalid-signature'));
    }
    const other = formatCheckpoint({ ...checkpoint, size: 6 });
    assert.throws(() => verify(other, line.signature), coded('invalid-signature'));
    const short = line.signature.slice(0, -1);
    assert.throws(() => verify(signed.text, short), coded('invalid-signature'));
  }
});

test('the ML-DSA-44 message is the structure of tlog-cosignature, byte for byte', () => {
  const message = mlDsa44CosignatureMessage(signed.text, TIME, 'w');
  const expected = concatBytes(
    utf8('subtree/v1\n\0'),
    Uint8Array.of(1),
    utf8('w'),
    fromHex('00000000641850cb'),
    Uint8Array.of(ORIGIN.length),
    utf8(ORIGIN),
    fromHex('0000000000000000'),
    fromHex('0000000000000005'),
    checkpoint.root,
  );
  assert.equal(toHex(message), toHex(expected));
  const extended = `${signed.text}extension\n`;
  assert.throws(() => mlDsa44CosignatureMessage(extended, TIME, 'w'), coded('invalid-note'));
});

test('verifier keys', () => {
  for (const by of [logSigner, witness, quantum]) {
    const text = formatVerifierKey(by.key);
    assert.deepEqual(parseVerifierKey(text), by.key);
    assert.throws(() => parseVerifierKey(`x${text}`), coded('invalid-note'));
    assert.throws(() => parseVerifierKey(text.slice(0, -4)), coded('invalid-note'));
  }
  assert.notEqual(
    createNoteKey('a', NOTE_KEY_TYPE.ed25519, new Uint8Array(32)).id,
    createNoteKey('a', NOTE_KEY_TYPE.cosignatureEd25519, new Uint8Array(32)).id,
  );
  const ecdsa = `a+01020304+${toBase64(Uint8Array.of(2, ...new Uint8Array(33)))}`;
  assert.throws(() => parseVerifierKey(ecdsa), coded('unknown-algorithm'));
  assert.throws(() => createNoteKey('a b', NOTE_KEY_TYPE.ed25519, new Uint8Array(32)));
  assert.throws(
    () => createNoteSigner('a', signerOf(1, ALGORITHM.mlDsa44)),
    coded('unknown-algorithm'),
  );
  assert.throws(
    () => createCosigner('a', signerOf(1, ALGORITHM.secp256k1)),
    coded('unknown-algorithm'),
  );
});

test('checkpoints of a wrong form are refused', () => {
  const root = toBase64(checkpoint.root);
  const wrong = [
    `${ORIGIN}\n5\n${root}`,
    `${ORIGIN}\n5\n${root}\nextension\n`,
    `${ORIGIN}\n5\n${root}\n\n`,
    `${ORIGIN}\n05\n${root}\n`,
    `${ORIGIN}\n-5\n${root}\n`,
    `${ORIGIN}\n+5\n${root}\n`,
    `${ORIGIN}\n\n${root}\n`,
    `${ORIGIN}\n9007199254740992\n${root}\n`,
    `${ORIGIN}\n5\n${root.slice(4)}\n`,
    `${ORIGIN}\n5\n${toBase64(new Uint8Array(33))}\n`,
    `\n5\n${root}\n`,
    `${ORIGIN}\n0\n${root}\n`,
    `${ORIGIN}\n5\n${toBase64(EMPTY_ROOT)}\n`,
  ];
  for (const text of wrong) {
    assert.throws(() => parseCheckpoint(text), coded('invalid-note'), JSON.stringify(text));
  }
  assert.deepEqual(parseCheckpoint(signed.text), checkpoint);
  const two = { ...checkpoint, origin: 'two\nlines' };
  assert.throws(() => formatCheckpoint(two), coded('invalid-note'));
  assert.throws(() => formatCheckpoint({ ...checkpoint, size: 0 }), coded('invalid-note'));
});

test('openCheckpoint wants the log, not just a witness', () => {
  const both = cosign(signed, witness, TIME);
  const options = { witnesses: [witness.key], origin: ORIGIN };
  const opened = openCheckpoint(formatNote(both), [logSigner.key], nobleProvider, options);
  assert.deepEqual(opened.checkpoint, checkpoint);
  assert.equal(opened.verified.length, 2);
  const witnessOnly = { text: both.text, signatures: both.signatures.slice(1) };
  assert.throws(
    () => openCheckpoint(witnessOnly, [logSigner.key], nobleProvider, options),
    coded('invalid-signature'),
  );
  assert.throws(
    () => openCheckpoint(both, [logSigner.key], nobleProvider, { origin: 'example.com/ns/2' }),
    coded('invalid-note'),
  );
});

const policyText = `# who is believed
log ${formatVerifierKey(logSigner.key)} https://example.com/ns/1
witness one ${formatVerifierKey(witness.key)}
witness two ${formatVerifierKey(second.key)}
\twitness pq ${formatVerifierKey(quantum.key)}
group pair any one two
group both all pair pq
quorum both
`;

test('a policy opens what its quorum has cosigned', () => {
  const policy = parsePolicy(policyText);
  const sign = (...by: NoteSigner[]) => by.reduce((note, one) => cosign(note, one, TIME), signed);
  const opened = openByPolicy(sign(witness, quantum), policy, nobleProvider);
  assert.deepEqual(opened.witnesses, ['one', 'pq']);
  assert.equal(policy.logs[0]?.url, 'https://example.com/ns/1');
  for (const note of [signed, sign(witness), sign(witness, second), sign(quantum)]) {
    assert.throws(() => openByPolicy(note, policy, nobleProvider), coded('policy-unsatisfied'));
  }
  // The quorum's time is that of its slowest member; a third one, or a newer line, counts.
  const at = (...by: [NoteSigner, number][]): number | undefined =>
    openByPolicy(
      by.reduce((note, [one, time]) => cosign(note, one, time), signed),
      policy,
      nobleProvider,
    ).witnessedSeconds;
  assert.equal(at([witness, TIME + 9], [quantum, TIME]), TIME);
  assert.equal(at([witness, TIME], [second, TIME + 5], [quantum, TIME + 9]), TIME + 5);
  assert.equal(at([witness, TIME], [witness, TIME + 3], [quantum, TIME + 9]), TIME + 3);
  const other = signCheckpoint({ ...checkpoint, origin: 'example.com/ns/2' }, [logSigner]);
  const none = parsePolicy(`log ${formatVerifierKey(logSigner.key)}\nquorum none\n`);
  assert.deepEqual(openByPolicy(signed, none, nobleProvider).checkpoint, checkpoint);
  assert.equal(openByPolicy(signed, none, nobleProvider).witnessedSeconds, undefined);
  assert.throws(() => openByPolicy(other, none, nobleProvider), coded('policy-unsatisfied'));
  const empty = parsePolicy('quorum none');
  assert.throws(() => openByPolicy(signed, empty, nobleProvider), coded('invalid-signature'));
  openByPolicy(signed, empty, nobleProvider, { logs: [logSigner.key] });
});

test('policies of a wrong form are refused, with the line', () => {
  const w = (name: string, seed: number) =>
    `witness ${name} ${formatVerifierKey(createCosigner(name, signerOf(seed)).key)}\n`;
  const log = formatVerifierKey(logSigner.key);
  const wrong = [
    '',
    '# only a comment\n',
    'quorum missing\n',
    'quorum none\nquorum none\n',
    'quorum\n',
    'quorum none extra\n',
    'quorum none # comment\n',
    'quorum none\r\n',
    'quorum none\x7f\n',
    `${w('a', 2)}${w('a', 3)}quorum a\n`,
    `${w('a', 2)}${w('b', 2)}quorum a\n`,
    `${w('none', 2)}quorum none\n`,
    `${w('a', 2)}group g 2 a\nquorum g\n`,
    `${w('a', 2)}group g 0 a\nquorum g\n`,
    `${w('a', 2)}group g 1\nquorum g\n`,
    `${w('a', 2)}group g 1 a a\nquorum g\n`,
    `${w('a', 2)}group g 1 none\nquorum g\n`,
    `${w('a', 2)}group g 1 g\nquorum g\n`,
    `${w('a', 2)}group g 1 a\ngroup h 1 a\nquorum h\n`,
    `${w('a', 2)}group a 1 a\nquorum a\n`,
    `group g 1 a\n${w('a', 2)}quorum g\n`,
    `log ${log}\nlog ${log}\nquorum none\n`,
    `log ${log}\nlog ${toHex(logSigner.key.publicKey)}\nquorum none\n`,
    `log ${formatVerifierKey(witness.key)}\nquorum none\n`,
    `witness a ${log}\nquorum a\n`,
    `log ${log.slice(0, -4)}\nquorum none\n`,
    `${'# x\n'.repeat(3)}nonsense\nquorum none\n`,
    `witness a ${'00'.repeat(31)}\nquorum a\n`,
  ];
  for (const text of wrong) {
    assert.throws(() => parsePolicy(text), coded('invalid-policy'), JSON.stringify(text));
  }
  const at = (text: string): unknown => {
    try {
      parsePolicy(text);
    } catch (error) {
      return (error as ProtocolError).metadata['line'];
    }
    return undefined;
  };
  assert.equal(at('\n# x\nnonsense\n'), 3);
  // Names are octets: the letter K and the Kelvin sign differ, and need not be UTF-8 at all.
  const kelvin = parsePolicy(`${w('K', 2)}${w('\u212a', 3)}quorum \u212a\n`);
  assert.equal(kelvin.quorum, '\xe2\x84\xaa');
  const hex = toHex(witness.key.publicKey);
  const raw = concatBytes(
    utf8('group '),
    Uint8Array.of(0xff),
    utf8(` 1 a\nquorum `),
    Uint8Array.of(0xff),
  );
  assert.equal(parsePolicy(concatBytes(utf8(`witness a ${hex}\n`), raw)).quorum, '\xff');
});

test('a .tlog-proof file proves an entry without a network', () => {
  const read = tileHashReader(5, (level) => builder.partialTile(level));
  const proof = {
    index: 3,
    proof: inclusionProof(3, 5, read),
    note: cosign(signed, witness, TIME),
    extra: utf8('path'),
  };
  const text = formatTlogProof(proof);
  assert.match(text, /^c2sp\.org\/tlog-proof@v1\nextra cGF0aA==\nindex 3\n/);
  const parsed = parseTlogProof(text);
  assert.deepEqual(parsed, proof);
  const open = (note: typeof signed) => openCheckpoint(note, [logSigner.key], nobleProvider);
  assert.equal(verifyTlogProof(parsed, leafHash(utf8('leaf 3')), open).checkpoint.size, 5);
  assert.throws(
    () => verifyTlogProof(parsed, leafHash(utf8('leaf 2')), open),
    coded('invalid-proof'),
  );
  assert.throws(
    () => verifyTlogProof({ ...parsed, index: 2 }, leafHash(utf8('leaf 3')), open),
    coded('invalid-proof'),
  );
  const wrong = [
    text.replace('@v1', '@v2'),
    text.replace('extra cGF0aA==', 'extra '),
    text.replace('index 3', 'index 03'),
    text.replace('index 3\n', ''),
    text.replace('\n\n', '\n'),
    text.replace('index 3', 'index  3'),
    text.replace('index 3\n', 'index 3\nAAAA\n'),
  ];
  for (const file of wrong) assert.throws(() => parseTlogProof(file), ProtocolError);
});
