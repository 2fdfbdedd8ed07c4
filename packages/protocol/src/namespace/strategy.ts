import type { KeyId } from '../brands.ts';
import { fromUtf8, utf8 } from '../bytes.ts';
import type { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { INDEX_MAX, LABEL_BYTES_MAX } from '../limits.ts';

/** One way to divide records among namespaces. */
export type BasicStrategy =
  /** One writer owns the namespace; `writer` is the id of its first key. */
  | { readonly kind: 'per-writer'; readonly writer: KeyId }
  /** A region such as `eu` or `eu/de/berlin`; a longer path is more specific. */
  | { readonly kind: 'geographic'; readonly region: string }
  /** A topic such as `metrics` or `metrics/cpu`; a longer path is more specific. */
  | { readonly kind: 'topic'; readonly topic: string }
  /** From `epoch` (Unix seconds) for `durationSeconds`; the end is outside. */
  | { readonly kind: 'temporal'; readonly epoch: number; readonly durationSeconds: number }
  /** Shard keys (u32) from `start` up to, not including, `end` (at most 2^32). */
  | { readonly kind: 'shard'; readonly range: { readonly start: number; readonly end: number } };

/** Basic strategies together, e.g. topic x region x time: a record must match every part. */
export type Strategy =
  | BasicStrategy
  | { readonly kind: 'nested'; readonly parts: readonly BasicStrategy[] };

/** Kind bytes on the wire; parts of a nested strategy stand in this order, each kind once. */
const KIND = {
  'per-writer': 1,
  geographic: 2,
  topic: 3,
  temporal: 4,
  shard: 5,
  nested: 6,
} as const;

const SHARD_KEYS = 2 ** 32;

/** The parts of any strategy: itself, or those of a nested one. */
export function strategyParts(strategy: Strategy): readonly BasicStrategy[] {
  return strategy.kind === 'nested' ? strategy.parts : [strategy];
}

/**
 * Kind byte and fields: per-writer 32-byte key id; region and topic u8 length and UTF-8; temporal
 * two u64; shard two u64; nested u8 count (2 to 5) and the parts by rising kind byte.
 * @throws ProtocolError `malformed` for a field out of range
 */
export function writeStrategy(writer: ByteWriter, strategy: Strategy): void {
  checkStrategy(strategy);
  writer.u8(KIND[strategy.kind]);
  switch (strategy.kind) {
    case 'per-writer':
      writer.bytes(strategy.writer);
      break;
    case 'geographic':
      writeLabel(writer, strategy.region);
      break;
    case 'topic':
      writeLabel(writer, strategy.topic);
      break;
    case 'temporal':
      writer.u64(strategy.epoch).u64(strategy.durationSeconds);
      break;
    case 'shard':
      writer.u64(strategy.range.start).u64(strategy.range.end);
      break;
    case 'nested':
      writer.u8(strategy.parts.length);
      for (const part of strategy.parts) writeStrategy(writer, part);
      break;
    default:
      strategy satisfies never;
  }
}

/** @throws ProtocolError `malformed` */
export function readStrategy(reader: ByteReader): Strategy {
  const kind = reader.u8();
  if (kind !== KIND.nested) return readBasicStrategy(reader, kind);
  const count = reader.u8();
  if (count > 5) throw malformed('expected at most five parts of a strategy');
  const parts: BasicStrategy[] = [];
  for (let i = 0; i < count; i++) parts.push(readBasicStrategy(reader, reader.u8()));
  const strategy: Strategy = { kind: 'nested', parts };
  checkStrategy(strategy);
  return strategy;
}

function readBasicStrategy(reader: ByteReader, kind: number): BasicStrategy {
  let strategy: BasicStrategy;
  switch (kind) {
    case KIND['per-writer']:
      strategy = { kind: 'per-writer', writer: reader.bytes(32) as KeyId };
      break;
    case KIND.geographic:
      strategy = { kind: 'geographic', region: readLabel(reader) };
      break;
    case KIND.topic:
      strategy = { kind: 'topic', topic: readLabel(reader) };
      break;
    case KIND.temporal:
      strategy = { kind: 'temporal', epoch: reader.u64(), durationSeconds: reader.u64() };
      break;
    case KIND.shard:
      strategy = { kind: 'shard', range: { start: reader.u64(), end: reader.u64() } };
      break;
    default:
      throw malformed('expected a known kind of strategy', kind);
  }
  checkStrategy(strategy);
  return strategy;
}

function checkStrategy(strategy: Strategy): void {
  switch (strategy.kind) {
    case 'per-writer':
      if (strategy.writer.length !== 32) throw malformed('expected a writer key id of 32 bytes');
      break;
    case 'geographic':
      checkPath(strategy.region);
      break;
    case 'topic':
      checkPath(strategy.topic);
      break;
    case 'temporal': {
      const { epoch, durationSeconds } = strategy;
      const end = epoch + durationSeconds;
      if (!isCount(epoch) || !isCount(durationSeconds) || durationSeconds === 0) {
        throw malformed('expected an epoch and a duration in whole seconds, duration above 0');
      }
      if (end * 1000 > INDEX_MAX) throw malformed('expected the end of the epoch below 2^53 ms');
      break;
    }
    case 'shard': {
      const { start, end } = strategy.range;
      if (!isCount(start) || !isCount(end) || start >= end || end > SHARD_KEYS) {
        throw malformed('expected a range of shard keys, start < end <= 2^32');
      }
      break;
    }
    case 'nested':
      checkParts(strategy.parts);
      break;
    default:
      strategy satisfies never;
  }
}

function checkParts(parts: readonly BasicStrategy[]): void {
  if (parts.length < 2) throw malformed('expected at least two parts of a nested strategy');
  let last = 0;
  for (const part of parts) {
    const kind = KIND[part.kind];
    if (kind <= last || kind >= KIND.nested) {
      throw malformed('expected each kind of part once, in the order of the kinds');
    }
    last = kind;
    checkStrategy(part);
  }
}

/** A path of one or more non-empty names; the router matches whole names. */
function checkPath(path: string): void {
  if (path.split('/').some((name) => name === '')) {
    throw malformed('expected names separated by single slashes');
  }
}

/** u8 length and UTF-8. @throws ProtocolError `malformed` above 255 bytes or not well-formed. */
export function writeLabel(writer: ByteWriter, text: string): void {
  const bytes = utf8(text);
  if (bytes.length > LABEL_BYTES_MAX || !text.isWellFormed()) {
    throw malformed('expected well-formed text of at most 255 bytes', bytes.length);
  }
  writer.u8(bytes.length).bytes(bytes);
}

/** @throws ProtocolError `malformed` */
export function readLabel(reader: ByteReader): string {
  return fromUtf8(reader.bytes(reader.u8()));
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= INDEX_MAX;
}

function malformed(message: string, found?: number): ProtocolError {
  return new ProtocolError('malformed', message, { found });
}
