import { keccak_256 } from '@noble/hashes/sha3.js';
import { equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { decodeRlp, type RlpItem, rlpBytes, rlpList } from './rlp.ts';

/** A claim about one key of a Merkle-Patricia trie (Yellow Paper, appendix D). */
export interface TrieClaim {
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly key: Uint8Array;
  /** Encoded nodes from the root down; those that stand inside their parent are not listed. */
  readonly nodes: readonly Uint8Array[];
}

/** Two nibbles a byte of the longest key (32 bytes), and the leaf. */
const NODES_MAX = 65;

/**
 * What the trie has at the key: its value, or undefined where the nodes show that there is none.
 *
 * @throws ProtocolError `invalid-proof`: a node that its parent does not name, one that is missing
 *   or not needed; `malformed`: bytes that are no node
 */
export function verifyTrieProof({ root, key, nodes }: TrieClaim): Uint8Array | undefined {
  if (nodes.length > NODES_MAX) throw invalid(`at most ${NODES_MAX} nodes`, nodes.length);
  const path = nibblesOf(key);
  let used = 0;
  let depth = 0;
  const open = (hash: Uint8Array): readonly RlpItem[] => {
    const node = nodes[used++];
    if (node === undefined || !equalBytes(keccak_256(node), hash)) {
      throw invalid('a node with the hash that its parent names', used - 1);
    }
    return rlpList(decodeRlp(node));
  };
  let items: readonly RlpItem[] | undefined = nodes.length === 0 ? emptyTrie(root) : open(root);
  let value: Uint8Array | undefined;
  while (items !== undefined) {
    const step = takeStep(items, path, depth);
    depth = step.depth;
    value = step.value;
    const { child } = step;
    if (child === undefined) items = undefined;
    else items = child instanceof Uint8Array ? open(rlpBytes(child, 32)) : child;
  }
  if (used !== nodes.length) throw invalid('no node that the path does not need', used);
  return value;
}

interface Step {
  /** Nibbles of the key that lie behind. */
  readonly depth: number;
  /** Hash of the next node, or the node itself where it is short. */
  readonly child?: RlpItem;
  readonly value?: Uint8Array;
}

function takeStep(items: readonly RlpItem[], path: Uint8Array, depth: number): Step {
  if (items.length === 17) {
    if (depth === path.length) return { depth, ...valueOf(items[16]) };
    const child = items[path[depth] ?? 0];
    const isNothing = child instanceof Uint8Array && child.length === 0;
    return { depth: depth + 1, ...(isNothing || child === undefined ? {} : { child }) };
  }
  if (items.length !== 2) throw new ProtocolError('malformed', 'expected a node of a trie');
  const { nibbles, isLeaf } = readPrefix(rlpBytes(items[0]));
  const end = depth + nibbles.length;
  const fits = equalBytes(nibbles, path.subarray(depth, end));
  if (isLeaf) return fits && end === path.length ? { depth: end, ...valueOf(items[1]) } : { depth };
  if (!fits) return { depth };
  const child = items[1];
  return { depth: end, ...(child === undefined ? {} : { child }) };
}

function valueOf(item: RlpItem | undefined): { value?: Uint8Array } {
  const value = rlpBytes(item);
  return value.length === 0 ? {} : { value };
}

/** Hex-prefix encoding (Yellow Paper, appendix C). */
function readPrefix(bytes: Uint8Array): { nibbles: Uint8Array; isLeaf: boolean } {
  const flag = (bytes[0] ?? 0xff) >>> 4;
  if (flag > 3) throw new ProtocolError('malformed', 'expected a path of a trie node');
  const nibbles = nibblesOf(bytes);
  return { nibbles: nibbles.subarray((flag & 1) === 1 ? 1 : 2), isLeaf: flag >= 2 };
}

function nibblesOf(bytes: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(bytes.length * 2);
  for (const [at, byte] of bytes.entries()) {
    nibbles[2 * at] = byte >>> 4;
    nibbles[2 * at + 1] = byte & 15;
  }
  return nibbles;
}

/** A trie of nothing has no node at all. */
function emptyTrie(root: Uint8Array): undefined {
  // The hash of the empty string's encoding.
  if (!equalBytes(root, keccak_256(Uint8Array.of(0x80)))) throw invalid('the root node', 0);
  return undefined;
}

function invalid(expected: string, at: number): ProtocolError {
  return new ProtocolError('invalid-proof', `expected ${expected} in a proof of a trie`, { at });
}
