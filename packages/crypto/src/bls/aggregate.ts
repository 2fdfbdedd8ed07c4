import {
  aggregateVerify,
  aggregateSignatures as blstAggregate,
  fastAggregateVerify,
} from '@chainsafe/blst';
import { CryptoError } from '../errors.ts';
import { BLS_KEYS_MAX } from '../limits.ts';
import {
  assertNoProof,
  type BlsKeyring,
  decodeBlsPublicKey,
  decodeBlsSignature,
} from './keyring.ts';

/** One message, many signers: a committee's decision. Every key must be in the keyring. */
export interface SameMessageClaim {
  readonly kind: 'same-message';
  readonly message: Uint8Array;
  /** 48 bytes each, no key twice. */
  readonly publicKeys: readonly Uint8Array[];
  /** 96 bytes. */
  readonly aggregate: Uint8Array;
  readonly keyring: BlsKeyring;
}

/**
 * One message each, all different: safe against rogue keys without proofs (basic scheme of
 * draft-irtf-cfrg-bls-signature, section 3.1).
 */
export interface DistinctMessagesClaim {
  readonly kind: 'distinct-messages';
  readonly messages: readonly Uint8Array[];
  readonly publicKeys: readonly Uint8Array[];
  readonly aggregate: Uint8Array;
}

export type AggregateClaim = SameMessageClaim | DistinctMessagesClaim;

/** The sum of 96-byte signatures. @throws CryptoError `invalid-key` for one that is not valid */
export function aggregateSignatures(signatures: readonly Uint8Array[]): Uint8Array {
  const decoded = signatures.map((bytes) => {
    const signature = decodeBlsSignature(bytes);
    if (signature === undefined) {
      throw new CryptoError('invalid-key', 'expected BLS signatures of 96 bytes in the subgroup');
    }
    return signature;
  });
  if (decoded.length === 0) {
    throw new CryptoError('unsafe-aggregate', 'expected at least one signature to aggregate');
  }
  return blstAggregate(decoded).toBytes();
}

/**
 * Whether every key signed (BLS12-381, public keys in G1, signatures in G2, hash to curve suite
 * `BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_`). False for a signature that does not fit or has no
 * valid form.
 * @throws CryptoError `unsafe-aggregate` when the claim could be met by a rogue key: a key without
 *   proof of possession, a key twice, a message twice, no keys, or counts that differ
 */
export function verifyAggregatedSignature(claim: AggregateClaim): boolean {
  const { publicKeys } = claim;
  if (publicKeys.length === 0 || publicKeys.length > BLS_KEYS_MAX) {
    throw new CryptoError('unsafe-aggregate', `expected 1 to ${BLS_KEYS_MAX} keys`, {
      found: publicKeys.length,
    });
  }
  return claim.kind === 'same-message' ? verifySame(claim) : verifyDistinct(claim);
}

function verifySame(claim: SameMessageClaim): boolean {
  const { message, publicKeys, keyring } = claim;
  assertNoProof(message);
  assertDifferent(publicKeys, 'key');
  const keys = publicKeys.map((publicKey) => keyring.provenKey(publicKey));
  const signature = decodeBlsSignature(claim.aggregate);
  return signature !== undefined && fastAggregateVerify(message, keys, signature);
}

function verifyDistinct(claim: DistinctMessagesClaim): boolean {
  const { messages, publicKeys } = claim;
  if (messages.length !== publicKeys.length) {
    throw new CryptoError('unsafe-aggregate', 'expected one message for each key', {
      messages: messages.length,
      keys: publicKeys.length,
    });
  }
  messages.forEach(assertNoProof);
  assertDifferent(messages, 'message');
  const keys = publicKeys.flatMap((publicKey) => decodeBlsPublicKey(publicKey) ?? []);
  if (keys.length !== publicKeys.length) return false;
  const signature = decodeBlsSignature(claim.aggregate);
  return signature !== undefined && aggregateVerify([...messages], keys, signature);
}

function assertDifferent(values: readonly Uint8Array[], what: string): void {
  const names = new Set(values.map((value) => Buffer.from(value).toString('latin1')));
  if (names.size !== values.length) {
    throw new CryptoError('unsafe-aggregate', `expected every ${what} once`, {
      given: values.length,
      different: names.size,
    });
  }
}
