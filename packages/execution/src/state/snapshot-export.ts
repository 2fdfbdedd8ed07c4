import { assert, equalBytes } from '@basalt/protocol';
import { loadChild, proveKey } from '../trie/load.ts';
import { nibbleAt } from '../trie/nibbles.ts';
import { Branch, type Leaf, type Node, type NodeSource } from '../trie/node.ts';
import { EMPTY_TRIE_ROOT } from '../trie/ordered-trie.ts';
import { childPaths, findSubtree, leavesBelow, type Path } from '../trie/subtree.ts';
import { keyOf } from './byte-key.ts';
import { SNAPSHOT_INLINE_BYTES_MAX, SNAPSHOT_LEAF_BYTES_MAX } from './limits.ts';
import {
  encodeChunk,
  hasSeparateStorage,
  type SnapshotAccount,
  type SnapshotChunk,
  type SnapshotLeaf,
} from './snapshot-chunk.ts';
import type { StageBase } from './staging.ts';
import { decodeAccount, EMPTY_CODE_HASH, NOTHING } from './value-codec.ts';

/** The state of one block, asked for anew before each chunk, as the head may move on. */
export interface SnapshotSource {
  base(): StageBase;
  code(hash: Uint8Array): Uint8Array;
}

/** RLP around a leaf: two headers of up to 3 bytes each, one of a list. */
const LEAF_OVERHEAD = 8;

/** A part that waits to be told: all of what is below a path, or pieces of it. */
type Part =
  | { readonly kind: 'accounts'; readonly path: Path }
  | { readonly kind: 'storage'; readonly path: Path; readonly owner: Uint8Array };

/** A chunk without its number. */
type Piece = SnapshotChunk extends infer Each
  ? Each extends SnapshotChunk
    ? Omit<Each, 'index'>
    : never
  : never;

/** Encoded chunks in order: accounts by key, each large storage behind the chunk of its account. */
export function* snapshotChunks(source: SnapshotSource): Iterable<Uint8Array> {
  const exported = new Exporter(source);
  const waiting: Part[] = [{ kind: 'accounts', path: NOTHING }];
  let index = 0;
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const { chunk, next } = exported.tell(part);
    if (chunk !== undefined) yield encodeChunk({ ...chunk, index: index++ });
    waiting.push(...next.toReversed());
  }
}

interface Told {
  /** undefined: too much for one. */
  readonly chunk: Piece | undefined;
  readonly next: readonly Part[];
}

class Exporter {
  readonly #source: SnapshotSource;
  readonly #codes = new Set<string>();

  constructor(source: SnapshotSource) {
    this.#source = source;
  }

  tell(part: Part): Told {
    const base = this.#source.base();
    return part.kind === 'accounts'
      ? this.#tellAccounts(base, part.path)
      : this.#tellStorage(base, part);
  }

  #tellAccounts(base: StageBase, path: Path): Told {
    const root = base.accountTrie();
    if (root === undefined) {
      return { chunk: { kind: 'accounts', path, nodes: [], accounts: [] }, next: [] };
    }
    const { node, nodes } = findSubtree(base.source(undefined), root, path);
    const known = new Set(this.#codes);
    const accounts: SnapshotAccount[] = [];
    let bytes = 0;
    for (const leaf of leavesBelow(base.source(undefined), node)) {
      const account = this.#account(base, leaf, known);
      accounts.push(account);
      bytes += bytesOf(account) + account.code.length;
      for (const slot of account.slots) bytes += bytesOf(slot);
      if (bytes > SNAPSHOT_LEAF_BYTES_MAX && node instanceof Branch) {
        const next = childPaths(node).map((below) => ({ kind: 'accounts', path: below }) as const);
        return { chunk: undefined, next };
      }
    }
    for (const code of known) this.#codes.add(code);
    const next = accounts
      .filter(hasSeparateStorage)
      .map(({ key }) => ({ kind: 'storage', path: NOTHING, owner: key }) as const);
    return { chunk: { kind: 'accounts', path, nodes, accounts }, next };
  }

  #account(base: StageBase, { key, value }: Leaf, known: Set<string>): SnapshotAccount {
    const { storageRoot, codeHash } = decodeAccount(value);
    let code = NOTHING;
    const codeKey = keyOf(codeHash);
    if (!equalBytes(codeHash, EMPTY_CODE_HASH) && !known.has(codeKey)) {
      known.add(codeKey);
      code = this.#source.code(codeHash);
    }
    if (equalBytes(storageRoot, EMPTY_TRIE_ROOT)) return { key, value, slots: [], code };
    const trie = base.storageTrie({ hash: key, key: keyOf(key) }, storageRoot) as Node;
    const slots = collect(base.source(key), trie, SNAPSHOT_INLINE_BYTES_MAX);
    return { key, value, slots: slots ?? [], code };
  }

  #tellStorage(base: StageBase, part: Part & { readonly kind: 'storage' }): Told {
    const { owner, path } = part;
    const source = base.source(undefined);
    const leaf = findLeafOf(source, base.accountTrie(), owner);
    const { storageRoot } = decodeAccount(leaf.value);
    const trie = base.storageTrie({ hash: owner, key: keyOf(owner) }, storageRoot) as Node;
    const { node, nodes } = findSubtree(base.source(owner), trie, path);
    const slots = collect(base.source(owner), node, SNAPSHOT_LEAF_BYTES_MAX);
    if (slots === undefined) {
      const below = childPaths(node as Branch);
      return { chunk: undefined, next: below.map((each) => ({ ...part, path: each })) };
    }
    const ownerNodes = proveKey(source, base.accountTrie(), owner);
    return { chunk: { kind: 'storage', path, nodes, owner, ownerNodes, slots }, next: [] };
  }
}

/** undefined: more than so many bytes. */
function collect(source: NodeSource, node: Node, bytesMax: number): SnapshotLeaf[] | undefined {
  const leaves: SnapshotLeaf[] = [];
  let bytes = 0;
  for (const { key, value } of leavesBelow(source, node)) {
    leaves.push({ key, value });
    bytes += bytesOf({ key, value });
    if (bytes > bytesMax && node instanceof Branch) return undefined;
  }
  return leaves;
}

function findLeafOf(source: NodeSource, root: Node | undefined, key: Uint8Array): SnapshotLeaf {
  let node = root;
  while (node instanceof Branch) node = loadChild(source, node, nibbleAt(key, node.end));
  assert(node !== undefined, 'an account with storage is in the trie');
  return node;
}

function bytesOf({ key, value }: SnapshotLeaf): number {
  return key.length + value.length + LEAF_OVERHEAD;
}
