import type { AccountChange } from '@basalt/evm';
import { assert } from '@basalt/protocol';
import { type RawBlock, readBlock } from '../block/block-codec.ts';
import { plainBytes } from '../block/plain-bytes.ts';
import { ExecutionError } from '../errors.ts';
import { malformedRlp, RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';
import { INTERVENTIONS_MAX } from './limits.ts';

/** First byte of every payload; docs/chain-payload.md has the format. */
const VERSION = 1;
const BLOCK_KIND = 0;
const REWIND_KIND = 1;

/** The sender of a transaction that carries no signature, by its place in the block. */
export interface UnsignedSender {
  readonly index: number;
  /** 20 bytes. */
  readonly sender: Uint8Array;
}

/** One entry of a chain's log. */
export type ChainPayload =
  | {
      readonly kind: 'block';
      readonly block: RawBlock;
      readonly interventions: readonly AccountChange[];
      readonly unsigned: readonly UnsignedSender[];
    }
  | {
      readonly kind: 'rewind';
      /** The block that is the head again. */
      readonly number: number;
      readonly hash: Uint8Array;
    };

/** Entry for a block, given in RLP, with what it takes to run it again. */
export function encodeBlockPayload(
  encodedBlock: Uint8Array,
  interventions: readonly AccountChange[],
  unsigned: readonly UnsignedSender[],
): Uint8Array {
  const writer = new RlpWriter(encodedBlock.length + 512);
  writer.writeRaw(Uint8Array.of(VERSION));
  const list = writer.openList();
  writer.writeNumber(BLOCK_KIND);
  writer.writeRaw(encodedBlock);
  const changes = writer.openList();
  for (const change of interventions) writeChange(writer, change);
  writer.closeList(changes);
  const senders = writer.openList();
  for (const { index, sender } of unsigned) {
    const entry = writer.openList();
    writer.writeNumber(index);
    writer.writeBytes(sender);
    writer.closeList(entry);
  }
  writer.closeList(senders);
  writer.closeList(list);
  return writer.toBytes();
}

/** Entry saying that every block above one counts no more. */
export function encodeRewindPayload(number: number, hash: Uint8Array): Uint8Array {
  const writer = new RlpWriter(64);
  writer.writeRaw(Uint8Array.of(VERSION));
  const list = writer.openList();
  writer.writeNumber(REWIND_KIND);
  writer.writeNumber(number);
  writer.writeBytes(hash);
  writer.closeList(list);
  return writer.toBytes();
}

/**
 * Reads an entry. Byte strings of the transactions are views of `bytes`.
 *
 * @throws ExecutionError `malformed-rlp` for another version or kind as well
 */
export function decodeChainPayload(bytes: Uint8Array): ChainPayload {
  if (bytes[0] !== VERSION) {
    const message = `chain payload of version ${bytes[0] ?? 'none'}, known is ${VERSION}`;
    throw new ExecutionError('malformed-rlp', message, { version: bytes[0] });
  }
  const reader = new RlpReader(plainBytes(bytes), 1);
  const outer = reader.enterList();
  const kind = reader.readNumber();
  const payload = kind === BLOCK_KIND ? readBlockEntry(reader) : readRewindEntry(reader, kind);
  reader.leaveList(outer);
  reader.finish();
  return payload;
}

function readBlockEntry(reader: RlpReader): ChainPayload {
  const block = readBlock(reader);
  const interventions: AccountChange[] = [];
  const changes = reader.enterList();
  while (!reader.isAtEnd) {
    if (interventions.length === INTERVENTIONS_MAX) {
      throw malformedRlp(reader.position, `more than ${INTERVENTIONS_MAX} interventions`);
    }
    interventions.push(readChange(reader));
  }
  reader.leaveList(changes);
  const unsigned: UnsignedSender[] = [];
  const senders = reader.enterList();
  while (!reader.isAtEnd) {
    const entry = reader.enterList();
    const index = reader.readNumber();
    if (index >= block.transactions.length || index <= (unsigned.at(-1)?.index ?? -1)) {
      throw malformedRlp(reader.position, `${index} is no place of an unsigned transaction`);
    }
    unsigned.push({ index, sender: reader.readFixed(20).slice() });
    reader.leaveList(entry);
  }
  reader.leaveList(senders);
  return { kind: 'block', block, interventions, unsigned };
}

function readRewindEntry(reader: RlpReader, kind: number): ChainPayload {
  if (kind !== REWIND_KIND)
    throw malformedRlp(reader.position, `entry of the unknown kind ${kind}`);
  return { kind: 'rewind', number: reader.readNumber(), hash: reader.readFixed(32).slice() };
}

/** What {@link readChange} would refuse is not written: the log could not be opened again. */
function assertReadable({ address, account, storage }: AccountChange): void {
  assert(address.length === 20, 'an address has 20 bytes');
  if (account !== undefined) {
    assert(account.nonce < 2n ** 64n, 'a nonce has 8 bytes at most');
    assert(account.balance < 2n ** 256n, 'a balance has 32 bytes at most');
    assert(account.codeHash.length === 32, 'the hash of code has 32 bytes');
  }
  for (const { slot, value } of storage) {
    assert(slot.length === 32 && value.length === 32, 'slots and their values have 32 bytes');
  }
}

/** Account and code are lists, so that none can be told from an empty one. */
function writeChange(writer: RlpWriter, change: AccountChange): void {
  assertReadable(change);
  const list = writer.openList();
  writer.writeBytes(change.address);
  const account = writer.openList();
  if (change.account !== undefined) {
    writer.writeInteger(change.account.nonce);
    writer.writeInteger(change.account.balance);
    writer.writeBytes(change.account.codeHash);
  }
  writer.closeList(account);
  const code = writer.openList();
  if (change.code !== undefined) writer.writeBytes(change.code);
  writer.closeList(code);
  writer.writeNumber(change.storageCleared ? 1 : 0);
  const storage = writer.openList();
  for (const { slot, value } of change.storage) {
    const entry = writer.openList();
    writer.writeBytes(slot);
    writer.writeBytes(value);
    writer.closeList(entry);
  }
  writer.closeList(storage);
  writer.closeList(list);
}

function readChange(reader: RlpReader): AccountChange {
  const outer = reader.enterList();
  const address = reader.readFixed(20).slice();
  const account = reader.enterList();
  const read = reader.isAtEnd
    ? undefined
    : {
        nonce: reader.readInteger(8),
        balance: reader.readInteger(),
        codeHash: reader.readFixed(32).slice(),
      };
  reader.leaveList(account);
  const codes = reader.enterList();
  const code = reader.isAtEnd ? undefined : reader.readBytes().slice();
  reader.leaveList(codes);
  const cleared = reader.readNumber(1);
  if (cleared > 1) throw malformedRlp(reader.position, `expected 0 or 1, found ${cleared}`);
  const storage: { slot: Uint8Array; value: Uint8Array }[] = [];
  const slots = reader.enterList();
  while (!reader.isAtEnd) {
    const entry = reader.enterList();
    storage.push({ slot: reader.readFixed(32).slice(), value: reader.readFixed(32).slice() });
    reader.leaveList(entry);
  }
  reader.leaveList(slots);
  reader.leaveList(outer);
  const change = { address, account: read, storageCleared: cleared === 1, storage };
  return code === undefined ? change : { ...change, code };
}
