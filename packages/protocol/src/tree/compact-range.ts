import type { Hash32 } from '../brands.ts';
import { concatBytes, dataView, readU64, writeU64 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { INDEX_MAX } from '../limits.ts';
import type { HashFunction } from '../suite.ts';
import {
  createNodeHasher,
  EMPTY_ROOT,
  HASH_BYTES,
  type NodeHasher,
  nodeHash,
  sha256,
} from './hash.ts';

/** A size below 2^53 has at most 53 peaks, one per set bit. */
const PEAKS_MAX = 53;

/**
 * All that is needed to append to an RFC 6962 tree and to know its root: the roots of the complete
 * subtrees that make it up, left to right, largest first (one per set bit of `size`).
 */
export interface CompactRange {
  readonly size: number;
  readonly peaks: readonly Hash32[];
}

/** The range of the tree without leaves. */
export function emptyRange(): CompactRange {
  return { size: 0, peaks: [] };
}

/** The range after one more 32-byte leaf hash; `range` stays as it is. */
export function appendLeaf(
  range: CompactRange,
  leaf: Hash32,
  hash: HashFunction = sha256,
): CompactRange {
  const peaks = [...range.peaks];
  let node = leaf;
  for (let rest = range.size; rest % 2 === 1; rest = (rest - 1) / 2) {
    node = nodeHash(peaks.pop() as Hash32, node, hash);
  }
  peaks.push(node);
  return { size: range.size + 1, peaks };
}

/** 32-byte root of the tree that the range stands for. */
export function rangeRoot(range: CompactRange, hash: HashFunction = sha256): Hash32 {
  const last = range.peaks.at(-1);
  if (last === undefined) return EMPTY_ROOT;
  let root = last;
  for (let i = range.peaks.length - 2; i >= 0; i--) {
    root = nodeHash(range.peaks[i] as Hash32, root, hash);
  }
  return root;
}

/** u64 size, then the peaks, 32 bytes each: 8 + 32 * popcount(size) bytes. */
export function encodeRange(range: CompactRange): Uint8Array {
  const head = new Uint8Array(8);
  writeU64(dataView(head), 0, range.size);
  return concatBytes(head, ...range.peaks);
}

/** @throws ProtocolError `malformed` unless the length is exactly what the size asks for. */
export function decodeRange(bytes: Uint8Array): CompactRange {
  if (bytes.length < 8) {
    throw new ProtocolError('malformed', 'expected a compact range of at least 8 bytes', {
      length: bytes.length,
    });
  }
  const size = readU64(dataView(bytes), 0);
  const count = countPeaks(size);
  if (bytes.length !== 8 + count * HASH_BYTES) {
    throw new ProtocolError('malformed', `expected ${count} peaks for a tree of ${size} leaves`, {
      length: bytes.length,
    });
  }
  const peaks = Array.from(
    { length: count },
    (_, i) => bytes.slice(8 + i * HASH_BYTES, 8 + (i + 1) * HASH_BYTES) as Hash32,
  );
  return { size, peaks };
}

/** Number of set bits, for sizes beyond 32 bits too. */
export function countPeaks(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

/**
 * A mutable compact range for hot paths: one flat array of peaks by height, about one node hash per
 * append. `onNode` sees every complete node as it arises, leaves included, lowest first.
 */
export class RangeBuilder {
  /** The peak of height h lies at 32 * h; it is meaningful when bit h of the size is set. */
  readonly #peaks: Uint8Array = new Uint8Array(PEAKS_MAX * HASH_BYTES);
  readonly #hashNode: NodeHasher;
  #size = 0;

  constructor(range: CompactRange = emptyRange(), hash: HashFunction = sha256) {
    this.#hashNode = createNodeHasher(hash);
    this.#size = range.size;
    let next = range.peaks.length - 1;
    for (let height = 0, rest = range.size; rest > 0; height++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) continue;
      const peak = range.peaks[next--];
      if (peak === undefined || peak.length !== HASH_BYTES) {
        throw new ProtocolError('malformed', 'expected one 32-byte peak per set bit of the size');
      }
      this.#peaks.set(peak, height * HASH_BYTES);
    }
    if (next !== -1) throw new ProtocolError('malformed', 'expected fewer peaks for this size');
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a 32-byte leaf hash (copied). */
  append(leaf: Uint8Array, onNode?: (height: number, node: Uint8Array) => void): void {
    if (leaf.length !== HASH_BYTES) {
      throw new ProtocolError('malformed', 'expected a leaf hash of 32 bytes', {
        length: leaf.length,
      });
    }
    if (this.#size >= INDEX_MAX) throw new ProtocolError('invalid-index', 'the tree is full');
    const peaks = this.#peaks;
    let node = leaf;
    let height = 0;
    onNode?.(0, node);
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      node = this.#hashNode(peaks, height * HASH_BYTES, node, 0);
      height++;
      onNode?.(height, node);
    }
    peaks.set(node, height * HASH_BYTES);
    this.#size++;
  }

  /** 32-byte root; costs one hash per set bit of the size but one. */
  root(): Hash32 {
    let root: Uint8Array | undefined;
    for (let height = 0, rest = this.#size; rest > 0; height++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) continue;
      const offset = height * HASH_BYTES;
      root =
        root === undefined
          ? this.#peaks.slice(offset, offset + HASH_BYTES)
          : this.#hashNode(this.#peaks, offset, root, 0);
    }
    return (root ?? EMPTY_ROOT) as Hash32;
  }

  /** Copies, largest first, as in {@link CompactRange}. */
  peaks(): Hash32[] {
    const list: Hash32[] = [];
    for (let height = 0, rest = this.#size; rest > 0; height++, rest = Math.floor(rest / 2)) {
      const offset = height * HASH_BYTES;
      if (rest % 2 === 1) list.push(this.#peaks.slice(offset, offset + HASH_BYTES) as Hash32);
    }
    return list.reverse();
  }

  /** An immutable copy of the present state. */
  range(): CompactRange {
    return { size: this.#size, peaks: this.peaks() };
  }

  /** Goes back to `range`, which must come from {@link range} or {@link decodeRange}. */
  reset(range: CompactRange): void {
    let next = range.peaks.length - 1;
    for (let height = 0, rest = range.size; rest > 0; height++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) this.#peaks.set(range.peaks[next--] as Hash32, height * HASH_BYTES);
    }
    this.#size = range.size;
  }
}
