import { fromHex, fromUtf8, toHex, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { type HashFunction } from '../suite.ts';
import { sha256 } from '../tree/hash.ts';
import { createNoteKey, NOTE_KEY_TYPE, type NoteKey, parseVerifierKey } from './note-key.ts';
import type { Policy, PolicyGroup, PolicyLog, PolicyWitness } from './policy.ts';

/** tlog-policy asks for at least 32 of each; a policy of more than this is a mistake. */
const POLICY_LINES_MAX = 1024;

/** 1,024 lines with an ML-DSA-44 key each (1.8 KB in base64) fit. */
const POLICY_BYTES_MAX: number = 2 * 1024 * 1024;

const NONE = 'none';

interface Draft {
  readonly logs: PolicyLog[];
  readonly witnesses: PolicyWitness[];
  readonly groups: PolicyGroup[];
  /** Names of witnesses and groups so far; true once a group has the name as a member. */
  readonly names: Map<string, boolean>;
  quorum: string | undefined;
  readonly hash: HashFunction;
}

/**
 * Reads a policy file (c2sp.org/tlog-policy), or one of Sigsum, where keys are 64 hex digits: a hex
 * key of a log gets Sigsum's origin, one of a witness the witness's name in the file for key name.
 *
 * @throws ProtocolError `invalid-policy` with the number of the line
 */
export function parsePolicy(file: string | Uint8Array, hash: HashFunction = sha256): Policy {
  if (file.length > POLICY_BYTES_MAX) refuse('expected a shorter policy', 0);
  const octets = typeof file === 'string' ? utf8(file) : file;
  const lines = octetText(octets).split('\n');
  const draft: Draft = {
    logs: [],
    witnesses: [],
    groups: [],
    names: new Map(),
    quorum: undefined,
    hash,
  };
  let count = 0;
  for (const [i, line] of lines.entries()) {
    const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '');
    if (keyword === undefined || keyword.startsWith('#')) continue;
    if (++count > POLICY_LINES_MAX) refuse(`expected at most ${POLICY_LINES_MAX} lines`, i + 1);
    parseLine(draft, keyword, items, i + 1);
  }
  const { logs, witnesses, groups, quorum } = draft;
  if (quorum === undefined) refuse('expected a quorum line', lines.length);
  return { logs, witnesses, groups, quorum };
}

function parseLine(draft: Draft, keyword: string, items: readonly string[], line: number): void {
  switch (keyword) {
    case 'log':
      return parseLog(draft, items, line);
    case 'witness':
      return parseWitness(draft, items, line);
    case 'group':
      return parseGroup(draft, items, line);
    case 'quorum':
      return parseQuorum(draft, items, line);
    default:
      return refuse('expected log, witness, group or quorum', line);
  }
}

function parseLog(draft: Draft, items: readonly string[], line: number): void {
  const [text, url, ...rest] = items;
  if (text === undefined || rest.length > 0) refuse('expected log <vkey> [<url>]', line);
  const key = isHexKey(text)
    ? hexKey(sigsumOrigin(text, draft.hash), NOTE_KEY_TYPE.ed25519, text, draft.hash, line)
    : parseKey(text, draft.hash, line);
  if (key.type === NOTE_KEY_TYPE.cosignatureEd25519) {
    refuse('expected a key that logs sign with, type 1 or 6', line);
  }
  if (isDuplicate(key, draft.logs)) refuse('expected every log once', line);
  draft.logs.push({ key, ...urlOf(url, line) });
}

function parseWitness(draft: Draft, items: readonly string[], line: number): void {
  const [name, text, url, ...rest] = items;
  if (name === undefined || text === undefined || rest.length > 0) {
    refuse('expected witness <name> <vkey> [<url>]', line);
  }
  const type = NOTE_KEY_TYPE.cosignatureEd25519;
  const key = isHexKey(text)
    ? hexKey(decodeOctets(name, line), type, text, draft.hash, line)
    : parseKey(text, draft.hash, line);
  if (key.type === NOTE_KEY_TYPE.ed25519) {
    refuse('expected a key that cosigns, type 4 or 6', line);
  }
  if (isDuplicate(key, draft.witnesses)) refuse('expected every witness once', line);
  define(draft, name, line);
  draft.witnesses.push({ name, key, ...urlOf(url, line) });
}

function parseGroup(draft: Draft, items: readonly string[], line: number): void {
  const [name, rule, ...members] = items;
  if (name === undefined || rule === undefined || members.length === 0) {
    refuse('expected group <name> all|any|<k> <member>...', line);
  }
  for (const member of members) {
    const used = draft.names.get(member);
    if (used === undefined) refuse('expected members that are defined above', line);
    if (used) refuse('expected every name in one group at most', line);
    draft.names.set(member, true);
  }
  const threshold = parseThreshold(rule, members.length);
  if (threshold === undefined) refuse('expected a threshold from 1 to the number of members', line);
  define(draft, name, line);
  draft.groups.push({ name, threshold, members });
}

function parseQuorum(draft: Draft, items: readonly string[], line: number): void {
  const [name, ...rest] = items;
  if (name === undefined || rest.length > 0) refuse('expected quorum <name>', line);
  if (draft.quorum !== undefined) refuse('expected one quorum line', line);
  if (name !== NONE && !draft.names.has(name)) refuse('expected a name defined above', line);
  draft.quorum = name;
}

function parseThreshold(rule: string, members: number): number | undefined {
  if (rule === 'any') return 1;
  if (rule === 'all') return members;
  if (!/^[1-9][0-9]{0,5}$/.test(rule)) return undefined;
  const threshold = Number(rule);
  return threshold <= members ? threshold : undefined;
}

function define(draft: Draft, name: string, line: number): void {
  if (name === NONE) refuse('the name none is taken', line);
  if (draft.names.has(name)) refuse('expected every name defined once', line);
  draft.names.set(name, false);
}

/** Two keys are duplicates when the key proper is the same, whatever name and type wrap it. */
function isDuplicate(key: NoteKey, list: readonly { readonly key: NoteKey }[]): boolean {
  const hex = toHex(key.publicKey);
  return list.some((other) => toHex(other.key.publicKey) === hex);
}

function isHexKey(text: string): boolean {
  return /^[0-9a-fA-F]{64}$/.test(text);
}

function sigsumOrigin(hexText: string, hash: HashFunction): string {
  return `sigsum.org/v1/tree/${toHex(hash(fromHex(hexText)))}`;
}

function hexKey(
  name: string,
  type: typeof NOTE_KEY_TYPE.ed25519 | typeof NOTE_KEY_TYPE.cosignatureEd25519,
  text: string,
  hash: HashFunction,
  line: number,
): NoteKey {
  return atLine(line, () => createNoteKey(name, type, fromHex(text), hash));
}

function parseKey(text: string, hash: HashFunction, line: number): NoteKey {
  return atLine(line, () => parseVerifierKey(decodeOctets(text, line), hash));
}

function urlOf(url: string | undefined, line: number): { readonly url?: string } {
  return url === undefined ? {} : { url: decodeOctets(url, line) };
}

/** One character per octet, so that names compare as octets whatever their encoding. */
function octetText(octets: Uint8Array): string {
  const pieces: string[] = [];
  let line = 1;
  for (let i = 0; i < octets.length; i += 8192) {
    const piece = octets.subarray(i, i + 8192);
    for (const octet of piece) {
      if (octet === 0x0a) line++;
      const allowed = octet === 0x09 || octet === 0x0a || (octet >= 0x20 && octet !== 0x7f);
      if (!allowed) refuse('expected no control characters but tab and newline', line);
    }
    pieces.push(String.fromCharCode(...piece));
  }
  return pieces.join('');
}

function decodeOctets(text: string, line: number): string {
  return atLine(line, () => fromUtf8(Uint8Array.from(text, (octet) => octet.charCodeAt(0))));
}

function atLine<Value>(line: number, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return refuse(error.message, line);
  }
}

function refuse(message: string, line: number): never {
  throw new ProtocolError('invalid-policy', line > 0 ? `line ${line}: ${message}` : message, {
    line,
  });
}
