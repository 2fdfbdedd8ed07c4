import {
  aggregateSignatures,
  BLS_SIGNATURE_BYTES,
  BlsKeyring,
  type BlsSigner,
  verifyAggregatedSignature,
} from '@basalt/crypto';
import { concatBytes, utf8 } from '@basalt/protocol';
import { WitnessError } from './errors.ts';
import { BLS_COMMITTEE_MAX } from './limits.ts';

/** Keeps these signatures apart from all others of the same key. */
const TAG = utf8('basalt/bls-cosignature/v1\n');

const FORMAT = 1;
const FIXED_BYTES = 3;

/** A witness as the committee knows it. */
export interface BlsWitness {
  readonly name: string;
  /** 48 bytes. */
  readonly publicKey: Uint8Array;
  /** 96 bytes; without it one key could be made to cancel the others. */
  readonly proofOfPossession: Uint8Array;
}

/** The witnesses of an aggregate in a fixed order; their places are the bits of its bitmap. */
export interface BlsCommittee {
  readonly members: readonly BlsWitness[];
  readonly keyring: BlsKeyring;
}

/**
 * @throws CryptoError `invalid-key` for a key without a good proof of possession; WitnessError
 *   `invalid-config` for no members, too many, or one key twice
 */
export function createBlsCommittee(members: readonly BlsWitness[]): BlsCommittee {
  if (members.length === 0 || members.length > BLS_COMMITTEE_MAX) {
    throw new WitnessError('invalid-config', `expected 1 to ${BLS_COMMITTEE_MAX} members`);
  }
  const keyring = new BlsKeyring();
  for (const { publicKey, proofOfPossession } of members) {
    keyring.add(publicKey, proofOfPossession);
  }
  if (keyring.size !== members.length) {
    throw new WitnessError('invalid-config', 'expected every key of a committee once');
  }
  return { members, keyring };
}

/**
 * One witness's share, 96 bytes: over the note text and no time, because all must sign the same
 * bytes. The witness answers for having cosigned this very text before.
 */
export function signBlsCosignature(signer: BlsSigner, noteText: string): Uint8Array {
  return signer.sign(blsMessage(noteText));
}

/** Whether this member signed the text. */
export function isBlsCosignature(
  share: Uint8Array,
  noteText: string,
  member: BlsWitness,
  { keyring }: BlsCommittee,
): boolean {
  const message = blsMessage(noteText);
  const publicKeys = [member.publicKey];
  const kind = 'same-message';
  return verifyAggregatedSignature({ kind, message, publicKeys, aggregate: share, keyring });
}

/**
 * Many cosignatures in one: u8 format 1, u16 members, one bit for each (the lowest bit of the first
 * byte is the first member), 96 bytes of BLS signature. An extra beside the lines of C2SP for those
 * who hold the committee's keys; policies count lines only.
 *
 * @param shares checked shares by the member's place, at least one
 * @throws CryptoError `invalid-key`, `unsafe-aggregate` without a share
 */
export function encodeBlsAggregate(
  shares: ReadonlyMap<number, Uint8Array>,
  { members }: BlsCommittee,
): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(members.length / 8));
  for (const place of shares.keys()) {
    bitmap[place >> 3] = (bitmap[place >> 3] as number) | (1 << (place & 7));
  }
  const head = Uint8Array.of(FORMAT, members.length >> 8, members.length & 0xff);
  return concatBytes(head, bitmap, aggregateSignatures([...shares.values()]));
}

/**
 * Names of the members who cosigned the text.
 *
 * @throws WitnessError `invalid-aggregate` when it is of another form, of a committee of another
 *   size, or its signature does not hold
 */
export function verifyBlsAggregate(
  bytes: Uint8Array,
  noteText: string,
  { members, keyring }: BlsCommittee,
): string[] {
  const bitmapEnd = FIXED_BYTES + Math.ceil(members.length / 8);
  const count = ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0);
  if (bytes[0] !== FORMAT || count !== members.length) refuse('expected one of this committee');
  if (bytes.length !== bitmapEnd + BLS_SIGNATURE_BYTES) refuse('expected a bitmap and 96 bytes');
  const bitmap = bytes.subarray(FIXED_BYTES, bitmapEnd);
  const isSet = (place: number): boolean =>
    (((bitmap[place >> 3] as number) >> (place & 7)) & 1) === 1;
  for (let place = members.length; place < 8 * bitmap.length; place++) {
    if (isSet(place)) refuse('expected no bits beyond the members');
  }
  const signers = members.filter((_, place) => isSet(place));
  if (signers.length === 0) refuse('expected a signer');
  const isGood = verifyAggregatedSignature({
    kind: 'same-message',
    message: blsMessage(noteText),
    publicKeys: signers.map(({ publicKey }) => publicKey),
    aggregate: bytes.subarray(bitmapEnd),
    keyring,
  });
  if (!isGood) refuse('the aggregate does not hold for this note');
  return signers.map(({ name }) => name);
}

function blsMessage(noteText: string): Uint8Array {
  return concatBytes(TAG, utf8(noteText));
}

function refuse(message: string): never {
  throw new WitnessError('invalid-aggregate', message);
}
