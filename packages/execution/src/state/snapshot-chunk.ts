import { keccak256 } from '@basalt/evm';
import { compareBytes, equalBytes, toHex } from '@basalt/protocol';
import { ExecutionError } from '../errors.ts';
import { RlpReader } from '../rlp/reader.ts';
import { encodeRlp, type RlpInput } from '../rlp/tree.ts';
import { EMPTY_TRIE_ROOT } from '../trie/ordered-trie.ts';
import { type Path, verifySubtree } from '../trie/subtree.ts';
import type { TrieMemory } from '../trie/trie-memory.ts';
import { verifyTrieProof } from '../trie/verify-proof.ts';
import { SNAPSHOT_CHUNK_BYTES_MAX } from './limits.ts';
import { decodeAccount, NOTHING } from './value-codec.ts';

/** Hashed key and value of a leaf. */
export interface SnapshotLeaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** An account; its storage comes with it, or in chunks of its own when there are no slots here. */
export interface SnapshotAccount extends SnapshotLeaf {
  readonly slots: readonly SnapshotLeaf[];
  /** Empty where there is none, or where an account before had the same. */
  readonly code: Uint8Array;
}

/** All leaves below a path of one trie, with what proves that they are all. */
export type SnapshotChunk = {
  readonly index: number;
  readonly path: Path;
  /** Encoded nodes above the path, from the root of the trie down. */
  readonly nodes: readonly Uint8Array[];
} & (
  | { readonly kind: 'accounts'; readonly accounts: readonly SnapshotAccount[] }
  | {
      readonly kind: 'storage';
      readonly owner: Uint8Array;
      /** Proves the owner's account, which has the root of its storage. */
      readonly ownerNodes: readonly Uint8Array[];
      readonly slots: readonly SnapshotLeaf[];
    }
);

const ACCOUNTS = 0;
const STORAGE = 1;

/** How messages call a chunk. */
export function chunkName(chunk: SnapshotChunk): string {
  const path = Array.from(chunk.path, (digit) => digit.toString(16)).join('');
  const trie = chunk.kind === 'accounts' ? 'accounts' : `storage/${toHex(chunk.owner)}`;
  return `${chunk.index} (${trie}/${path})`;
}

/** RLP. */
export function encodeChunk(chunk: SnapshotChunk): Uint8Array {
  const head = [numberBytes(chunk.index), chunk.path, chunk.nodes];
  if (chunk.kind === 'storage') {
    const slots = chunk.slots.map(({ key, value }) => [key, value]);
    const list: RlpInput = [kindBytes(STORAGE), ...head, chunk.owner, chunk.ownerNodes, slots];
    return encodeRlp(list);
  }
  const accounts = chunk.accounts.map(({ key, value, slots, code }) => [
    key,
    value,
    slots.map((slot) => [slot.key, slot.value]),
    code,
  ]);
  return encodeRlp([kindBytes(ACCOUNTS), ...head, accounts]);
}

/** @throws ExecutionError `invalid-snapshot`, `malformed-rlp` */
export function decodeChunk(bytes: Uint8Array): SnapshotChunk {
  if (bytes.length > SNAPSHOT_CHUNK_BYTES_MAX) {
    throw new ExecutionError('invalid-snapshot', `a chunk has ${bytes.length} bytes`);
  }
  const reader = new RlpReader(bytes);
  const outer = reader.enterList();
  const kind = reader.readNumber();
  const index = reader.readNumber();
  const path = reader.readBytes().slice();
  if (path.length > 64 || path.some((digit) => digit > 15)) {
    throw new ExecutionError('invalid-snapshot', `chunk ${index} has a path that is none`);
  }
  const nodes = readList(reader, () => reader.readBytes());
  const head = { index, path, nodes };
  let chunk: SnapshotChunk;
  if (kind === ACCOUNTS) {
    const accounts = readList(reader, () => readAccount(reader));
    chunk = { ...head, kind: 'accounts', accounts };
  } else if (kind === STORAGE) {
    const owner = reader.readFixed(32);
    const ownerNodes = readList(reader, () => reader.readBytes());
    const slots = readList(reader, () => readLeaf(reader));
    chunk = { ...head, kind: 'storage', owner, ownerNodes, slots };
  } else {
    throw new ExecutionError('invalid-snapshot', `chunk ${index} is of no known kind`);
  }
  reader.leaveList(outer);
  reader.finish();
  return chunk;
}

/**
 * Is everything in the chunk part of the state with this root, and all of it that its path has?
 *
 * @throws ExecutionError `invalid-snapshot` naming the chunk
 */
export function verifyChunk(memory: TrieMemory, root: Uint8Array, chunk: SnapshotChunk): void {
  try {
    if (chunk.kind === 'accounts') {
      verifySubtree(memory, root, chunk.path, chunk.nodes, asLeaves(chunk.accounts));
      for (const account of chunk.accounts) verifyAccount(memory, account);
      return;
    }
    const encoded = verifyTrieProof(root, chunk.owner, chunk.ownerNodes);
    if (encoded === undefined) throw invalid('there is no account with this storage');
    const { storageRoot } = decodeAccount(encoded);
    verifySubtree(memory, storageRoot, chunk.path, chunk.nodes, asLeaves(chunk.slots));
  } catch (error) {
    if (!(error instanceof ExecutionError)) throw error;
    const name = chunkName(chunk);
    const message = `chunk ${name} is not part of this state: ${error.message}`;
    throw new ExecutionError('invalid-snapshot', message, { chunk: name });
  }
}

/** Slots and code that come with the account are all of it. */
function verifyAccount(memory: TrieMemory, { value, slots, code }: SnapshotAccount): void {
  const { storageRoot, codeHash } = decodeAccount(value);
  if (slots.length > 0) verifySubtree(memory, storageRoot, NOTHING, [], asLeaves(slots));
  if (code.length > 0 && !equalBytes(keccak256(code), codeHash)) {
    throw invalid('a code is not that of its account');
  }
}

/** Has the account storage that must come in chunks of its own? */
export function hasSeparateStorage({ value, slots }: SnapshotAccount): boolean {
  return slots.length === 0 && !equalBytes(decodeAccount(value).storageRoot, EMPTY_TRIE_ROOT);
}

function asLeaves(leaves: readonly SnapshotLeaf[]): {
  keys: Uint8Array[];
  values: Uint8Array[];
  known: boolean[];
} {
  for (let index = 1; index < leaves.length; index++) {
    const [one, other] = [leaves[index - 1] as SnapshotLeaf, leaves[index] as SnapshotLeaf];
    if (compareBytes(one.key, other.key) >= 0) throw invalid('leaves are not in order');
  }
  return {
    keys: leaves.map(({ key }) => key),
    values: leaves.map(({ value }) => value),
    known: leaves.map(() => false),
  };
}

function readList<Item>(reader: RlpReader, readItem: () => Item): Item[] {
  const items: Item[] = [];
  const outer = reader.enterList();
  while (!reader.isAtEnd) items.push(readItem());
  reader.leaveList(outer);
  return items;
}

function readLeaf(reader: RlpReader): SnapshotLeaf {
  const outer = reader.enterList();
  const leaf = { key: reader.readFixed(32).slice(), value: reader.readBytes().slice() };
  reader.leaveList(outer);
  if (leaf.value.length === 0 || leaf.value.length > 127) throw invalid('a leaf has no value');
  return leaf;
}

function readAccount(reader: RlpReader): SnapshotAccount {
  const outer = reader.enterList();
  const key = reader.readFixed(32).slice();
  const value = reader.readBytes().slice();
  const slots = readList(reader, () => readLeaf(reader));
  const code = reader.readBytes().slice();
  reader.leaveList(outer);
  if (value.length === 0 || value.length > 127) throw invalid('an account has no value');
  return { key, value, slots, code };
}

function kindBytes(kind: number): Uint8Array {
  return kind === 0 ? NOTHING : Uint8Array.of(kind);
}

function numberBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

function invalid(what: string): ExecutionError {
  return new ExecutionError('invalid-snapshot', what);
}
