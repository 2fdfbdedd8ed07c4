import { ExecutionError } from '../errors.ts';
import { malformedRlp, RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';
import { decodeTransaction, readFixedList } from './decode.ts';
import { BLOB_BYTES, CELLS_PER_BLOB, KZG_BYTES } from './limits.ts';
import type { BlobSidecar, SignedTransaction } from './types.ts';

const BLOB_TYPE = 3;
/** EIP-7594: `wrapper_version` of a sidecar with cell proofs. */
const CELL_PROOFS_VERSION = 1;

export interface PooledForm {
  readonly signed: SignedTransaction;
  /** Of a blob transaction that came with its blobs. */
  readonly sidecar: BlobSidecar | undefined;
}

/**
 * Decodes a transaction as it travels to a pool: a blob transaction in a list with its blobs,
 * commitments and proofs (EIP-4844, networking; with a version before them, EIP-7594), any other as
 * it stands in blocks. Lengths and counts fit each other; what commitments and proofs say is not
 * checked.
 *
 * @throws ExecutionError as `decodeTransaction`
 */
export function decodePooledTransaction(raw: Uint8Array): PooledForm {
  if (raw[0] !== BLOB_TYPE) return { signed: decodeTransaction(raw), sidecar: undefined };
  const reader = new RlpReader(raw, 1);
  const outer = reader.enterList();
  // Without blobs the first item is the chain id.
  if (!reader.isList) return { signed: decodeTransaction(raw), sidecar: undefined };
  const body = reader.readRaw();
  const plain = new Uint8Array(1 + body.length);
  plain[0] = BLOB_TYPE;
  plain.set(body, 1);
  const signed = decodeTransaction(plain);
  const sidecar = readSidecar(reader);
  reader.leaveList(outer);
  reader.finish();
  return { signed, sidecar };
}

function readSidecar(reader: RlpReader): BlobSidecar {
  const start = reader.position;
  const version = reader.isList ? 0 : reader.readNumber(1);
  if (version !== 0 && version !== CELL_PROOFS_VERSION) {
    throw new ExecutionError('malformed', `blobs in a form of unknown version ${version}`);
  }
  if (version === 0 && reader.position !== start) {
    throw malformedRlp(start, 'version 0 is not written');
  }
  const blobs = readFixedList(reader, BLOB_BYTES);
  const commitments = readFixedList(reader, KZG_BYTES);
  const proofs = readFixedList(reader, KZG_BYTES);
  const proofCount = version === 0 ? blobs.length : blobs.length * CELLS_PER_BLOB;
  if (commitments.length !== blobs.length || proofs.length !== proofCount) {
    const counts = `${blobs.length} blobs, ${commitments.length} commitments`;
    throw new ExecutionError('malformed', `${counts} and ${proofs.length} proofs do not fit`);
  }
  return { version, blobs, commitments, proofs };
}

/** As it travels to a pool; `decodePooledTransaction` reads it. */
export function encodePooledTransaction(
  signed: SignedTransaction,
  sidecar: BlobSidecar | undefined,
): Uint8Array {
  if (sidecar === undefined) return signed.raw;
  const { version, blobs, commitments, proofs } = sidecar;
  const writer = new RlpWriter(blobs.length * (BLOB_BYTES + 8) + signed.raw.length + 512);
  writer.writeRaw(signed.raw.subarray(0, 1));
  const list = writer.openList();
  writer.writeRaw(signed.raw.subarray(1));
  if (version !== 0) writer.writeNumber(version);
  for (const items of [blobs, commitments, proofs]) {
    const inner = writer.openList();
    for (const item of items) writer.writeBytes(item);
    writer.closeList(inner);
  }
  writer.closeList(list);
  return writer.toBytes();
}
