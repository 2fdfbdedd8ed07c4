import { RLP_DEPTH_MAX, RLP_ITEMS_MAX } from './limits.ts';
import { malformedRlp, RlpReader } from './reader.ts';
import { RlpWriter } from './writer.ts';

/** A byte string or a list. */
export type RlpItem = Uint8Array | readonly RlpItem[];

/** What can be encoded: integers become their shortest big-endian form. */
export type RlpInput = Uint8Array | bigint | number | readonly RlpInput[];

/**
 * Decodes one item of any shape (Yellow Paper, appendix B); byte strings are views of `bytes`.
 * Where the shape is known, {@link RlpReader} is faster and says more of what is wrong.
 *
 * @throws ExecutionError `malformed-rlp`: not canonical, truncated, bytes behind the item, deeper
 *   than 32 lists or more than 2^20 items
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const reader = new RlpReader(bytes);
  const count = { items: 0 };
  const item = readItem(reader, 0, count);
  reader.finish();
  return item;
}

function readItem(reader: RlpReader, depth: number, count: { items: number }): RlpItem {
  if (++count.items > RLP_ITEMS_MAX) {
    throw malformedRlp(reader.position, `more than ${RLP_ITEMS_MAX} items`);
  }
  if (!reader.isList) return reader.readBytes();
  if (depth >= RLP_DEPTH_MAX) {
    throw malformedRlp(reader.position, `more than ${RLP_DEPTH_MAX} lists inside each other`);
  }
  const outer = reader.enterList();
  const items: RlpItem[] = [];
  while (!reader.isAtEnd) items.push(readItem(reader, depth + 1, count));
  reader.leaveList(outer);
  return items;
}

/** The one encoding of an item. */
export function encodeRlp(item: RlpInput): Uint8Array {
  const writer = new RlpWriter();
  writeItem(writer, item);
  return writer.toBytes();
}

/** Adds an item to what was written. */
export function writeItem(writer: RlpWriter, item: RlpInput): void {
  if (item instanceof Uint8Array) writer.writeBytes(item);
  else if (typeof item === 'bigint') writer.writeInteger(item);
  else if (typeof item === 'number') writer.writeNumber(item);
  else {
    const list = writer.openList();
    for (const each of item) writeItem(writer, each);
    writer.closeList(list);
  }
}
