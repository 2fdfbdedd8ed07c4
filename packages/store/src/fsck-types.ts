import type { Entry, HashFunction, NamespaceId } from '@basalt/protocol';
import type { KeyValueEngine } from './engine.ts';
import type { HashIndex } from './hash-index.ts';
import type { LogReader } from './log-reader.ts';
import type { NamespaceState } from './namespace-table.ts';

/** What is wrong, by kind. */
export type FsckCode =
  /** Format, counters or rows of a namespace. */
  | 'store'
  /** An entry is missing or does not decode, or is of another namespace or index. */
  | 'entry'
  /** `previous` is not the hash of the block before. */
  | 'chain'
  /** A payload is missing or does not match its hash. */
  | 'payload'
  /** The hash index does not know a block, or knows one that is not there. */
  | 'index'
  /** A tile is missing or not that of the entries. */
  | 'tile'
  /** Right edge of the tree. */
  | 'edge'
  /** Head hash. */
  | 'head'
  /** A row that belongs to nothing. */
  | 'orphan'
  /** The caller's rule. */
  | 'rule';

export interface FsckFinding {
  readonly kind: 'finding';
  readonly code: FsckCode;
  readonly namespace: NamespaceId | undefined;
  /** Of the block, or of the tile where the code is `tile`. */
  readonly index: number | undefined;
  readonly message: string;
}

export interface FsckProgress {
  readonly kind: 'progress';
  readonly namespace: NamespaceId;
  readonly checkedBlocks: number;
  readonly totalBlocks: number;
}

export interface FsckSummary {
  readonly kind: 'summary';
  readonly namespaces: number;
  readonly blocks: number;
  readonly payloads: number;
  readonly findings: number;
}

export type FsckEvent = FsckFinding | FsckProgress | FsckSummary;

/** A block as a rule of the caller sees it. */
export interface FsckBlock {
  readonly namespace: NamespaceId;
  readonly index: number;
  readonly entry: Entry;
  /** Undefined when it was pruned or the block is in header form. */
  readonly payload: Uint8Array | undefined;
}

export interface FsckOptions {
  /** Default: all. Rows that belong to nothing and the index are looked at for all in any case. */
  readonly namespaces?: readonly NamespaceId[];
  /** Reads and hashes payloads; default true. */
  readonly payloads?: boolean;
  /** Signatures, keys, time: what is wrong with the block, or undefined. Called in order. */
  readonly checkBlock?: (block: FsckBlock) => string | undefined | Promise<string | undefined>;
  readonly sha256?: HashFunction;
  /** For payloads of hash kind 2; default: that of `protocol`. */
  readonly blake3?: HashFunction;
}

/** What the checks share. */
export interface FsckContext {
  readonly engine: KeyValueEngine;
  readonly options: FsckOptions;
  readonly sha256: HashFunction;
  readonly states: ReadonlyMap<number, NamespaceState>;
  readonly index: HashIndex;
  readonly reader: LogReader;
  readonly counts: { blocks: number; payloads: number };
}

export function finding(
  code: FsckCode,
  message: string,
  namespace?: NamespaceId,
  index?: number,
): FsckFinding {
  return { kind: 'finding', code, namespace, index, message };
}
