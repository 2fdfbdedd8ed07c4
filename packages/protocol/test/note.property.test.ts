import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from '../src/note/checkpoint.ts';
import { decodeTimestampedSignature } from '../src/note/cosignature.ts';
import { parseVerifierKey } from '../src/note/note-key.ts';
import { evaluateQuorum, type Policy, type PolicyGroup } from '../src/note/policy.ts';
import { parsePolicy } from '../src/note/policy-parse.ts';
import {
  addSignatures,
  formatNote,
  isKeyName,
  isNoteText,
  parseNote,
  parseSignatureLines,
} from '../src/note/signed-note.ts';
import { formatTlogProof, parseTlogProof } from '../src/note/tlog-proof.ts';
import { formatAddCheckpoint, parseAddCheckpoint } from '../src/note/witness-request.ts';
import { leafHash } from '../src/tree/hash.ts';

/** Plain objects, so that they compare equal to what a reader makes. */
const PLAIN = { noNullPrototype: true };

const hashes = fc.nat().map((n) => leafHash(utf8(String(n))));
const names = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }).filter(isKeyName);
const texts = fc
  .array(fc.string({ maxLength: 30, unit: 'binary' }), { minLength: 1, maxLength: 5 })
  .map((lines) => `${lines.join('\n')}\n`)
  .filter(isNoteText);
const signatures = fc.record(
  {
    name: names,
    id: fc.nat({ max: 0xffffffff }),
    signature: fc.uint8Array({ minLength: 1, maxLength: 90 }),
  },
  PLAIN,
);
const notes = fc.record(
  {
    text: texts,
    signatures: fc.array(signatures, { minLength: 1, maxLength: 5 }),
  },
  PLAIN,
);
const checkpoints: fc.Arbitrary<Checkpoint> = fc.record(
  {
    origin: names,
    size: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    root: hashes,
  },
  PLAIN,
);

test('notes, checkpoints, proofs and requests come back as they were', () => {
  fc.assert(
    fc.property(
      notes,
      checkpoints,
      fc.array(hashes, { maxLength: 63 }),
      fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 })),
      (note, checkpoint, proof, extra) => {
        assert.deepEqual(parseNote(formatNote(note)), note);
        assert.deepEqual(parseNote(utf8(formatNote(note))), note);
        assert.deepEqual(parseCheckpoint(formatCheckpoint(checkpoint)), checkpoint);
        const file = { index: checkpoint.size, proof, note, ...(extra === null ? {} : { extra }) };
        assert.deepEqual(parseTlogProof(formatTlogProof(file)), file);
        const request = { oldSize: checkpoint.size - 1, proof, note };
        assert.deepEqual(parseAddCheckpoint(formatAddCheckpoint(request)), request);
        assert.deepEqual(addSignatures(note, note.signatures), note);
      },
    ),
    { numRuns: 200 },
  );
});

test('a note that parses has one spelling', () => {
  // Random edits of a good note: whatever still parses must come back byte for byte.
  let parsed = 0;
  fc.assert(
    fc.property(
      notes,
      fc.nat(),
      fc.constantFrom('', '\n', ' ', '—', 'A', '=', '\n\n'),
      (note, at, edit) => {
        const text = formatNote(note);
        const position = at % text.length;
        const edited = text.slice(0, position) + edit + text.slice(position + 1);
        try {
          assert.equal(formatNote(parseNote(edited)), edited);
          parsed++;
        } catch (error) {
          assert.ok(error instanceof ProtocolError && error.code === 'invalid-note', String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(parsed > 0);
});

/** Forest of groups over the witnesses: names in at most one group each. */
const policies: fc.Arbitrary<Policy> = fc
  .record({
    count: fc.integer({ min: 1, max: 7 }),
    cuts: fc.array(
      fc.record({ take: fc.integer({ min: 1, max: 4 }), k: fc.nat(), skip: fc.nat() }),
      { maxLength: 5 },
    ),
  })
  .map(({ count, cuts }) => {
    const free = Array.from({ length: count }, (_, i) => `w${i}`);
    const groups: PolicyGroup[] = [];
    for (const [i, { take, k, skip }] of cuts.entries()) {
      const members = free.splice(skip % free.length, take);
      groups.push({ name: `g${i}`, threshold: 1 + (k % members.length), members });
      free.push(`g${i}`);
    }
    const witnesses = Array.from({ length: count }, (_, i) => ({
      name: `w${i}`,
      key: { name: `w${i}`, id: i, type: 4 as const, publicKey: new Uint8Array(32).fill(i) },
    }));
    return { logs: [], witnesses, groups, quorum: free.at(-1) ?? 'none' };
  });

test('a quorum is what the definition says, for every set of witnesses', () => {
  const witnessed = (policy: Policy, name: string, cosigned: ReadonlySet<string>): boolean => {
    const group = policy.groups.find((candidate) => candidate.name === name);
    if (group === undefined) return cosigned.has(name);
    return (
      group.members.filter((member) => witnessed(policy, member, cosigned)).length >=
      group.threshold
    );
  };
  fc.assert(
    fc.property(policies, (policy) => {
      const read = parsePolicy(
        [
          ...policy.witnesses.map(
            ({ name, key }) => `witness ${name} ${Buffer.from(key.publicKey).toString('hex')}`,
          ),
          ...policy.groups.map((group) =>
            ['group', group.name, group.threshold, ...group.members].join('\t '),
          ),
          `  quorum ${policy.quorum} `,
        ].join('\n'),
      );
      assert.deepEqual(read.groups, policy.groups);
      for (let set = 0; set < 2 ** policy.witnesses.length; set++) {
        const cosigned = new Set(
          policy.witnesses.map(({ name }) => name).filter((_, i) => (set >> i) % 2 === 1),
        );
        const expected = policy.quorum === 'none' || witnessed(policy, policy.quorum, cosigned);
        assert.equal(evaluateQuorum(policy, cosigned), expected);
        assert.equal(evaluateQuorum(read, cosigned), expected);
      }
    }),
    { numRuns: 60 },
  );
});

test('readers of notes throw nothing but ProtocolError', () => {
  const readers: ((text: string) => unknown)[] = [
    parseNote,
    parseCheckpoint,
    parseSignatureLines,
    parseTlogProof,
    parseAddCheckpoint,
    (text) => parsePolicy(text),
    (text) => parseVerifierKey(text),
    (text) => decodeTimestampedSignature(utf8(text)),
    (text) => parseNote(utf8(text).map((byte) => byte ^ 0x80)),
    (text) => parseTlogProof(utf8(text).map((byte) => byte ^ 0x80)),
    (text) => parsePolicy(utf8(text).map((byte) => byte ^ 0x80)),
  ];
  const pieces = fc.constantFrom(
    '\n',
    '\n\n',
    '— ',
    'a',
    ' ',
    'old 1',
    'index 0',
    'extra ',
    'c2sp.org/tlog-proof@v1',
    '+',
    'AAAA',
    'AAAAAAAA',
    '=',
    '12345678',
    'log ',
    'witness ',
    'group ',
    'quorum none',
    '\t',
    'any',
    `${'A'.repeat(43)}=`,
    '\ud800',
    '\u0000',
    '0',
    '9007199254740993',
    '00',
    '#',
    'ä',
    'a+b2c3d4e5+AAAA',
    'all',
  );
  const inputs = fc.oneof(
    fc.array(pieces, { maxLength: 14 }).map((list) => list.join('')),
    fc.string({ unit: 'binary', maxLength: 80 }),
  );
  fc.assert(
    fc.property(inputs, (text) => {
      for (const read of readers) {
        try {
          read(text);
        } catch (error) {
          assert.ok(error instanceof ProtocolError, `${String(error)} for ${JSON.stringify(text)}`);
        }
      }
    }),
    { numRuns: 1500 },
  );
});
