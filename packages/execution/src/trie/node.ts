import { assert } from '@basalt/protocol';
import { BRANCH_BYTES_MAX, HASH_BYTES } from './limits.ts';
import { nibbleAt } from './nibbles.ts';
import type { TrieMemory } from './trie-memory.ts';

/** A value with its whole key. What its encoding is depends on the depth it hangs at. */
export class Leaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;

  constructor(key: Uint8Array, value: Uint8Array) {
    this.key = key;
    this.value = value;
  }
}

/**
 * A branch with the extension above it, if there is one. Never changes but for children that are
 * loaded when they are needed: an update makes new branches from the root to what it changed.
 */
export class Branch {
  /** Any key below: it has the digits of the path. */
  readonly key: Uint8Array;
  /** Depth at which the node hangs; its place in the store is the path of so many digits. */
  readonly start: number;
  /** Depth of the digit that the branch decides; the extension has the digits from `start` on. */
  readonly end: number;
  /** Where its RLP lies in the memory; 0: it was let go, and has to be loaded again. */
  at: number;
  /** Bytes of it: the branch alone, without its extension. */
  readonly length: number;
  /** Bit i: there is a child i. */
  readonly mask: number;
  /** Bit i: child i is a leaf. */
  readonly leaves: number;
  /** Those that were loaded or made; undefined: look into the store. */
  readonly children: (Node | undefined)[];
  /** Mark of the last batch that came by, for whoever bounds the memory. */
  generation = 0;

  constructor(
    place: { readonly key: Uint8Array; readonly start: number; readonly end: number },
    content: BranchContent,
  ) {
    this.key = place.key;
    this.start = place.start;
    this.end = place.end;
    this.at = content.at;
    this.length = content.length;
    this.mask = content.mask;
    this.leaves = content.leaves;
    this.children = content.children;
  }
}

export type Node = Branch | Leaf;

export interface BranchContent {
  readonly at: number;
  readonly length: number;
  readonly mask: number;
  readonly leaves: number;
  readonly children: (Node | undefined)[];
}

/** Where nodes are read that are not in memory. */
export interface NodeSource {
  /** Where branches lie that are loaded. */
  readonly memory: TrieMemory;
  /** Record of the branch that hangs at the path of the first `depth` digits of `key`. */
  loadBranch(key: Uint8Array, depth: number): Uint8Array | undefined;
  /** The only leaf below the path. */
  findLeaf(key: Uint8Array, depth: number): Leaf | undefined;
  /** Told of each branch that was loaded, for who gives back what it takes. */
  loaded?(branch: Branch): void;
}

/** Room for 16 children, none loaded. Of exact length: an array that grows takes twice as much. */
export function noChildren(): (Node | undefined)[] {
  // biome-ignore format: one look
  return [
    undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined,
    undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined,
  ];
}

export function childCount(mask: number): number {
  let count = mask - ((mask >>> 1) & 0x5555);
  count = (count & 0x3333) + ((count >>> 2) & 0x3333);
  count = (count + (count >>> 4)) & 0x0f0f;
  return (count + (count >>> 8)) & 0x1f;
}

/** True when no child stands inside the branch itself: then every place in it is known. */
export function hasOnlyHashes(length: number, mask: number): boolean {
  const payload = 17 + HASH_BYTES * childCount(mask);
  return length === headerBytes(payload) + payload;
}

/** Where child i stands in a branch that {@link hasOnlyHashes}, from its first byte. */
export function hashOffset(mask: number, digit: number): number {
  const payload = 17 + HASH_BYTES * childCount(mask);
  return headerBytes(payload) + digit + HASH_BYTES * childCount(mask & ((1 << digit) - 1));
}

/** Address of what stands for child i of the branch at `at`. */
export function referenceAt(bytes: Uint8Array, at: number, digit: number): number {
  const first = bytes[at] as number;
  let item = at + (first <= 0xf7 ? 1 : first - 0xf7 + 1);
  for (let index = 0; index < digit; index++) item += itemBytes(bytes, item);
  return item;
}

/** Items of a branch are short: nothing, a hash, or a node of fewer bytes than a hash. */
export function itemBytes(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first === 0x80) return 1;
  return 1 + (first >= 0xc0 ? first - 0xc0 : first - 0x80);
}

export function headerBytes(payload: number): number {
  if (payload < 56) return 1;
  return payload < 256 ? 2 : 3;
}

/** Gives back what a branch takes in the memory; once is enough. */
export function freeBranch(memory: TrieMemory, branch: Branch): void {
  if (branch.at === 0) return;
  memory.free(branch.at, branch.length);
  branch.at = 0;
}

/** A branch and all below it that are in the memory. */
export function freeTree(memory: TrieMemory, node: Node | undefined): void {
  if (!(node instanceof Branch)) return;
  freeBranch(memory, node);
  for (const child of node.children) freeTree(memory, child);
}

/** RLP of the branch alone, a copy. */
export function imageOf(memory: TrieMemory, branch: Branch): Uint8Array {
  assert(branch.at !== 0, 'a branch that was let go is loaded first');
  return memory.bytes.slice(branch.at, branch.at + branch.length);
}

/** As it lies in the store: which children are leaves, digits of the extension, the RLP. */
export function encodeBranch(memory: TrieMemory, branch: Branch): Uint8Array {
  assert(branch.at !== 0, 'a branch that waits for the store is in memory');
  const digits = branch.end - branch.start;
  const imageAt = 3 + ((digits + 1) >>> 1);
  const record = new Uint8Array(imageAt + branch.length);
  record[0] = branch.leaves >>> 8;
  record[1] = branch.leaves & 0xff;
  record[2] = digits;
  for (let index = 0; index < digits; index++) {
    const digit = nibbleAt(branch.key, branch.start + index);
    const at = 3 + (index >>> 1);
    record[at] = (record[at] as number) | (digit << (index % 2 === 0 ? 4 : 0));
  }
  record.set(memory.bytes.subarray(branch.at, branch.at + branch.length), imageAt);
  return record;
}

/** @param key has the digits of the path up to `start` @returns undefined: not a record */
export function decodeBranch(
  memory: TrieMemory,
  record: Uint8Array,
  key: Uint8Array,
  start: number,
): Branch | undefined {
  const digits = record[2] ?? 0;
  const imageAt = 3 + ((digits + 1) >>> 1);
  const length = record.length - imageAt;
  const end = start + digits;
  if (end >= 2 * key.length || length < 17 || length > BRANCH_BYTES_MAX) return undefined;
  const own = key.slice();
  for (let index = 0; index < digits; index++) {
    const byte = record[3 + (index >>> 1)] as number;
    setNibble(own, start + index, index % 2 === 0 ? byte >>> 4 : byte & 15);
  }
  let mask = 0;
  let item = referenceAt(record, imageAt, 0);
  for (let digit = 0; digit < 16; digit++) {
    if ((record[item] as number) !== 0x80) mask |= 1 << digit;
    item += itemBytes(record, item);
  }
  if (item !== record.length - 1) return undefined;
  const leaves = ((record[0] as number) << 8) | (record[1] as number);
  const at = memory.allocate(length);
  memory.bytes.set(record.subarray(imageAt), at);
  return new Branch({ key: own, start, end }, { at, length, mask, leaves, children: noChildren() });
}

export function setNibble(key: Uint8Array, depth: number, digit: number): void {
  const at = depth >>> 1;
  const byte = key[at] as number;
  key[at] = (depth & 1) === 0 ? (byte & 15) | (digit << 4) : (byte & 0xf0) | digit;
}

/** A key whose digits lead to child `digit` of a branch. */
export function childKey(branch: Branch, digit: number): Uint8Array {
  const key = branch.key.slice();
  setNibble(key, branch.end, digit);
  return key;
}
