import { keccak256 } from '@basalt/evm';
import { assert } from '@basalt/protocol';
import { BRANCH_BYTES_MAX, HASH_BYTES } from './limits.ts';
import {
  Branch,
  hashOffset,
  hasOnlyHashes,
  headerBytes,
  imageOf,
  itemBytes,
  type Node,
  referenceAt,
} from './node.ts';
import { NodeWriter } from './node-writer.ts';
import { EMPTY_TRIE_ROOT } from './ordered-trie.ts';
import type { TrieMemory } from './trie-memory.ts';

/** One for all tries of a thread: nothing stays in it from one call to the next. */
const writer = new NodeWriter();

/**
 * Writes what stands for a node in its parent to an address of the memory: the node itself where it
 * is shorter than a hash.
 *
 * @returns bytes written, at most 33
 */
export function writeReference(
  memory: TrieMemory,
  node: Node,
  depth: number,
  output: number,
): number {
  if (node instanceof Branch && node.start === node.end) {
    assert(node.at !== 0, 'a branch that was let go is loaded first');
    return memory.writeReference(node.at, node.length, output);
  }
  writeNode(memory, node, depth);
  return writer.reference(memory.bytes, output);
}

/** Root of the trie with this node on top, 32 bytes; hashed however short the node is. */
export function rootHash(memory: TrieMemory, node: Node | undefined): Uint8Array {
  if (node === undefined) return EMPTY_TRIE_ROOT;
  if (node instanceof Branch && node.start === node.end) return memory.hash(node.at, node.length);
  writeNode(memory, node, 0);
  return keccak256(writer.bytes);
}

/** Encoding of a node: of its extension where a branch has one. A copy. */
export function encodeTop(memory: TrieMemory, node: Node, depth: number): Uint8Array {
  if (node instanceof Branch && node.start === node.end) return imageOf(memory, node);
  writeNode(memory, node, depth);
  return writer.bytes.slice();
}

/** Leaf, or extension over a branch, into the writer. */
function writeNode(memory: TrieMemory, node: Node, depth: number): void {
  if (node instanceof Branch) {
    assert(node.at !== 0, 'a branch that was let go is loaded first');
    const at = memory.scratch + BRANCH_BYTES_MAX;
    const length = memory.writeReference(node.at, node.length, at);
    writer.begin(2 * HASH_BYTES + node.key.length);
    writer.raw(memory.bytes.subarray(at, at + length));
    writer.path(node.key, node.start, node.end, false);
  } else {
    writer.begin(node.value.length + node.key.length + HASH_BYTES);
    writer.string(node.value);
    writer.path(node.key, depth, 2 * node.key.length, true);
  }
  writer.list();
}

/** What of a branch is new. */
export interface BranchUpdate {
  /** Depth at which its children hang. */
  readonly childDepth: number;
  readonly mask: number;
  /** Bit i: child i is another than before; it is in `children`. */
  readonly changed: number;
  readonly children: readonly (Node | undefined)[];
}

/** Where an encoding lies. */
export interface Image {
  readonly at: number;
  readonly length: number;
}

/** RLP of a branch out of that of the one before it and what changed, in a slot of its own. */
export function writeImage(
  memory: TrieMemory,
  before: Branch | undefined,
  update: BranchUpdate,
): Image {
  if (before !== undefined && before.mask === update.mask) {
    const patched = patchImage(memory, before, update);
    if (patched !== undefined) return patched;
  }
  return composeImage(memory, before, update);
}

/** Most branches only get other hashes in the same places. */
function patchImage(memory: TrieMemory, before: Branch, update: BranchUpdate): Image | undefined {
  const { mask, length } = before;
  if (!hasOnlyHashes(length, mask)) return undefined;
  const at = memory.allocate(length);
  memory.copy(at, before.at, length);
  for (let rest = update.changed; rest !== 0; rest &= rest - 1) {
    const digit = 31 - Math.clz32(rest & -rest);
    const child = update.children[digit] as Node;
    const output = at + hashOffset(mask, digit);
    if (writeReference(memory, child, update.childDepth, output) !== 1 + HASH_BYTES) {
      memory.free(at, length);
      return undefined;
    }
  }
  return { at, length };
}

function composeImage(memory: TrieMemory, before: Branch | undefined, update: BranchUpdate): Image {
  const { bytes, scratch } = memory;
  const start = scratch + 3;
  let to = start;
  let from = before === undefined ? 0 : referenceAt(bytes, before.at, 0);
  for (let digit = 0; digit < 16; digit++) {
    const bit = 1 << digit;
    const length = before === undefined ? 0 : itemBytes(bytes, from);
    if ((update.mask & bit) === 0) {
      bytes[to++] = 0x80;
    } else if ((update.changed & bit) !== 0) {
      to += writeReference(memory, update.children[digit] as Node, update.childDepth, to);
    } else {
      memory.copy(to, from, length);
      to += length;
    }
    from += length;
  }
  bytes[to++] = 0x80;
  const payload = to - start;
  const header = headerBytes(payload);
  const first = start - header;
  if (header === 1) {
    bytes[first] = 0xc0 + payload;
  } else {
    bytes[first] = 0xf7 + header - 1;
    if (header === 3) bytes[first + 1] = payload >>> 8;
    bytes[start - 1] = payload & 0xff;
  }
  const at = memory.allocate(header + payload);
  memory.copy(at, first, header + payload);
  return { at, length: header + payload };
}
