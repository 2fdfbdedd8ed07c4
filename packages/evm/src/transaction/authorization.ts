import { keccak_256 } from '@noble/hashes/sha3.js';
import type { Session } from '../evm.ts';
import { AUTHORIZATION_GAS, AUTHORIZATION_REFUND } from '../forks.ts';
import { recoverPortable } from '../precompiles/recover.ts';
import type { Recover } from '../precompiles/types.ts';
import { encodeList, encodeNumber, encodeString } from './rlp.ts';
import type { Authorization } from './types.ts';

/** EIP-7702: what stands before the signed list, and before the address in a delegation. */
const AUTHORIZATION_MAGIC = 0x05;
const DELEGATION_PREFIX: readonly number[] = [0xef, 0x01, 0x00];
const DELEGATION_LENGTH = 23;
const NONCE_LIMIT = 2n ** 64n - 1n;
const NO_CODE = new Uint8Array(0);
/** Half the order of secp256k1: a larger s is refused (EIP-2, taken over by EIP-7702). */
const S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** An authorization as it is signed and sent. */
export interface SignedAuthorization {
  readonly chainId: bigint;
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly nonce: bigint;
  readonly yParity: bigint;
  readonly r: bigint;
  readonly s: bigint;
}

/**
 * Who signed, 20 bytes (EIP-7702); undefined when the signature is not one. It costs as much as the
 * signature of a transaction and needs no state, so it can be done elsewhere and before.
 */
export function recoverAuthority(
  authorization: SignedAuthorization,
  recover: Recover = recoverPortable,
): Uint8Array | undefined {
  const { chainId, address, nonce, yParity, r, s } = authorization;
  if (yParity > 1n || s > S_MAX || r >= 2n ** 256n) return undefined;
  const signed = encodeList([encodeNumber(chainId), encodeString(address), encodeNumber(nonce)]);
  const message = new Uint8Array(1 + signed.length);
  message[0] = AUTHORIZATION_MAGIC;
  message.set(signed, 1);
  const signature = new Uint8Array(64);
  writeWord(signature, 0, r);
  writeWord(signature, 32, s);
  const publicKey = recover(keccak_256(message), signature, Number(yParity));
  return publicKey === undefined ? undefined : keccak_256(publicKey).slice(12);
}

/** Code that stands for the code of another account. */
export function isDelegation(code: Uint8Array): boolean {
  return (
    code.length === DELEGATION_LENGTH &&
    DELEGATION_PREFIX.every((byte, index) => code[index] === byte)
  );
}

/**
 * Sets the code of every account that authorized it, in order; what does not hold is passed over
 * (EIP-7702, behaviour, steps 1 to 9).
 */
export function applyAuthorizations(
  session: Session,
  authorizations: readonly Authorization[],
  chainId: bigint,
): void {
  for (const authorization of authorizations) {
    const { address, nonce, authority } = authorization;
    if (authorization.chainId !== 0n && authorization.chainId !== chainId) continue;
    if (nonce >= NONCE_LIMIT || authority === undefined) continue;
    session.warm(authority);
    const code = session.getCode(authority);
    if (code.length > 0 && !isDelegation(code)) continue;
    if (session.getNonce(authority) !== nonce) continue;
    if (session.exists(authority))
      session.addRefund(BigInt(AUTHORIZATION_GAS - AUTHORIZATION_REFUND));
    session.setCode(authority, address.some((byte) => byte !== 0) ? delegate(address) : NO_CODE);
    session.setNonce(authority, nonce + 1n);
  }
}

function delegate(address: Uint8Array): Uint8Array {
  const code = new Uint8Array(DELEGATION_LENGTH);
  code.set(DELEGATION_PREFIX);
  code.set(address, DELEGATION_PREFIX.length);
  return code;
}

function writeWord(target: Uint8Array, offset: number, value: bigint): void {
  let rest = value;
  for (let index = 31; index >= 0; index--) {
    target[offset + index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}
