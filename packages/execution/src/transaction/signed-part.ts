import { keccak256 } from '@basalt/evm';
import { RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';
import { parseLegacyV } from './signature.ts';

const LIST_OFFSET = 0xc0;
/** Fields before the signature, by type. */
const SIGNED_FIELDS: readonly number[] = [6, 8, 9, 11, 10];
const WORD_LENGTH = 32;
const writer = new RlpWriter();

/** What recovering a public key takes. */
export interface SignedPart {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** r and s, 64 bytes. */
  readonly signature: Uint8Array;
  readonly yParity: number;
}

/**
 * Takes hash and signature straight from the encoding of a transaction that was decoded before:
 * what was signed stands there already but for the header of its list, so nothing is encoded again.
 *
 * @throws ExecutionError as `decodeTransaction`
 */
export function readSignedPart(raw: Uint8Array): SignedPart {
  const first = raw[0] ?? 0;
  const isLegacy = first >= LIST_OFFSET;
  const reader = new RlpReader(raw, isLegacy ? 0 : 1);
  reader.enterList();
  const from = reader.position;
  const count = SIGNED_FIELDS[isLegacy ? 0 : first] ?? 0;
  for (let index = 0; index < count; index++) reader.skip();
  const signedEnd = reader.position;
  let yParity: number;
  writer.reset();
  if (!isLegacy) writer.writeRaw(raw.subarray(0, 1));
  const list = writer.openList();
  writer.writeRaw(raw.subarray(from, signedEnd));
  if (isLegacy) {
    const parsed = parseLegacyV(reader.readInteger());
    yParity = parsed.yParity;
    if (parsed.chainId !== undefined) {
      writer.writeInteger(parsed.chainId);
      writer.writeNumber(0);
      writer.writeNumber(0);
    }
  } else {
    yParity = reader.readNumber();
  }
  writer.closeList(list);
  const signature = new Uint8Array(2 * WORD_LENGTH);
  const r = reader.readBytes();
  signature.set(r, WORD_LENGTH - r.length);
  const s = reader.readBytes();
  signature.set(s, 2 * WORD_LENGTH - s.length);
  return { hash: keccak256(writer.view()), signature, yParity };
}
