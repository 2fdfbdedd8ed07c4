import { keccak256 } from '@basalt/evm';
import { assert } from '@basalt/protocol';
import { RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';
import { BLOOM_BYTES } from './limits.ts';
import { plainBytes } from './plain-bytes.ts';
import type { BlockHeader } from './types.ts';

const INTEGER_BYTES = 8;
const INTEGER_END = 2n ** 64n;
const WORD_END = 2n ** 256n;

/**
 * Adds a header to what was written (Yellow Paper, section 4.4.3, with the EIPs' fields). What
 * {@link readHeader} would refuse is not written: a log that holds it could not be opened again.
 */
export function writeHeader(writer: RlpWriter, header: BlockHeader): void {
  assertReadable(header);
  const list = writer.openList();
  writer.writeBytes(header.parentHash);
  writer.writeBytes(header.ommersHash);
  writer.writeBytes(header.coinbase);
  writer.writeBytes(header.stateRoot);
  writer.writeBytes(header.transactionsRoot);
  writer.writeBytes(header.receiptsRoot);
  writer.writeBytes(header.logsBloom);
  writer.writeInteger(header.difficulty);
  writer.writeInteger(header.number);
  writer.writeInteger(header.gasLimit);
  writer.writeInteger(header.gasUsed);
  writer.writeInteger(header.timestamp);
  writer.writeBytes(header.extraData);
  writer.writeBytes(header.mixHash);
  writer.writeBytes(header.nonce);
  // Each field of a fork is there only where all before it are.
  if (header.baseFee !== undefined) writer.writeInteger(header.baseFee);
  if (header.withdrawalsRoot !== undefined) writer.writeBytes(header.withdrawalsRoot);
  if (header.blobGasUsed !== undefined) writer.writeInteger(header.blobGasUsed);
  if (header.excessBlobGas !== undefined) writer.writeInteger(header.excessBlobGas);
  if (header.parentBeaconBlockRoot !== undefined) writer.writeBytes(header.parentBeaconBlockRoot);
  if (header.requestsHash !== undefined) writer.writeBytes(header.requestsHash);
  writer.closeList(list);
}

function assertReadable(header: BlockHeader): void {
  for (const hash of [
    header.parentHash,
    header.ommersHash,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.mixHash,
    header.withdrawalsRoot,
    header.parentBeaconBlockRoot,
    header.requestsHash,
  ]) {
    assert(hash === undefined || hash.length === 32, 'a hash or root of a header has 32 bytes');
  }
  assert(header.coinbase.length === 20, 'a coinbase has 20 bytes');
  assert(header.nonce.length === 8, 'the nonce of a header has 8 bytes');
  assert(header.logsBloom.length === BLOOM_BYTES, 'a bloom has its length');
  const { number, gasLimit, gasUsed, timestamp, blobGasUsed = 0n, excessBlobGas = 0n } = header;
  for (const integer of [number, gasLimit, gasUsed, timestamp, blobGasUsed, excessBlobGas]) {
    assert(integer < INTEGER_END, 'an integer of a header has 8 bytes at most');
  }
  const { difficulty, baseFee = 0n } = header;
  assert(difficulty < WORD_END && baseFee < WORD_END, 'an amount of a header has 32 bytes at most');
}

/** RLP of a header, what its hash is taken of. */
export function encodeHeader(header: BlockHeader): Uint8Array {
  const writer = new RlpWriter();
  writeHeader(writer, header);
  return writer.toBytes();
}

/** keccak-256 of the encoded header: the hash of its block, 32 bytes. */
export function headerHash(header: BlockHeader): Uint8Array {
  return keccak256(encodeHeader(header));
}

/**
 * Reads one header of any fork; the fields say by their number which. The result is a copy.
 *
 * @throws ExecutionError `malformed-rlp` for a field of a wrong length, too few or too many fields
 */
export function readHeader(reader: RlpReader): BlockHeader {
  const outer = reader.enterList();
  const header: BlockHeader = {
    parentHash: reader.readFixed(32).slice(),
    ommersHash: reader.readFixed(32).slice(),
    coinbase: reader.readFixed(20).slice(),
    stateRoot: reader.readFixed(32).slice(),
    transactionsRoot: reader.readFixed(32).slice(),
    receiptsRoot: reader.readFixed(32).slice(),
    logsBloom: reader.readFixed(BLOOM_BYTES).slice(),
    difficulty: reader.readInteger(),
    number: reader.readInteger(INTEGER_BYTES),
    gasLimit: reader.readInteger(INTEGER_BYTES),
    gasUsed: reader.readInteger(INTEGER_BYTES),
    timestamp: reader.readInteger(INTEGER_BYTES),
    extraData: reader.readBytes().slice(),
    mixHash: reader.readFixed(32).slice(),
    nonce: reader.readFixed(8).slice(),
    baseFee: reader.isAtEnd ? undefined : reader.readInteger(),
    withdrawalsRoot: reader.isAtEnd ? undefined : reader.readFixed(32).slice(),
    blobGasUsed: reader.isAtEnd ? undefined : reader.readInteger(INTEGER_BYTES),
    excessBlobGas: reader.isAtEnd ? undefined : reader.readInteger(INTEGER_BYTES),
    parentBeaconBlockRoot: reader.isAtEnd ? undefined : reader.readFixed(32).slice(),
    requestsHash: reader.isAtEnd ? undefined : reader.readFixed(32).slice(),
  };
  reader.leaveList(outer);
  return header;
}

/**
 * The header in these bytes, which must hold nothing else.
 *
 * @throws ExecutionError `malformed-rlp`
 */
export function decodeHeader(bytes: Uint8Array): BlockHeader {
  const reader = new RlpReader(plainBytes(bytes));
  const header = readHeader(reader);
  reader.finish();
  return header;
}
