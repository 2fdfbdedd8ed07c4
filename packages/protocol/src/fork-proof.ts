import { decodeEntryPrefix, type Entry } from './block/entry.ts';
import { blockHash } from './block/hash.ts';
import type { BlockHeader } from './block/header.ts';
import { verifySignature } from './block/verify.ts';
import type { BlockHash, Hash32, NamespaceId } from './brands.ts';
import { compareBytes, concatBytes, fromUtf8, utf8 } from './bytes.ts';
import { ByteReader, ByteWriter } from './codec.ts';
import { ProtocolError } from './errors.ts';
import { ENTRY_BYTES_MAX, NOTE_BYTES_MAX } from './limits.ts';
import { type Checkpoint, parseCheckpoint } from './note/checkpoint.ts';
import type { NoteKey } from './note/note-key.ts';
import { parseNote } from './note/signed-note.ts';
import { openCheckpoint } from './note/verifier.ts';
import type { CryptoProvider, HashFunction } from './suite.ts';
import { nobleProvider } from './suites/noble.ts';
import { sha256 } from './tree/hash.ts';

/** Two signed statements that cannot both be honest. */
export type ForkProof =
  /** Entries of version 2 with the same namespace and index and different block hashes. */
  | { readonly kind: 'blocks'; readonly first: Entry; readonly second: Entry }
  /** Signed notes: checkpoints of the same origin and size with different roots. */
  | { readonly kind: 'checkpoints'; readonly first: string; readonly second: string };

/** Where a verifier finds keys; a missing function or undefined means that it knows none. */
export interface ForkProofKeys {
  /** The key that may sign at this place of this namespace, see `writerAt`. */
  readonly blockKey?: (header: BlockHeader) => Uint8Array | undefined;
  /** Keys of a log by its origin line. */
  readonly logKeys?: (origin: string) => readonly NoteKey[] | undefined;
}

/** What a checked proof shows. */
export type ForkFinding =
  | {
      readonly kind: 'blocks';
      readonly namespace: NamespaceId;
      /** The index that holds two blocks: the namespace is whole below it. */
      readonly index: number;
      /** By rising hash; a recovery block names one of them as its branch. */
      readonly hashes: readonly [BlockHash, BlockHash];
    }
  | {
      readonly kind: 'checkpoints';
      readonly origin: string;
      readonly size: number;
      readonly roots: readonly [Hash32, Hash32];
    };

const KIND_BLOCKS = 1;
const KIND_CHECKPOINTS = 2;
const HASH_TAG = /* @__PURE__ */ utf8('basalt/fork-proof/v2\n');

/** The longer form: two notes with their lengths. */
export const FORK_PROOF_BYTES_MAX: number = 1 + 2 * (4 + Math.max(NOTE_BYTES_MAX, ENTRY_BYTES_MAX));

/**
 * u8 kind 1 and two entries (421 bytes with Ed25519), or u8 kind 2 and two notes, each u32 length
 * and UTF-8. The two stand in the order of their block hashes or roots, so one pair has one
 * encoding.
 * @throws ProtocolError `invalid-proof`, `invalid-note`
 */
export function encodeForkProof(proof: ForkProof): Uint8Array {
  const pair = orderedPair(proof);
  const writer = new ByteWriter();
  if (pair.kind === 'blocks') {
    return writer.u8(KIND_BLOCKS).bytes(pair.first.bytes).bytes(pair.second.bytes).done();
  }
  const [first, second] = [utf8(pair.first), utf8(pair.second)];
  writer.u8(KIND_CHECKPOINTS).u32(first.length).bytes(first);
  return writer.u32(second.length).bytes(second).done();
}

/**
 * Reads one proof and checks that its two parts do contradict each other; whether they were signed
 * is for `verifyForkProof`.
 * @throws ProtocolError `malformed`, `invalid-proof`, `invalid-note`, and the codes of
 *   `decodeEntry`
 */
export function decodeForkProof(bytes: Uint8Array): ForkProof {
  const reader = new ByteReader(bytes, 'a fork proof');
  const proof = readProof(reader, bytes);
  if (orderedPair(proof).first !== proof.first) {
    throw new ProtocolError('malformed', 'expected the two parts in the order of their hashes');
  }
  return proof;
}

/** Name of a proof: SHA-256 of tag `basalt/fork-proof/v2\n` and its encoding. */
export function forkProofHash(bytes: Uint8Array, hash: HashFunction = sha256): Hash32 {
  return hash(concatBytes(HASH_TAG, bytes)) as Hash32;
}

/**
 * Checks that both parts contradict each other and were signed by those who may.
 * @throws ProtocolError `invalid-proof` (no contradiction), `unknown-namespace` (no key known for
 *   it), `wrong-writer`, `invalid-signature`, `invalid-note`
 */
export function verifyForkProof(
  proof: ForkProof,
  keys: ForkProofKeys,
  provider: CryptoProvider = nobleProvider,
): ForkFinding {
  const pair = orderedPair(proof);
  if (pair.kind === 'blocks') {
    const { namespace, index } = pair.first.header;
    for (const entry of [pair.first, pair.second]) verifyEntry(entry, keys, provider);
    return { kind: 'blocks', namespace, index, hashes: pair.hashes };
  }
  const [{ origin, size }] = pair.checkpoints;
  const logKeys = keys.logKeys?.(origin);
  if (logKeys === undefined) throw unknownKey('expected a log whose keys are known', origin);
  for (const note of [pair.first, pair.second]) openCheckpoint(note, logKeys, provider);
  const [a, b] = pair.checkpoints;
  return { kind: 'checkpoints', origin, size, roots: [a.root, b.root] };
}

type OrderedPair =
  | {
      readonly kind: 'blocks';
      readonly first: Entry;
      readonly second: Entry;
      readonly hashes: readonly [BlockHash, BlockHash];
    }
  | {
      readonly kind: 'checkpoints';
      readonly first: string;
      readonly second: string;
      readonly checkpoints: readonly [Checkpoint, Checkpoint];
    };

/** Checks the contradiction and puts the two in order. */
function orderedPair(proof: ForkProof): OrderedPair {
  if (proof.kind === 'blocks') return orderedEntries(proof.first, proof.second);
  const { first, second } = proof;
  const a = parseCheckpoint(parseNote(first).text);
  const b = parseCheckpoint(parseNote(second).text);
  const order = compareBytes(a.root, b.root);
  if (a.origin !== b.origin || a.size !== b.size || order === 0) {
    throw noContradiction('expected checkpoints of one origin and size with different roots');
  }
  return order < 0
    ? { kind: 'checkpoints', first, second, checkpoints: [a, b] }
    : { kind: 'checkpoints', first: second, second: first, checkpoints: [b, a] };
}

function orderedEntries(first: Entry, second: Entry): OrderedPair {
  if (first.header.version !== 2 || second.header.version !== 2) {
    throw noContradiction('expected blocks of version 2: signatures of version 1 cover payloads');
  }
  const a = blockHash(first);
  const b = blockHash(second);
  const order = compareBytes(a, b);
  const isSamePlace =
    first.header.namespace === second.header.namespace &&
    first.header.index === second.header.index;
  if (!isSamePlace || order === 0) {
    throw noContradiction('expected two different blocks of one namespace and index');
  }
  return order < 0
    ? { kind: 'blocks', first, second, hashes: [a, b] }
    : { kind: 'blocks', first: second, second: first, hashes: [b, a] };
}

function readProof(reader: ByteReader, bytes: Uint8Array): ForkProof {
  const kind = reader.u8();
  if (kind === KIND_BLOCKS) {
    const first = decodeEntryPrefix(bytes, 1);
    const second = decodeEntryPrefix(bytes, first.end);
    reader.bytes(second.end - 1);
    reader.end();
    return { kind: 'blocks', first: first.entry, second: second.entry };
  }
  if (kind !== KIND_CHECKPOINTS) {
    throw new ProtocolError('malformed', 'expected a fork proof of kind 1 or 2', { found: kind });
  }
  const first = fromUtf8(reader.bytes(noteLength(reader)));
  const second = fromUtf8(reader.bytes(noteLength(reader)));
  reader.end();
  return { kind: 'checkpoints', first, second };
}

function noteLength(reader: ByteReader): number {
  const length = reader.u32();
  if (length > NOTE_BYTES_MAX) {
    throw new ProtocolError('malformed', 'expected a note of at most 256 KiB', { found: length });
  }
  return length;
}

function verifyEntry(entry: Entry, keys: ForkProofKeys, provider: CryptoProvider): void {
  const { header } = entry;
  const publicKey = keys.blockKey?.(header);
  if (publicKey === undefined) {
    throw unknownKey('expected a namespace whose keys are known', header.namespace);
  }
  const verdict = verifySignature(entry, publicKey, undefined, provider);
  if (verdict !== undefined) {
    throw new ProtocolError(verdict, 'expected both blocks to be signed by the writer', {
      index: header.index,
    });
  }
}

function unknownKey(message: string, found: string): ProtocolError {
  return new ProtocolError('unknown-namespace', message, { found });
}

function noContradiction(message: string): ProtocolError {
  return new ProtocolError('invalid-proof', message);
}
