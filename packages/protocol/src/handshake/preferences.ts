import type { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { INDEX_MAX, PREFERENCE_ITEMS_MAX } from '../limits.ts';
import { readLabel, writeLabel } from '../namespace/strategy.ts';

/** How long a submission waits before it is answered. */
export type WriteConsistency = 'immediate' | 'durable' | 'eventual';

/** What one side takes at most; of two sides the smaller number counts. */
export interface PreferenceLimits {
  readonly payloadBytesMax: number;
  readonly batchBlocksMax: number;
  readonly pageRowsMax: number;
  /** Hashes or indexes of one question. */
  readonly questionItemsMax: number;
}

/**
 * What one side of a handshake can do; lists name the liked best first. Names that a reader does
 * not know are kept, so that a newer peer can offer more than an older one understands.
 */
export interface Preferences {
  /** Versions of the block format. */
  readonly blockVersions: readonly number[];
  /** Signature algorithm ids. */
  readonly algorithms: readonly number[];
  readonly mediaTypes: readonly string[];
  /** Content codings; `identity` need not be named, everybody has it. */
  readonly codings: readonly string[];
  /** `immediate`, `durable`, `eventual`: how a submission is answered that says nothing else. */
  readonly consistency: readonly string[];
  readonly limits: PreferenceLimits;
}

const FORMAT = 1;

/**
 * u8 format 1; block versions and algorithms as u8 count and u16 each; media types, codings and
 * consistency as u8 count and names (u8 length, UTF-8); four u64 limits.
 *
 * @throws ProtocolError `malformed` for lists of more than 32 items or with one item twice
 */
export function writePreferences(writer: ByteWriter, preferences: Preferences): void {
  writer.u8(FORMAT);
  for (const list of [preferences.blockVersions, preferences.algorithms]) {
    checkList(list);
    writer.u8(list.length);
    for (const number of list) {
      if (!Number.isInteger(number) || number < 0 || number > 0xffff) {
        throw malformed('expected a number of 16 bits', number);
      }
      writer.u16(number);
    }
  }
  for (const list of [preferences.mediaTypes, preferences.codings, preferences.consistency]) {
    checkList(list);
    writer.u8(list.length);
    for (const name of list) writeLabel(writer, name);
  }
  for (const limit of limitValues(preferences.limits)) {
    if (!Number.isInteger(limit) || limit < 0 || limit > INDEX_MAX) {
      throw malformed('expected a limit between 0 and 2^53', limit);
    }
    writer.u64(limit);
  }
}

/** @throws ProtocolError `malformed` */
export function readPreferences(reader: ByteReader): Preferences {
  const format = reader.u8();
  if (format !== FORMAT) throw malformed('expected preferences of format 1', format);
  const numbers = (): number[] => readList(reader, () => reader.u16());
  const names = (): string[] => readList(reader, () => readLabel(reader));
  return {
    blockVersions: numbers(),
    algorithms: numbers(),
    mediaTypes: names(),
    codings: names(),
    consistency: names(),
    limits: {
      payloadBytesMax: reader.u64(),
      batchBlocksMax: reader.u64(),
      pageRowsMax: reader.u64(),
      questionItemsMax: reader.u64(),
    },
  };
}

function readList<Item>(reader: ByteReader, read: () => Item): Item[] {
  const count = reader.u8();
  if (count > PREFERENCE_ITEMS_MAX) throw malformed('expected at most 32 items', count);
  const list = Array.from({ length: count }, read);
  checkList(list);
  return list;
}

function checkList(list: readonly unknown[]): void {
  if (list.length > PREFERENCE_ITEMS_MAX) throw malformed('expected at most 32 items', list.length);
  if (new Set(list).size !== list.length) throw malformed('expected each item once', list.length);
}

function limitValues(limits: PreferenceLimits): readonly number[] {
  return [
    limits.payloadBytesMax,
    limits.batchBlocksMax,
    limits.pageRowsMax,
    limits.questionItemsMax,
  ];
}

function malformed(message: string, found: number): ProtocolError {
  return new ProtocolError('malformed', message, { found });
}
