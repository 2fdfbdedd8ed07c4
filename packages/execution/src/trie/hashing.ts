import { keccak256, keccak256Into } from '@basalt/evm';
import { BRANCH_BYTES_MAX, HASH_BYTES } from './limits.ts';
import { Branch, hashOffset, hasOnlyHashes, headerBytes, itemBytes, type Node } from './node.ts';
import { NodeWriter } from './node-writer.ts';
import { EMPTY_TRIE_ROOT } from './ordered-trie.ts';

/** One for all tries of a thread: nothing stays in it from one call to the next. */
const writer = new NodeWriter();
const inner = new Uint8Array(1 + HASH_BYTES);
const scratch = new Uint8Array(BRANCH_BYTES_MAX);

/**
 * Writes what stands for a node in its parent at `offset` of `target`: the node itself where it is
 * shorter than a hash.
 *
 * @returns bytes written, at most 33
 */
export function writeReference(
  node: Node,
  depth: number,
  target: Uint8Array,
  offset: number,
): number {
  if (node instanceof Branch && node.start === node.end) {
    return writeImageReference(node.image, target, offset);
  }
  writeNode(node, depth);
  return writer.reference(target, offset);
}

/** Root of the trie with this node on top, 32 bytes; hashed however short the node is. */
export function rootHash(node: Node | undefined): Uint8Array {
  return node === undefined ? EMPTY_TRIE_ROOT : keccak256(encodeTop(node, 0));
}

/** Encoding of a node: of its extension where a branch has one. A copy. */
export function encodeTop(node: Node, depth: number): Uint8Array {
  if (node instanceof Branch && node.start === node.end) return node.image.slice();
  writeNode(node, depth);
  return writer.bytes.slice();
}

/** Leaf, or extension over a branch, into the writer. */
function writeNode(node: Node, depth: number): void {
  if (node instanceof Branch) {
    const length = writeImageReference(node.image, inner, 0);
    writer.begin(2 * HASH_BYTES + node.key.length);
    writer.raw(inner.subarray(0, length));
    writer.path(node.key, node.start, node.end, false);
  } else {
    writer.begin(node.value.length + node.key.length + HASH_BYTES);
    writer.string(node.value);
    writer.path(node.key, depth, 2 * node.key.length, true);
  }
  writer.list();
}

function writeImageReference(image: Uint8Array, target: Uint8Array, offset: number): number {
  if (image.length < HASH_BYTES) {
    target.set(image, offset);
    return image.length;
  }
  target[offset] = 0x80 + HASH_BYTES;
  keccak256Into(image, target, offset + 1);
  return 1 + HASH_BYTES;
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

/** RLP of a branch out of that of the one before it and what changed. */
export function writeImage(before: Branch | undefined, update: BranchUpdate): Uint8Array {
  if (before !== undefined && before.mask === update.mask) {
    const patched = patchImage(before, update);
    if (patched !== undefined) return patched;
  }
  return composeImage(before, update);
}

/** Most branches only get other hashes in the same places. */
function patchImage(before: Branch, update: BranchUpdate): Uint8Array | undefined {
  const { mask } = before;
  if (!hasOnlyHashes(before.image, mask)) return undefined;
  const image = before.image.slice();
  for (let digit = 0; digit < 16; digit++) {
    if ((update.changed & (1 << digit)) === 0) continue;
    const child = update.children[digit] as Node;
    const at = hashOffset(mask, digit);
    if (writeReference(child, update.childDepth, image, at) !== 1 + HASH_BYTES) return undefined;
  }
  return image;
}

function composeImage(before: Branch | undefined, update: BranchUpdate): Uint8Array {
  let at = 0;
  const old = before?.image;
  let from = old === undefined ? 0 : headerBytesOf(old);
  for (let digit = 0; digit < 16; digit++) {
    const bit = 1 << digit;
    const length = old === undefined ? 0 : itemBytes(old, from);
    if ((update.mask & bit) === 0) {
      scratch[at++] = 0x80;
    } else if ((update.changed & bit) !== 0) {
      at += writeReference(update.children[digit] as Node, update.childDepth, scratch, at);
    } else {
      for (let index = 0; index < length; index++) {
        scratch[at++] = old?.[from + index] as number;
      }
    }
    from += length;
  }
  scratch[at++] = 0x80;
  const header = headerBytes(at);
  const image = new Uint8Array(header + at);
  if (header === 1) {
    image[0] = 0xc0 + at;
  } else {
    image[0] = 0xf7 + header - 1;
    if (header === 3) image[1] = at >>> 8;
    image[header - 1] = at & 0xff;
  }
  image.set(scratch.subarray(0, at), header);
  return image;
}

function headerBytesOf(image: Uint8Array): number {
  const first = image[0] as number;
  return first <= 0xf7 ? 1 : first - 0xf7 + 1;
}
