import {
  type Authorization,
  type Fork,
  isAtLeast,
  keccak256,
  type Recover,
  recoverAuthority,
  type Transaction,
} from '@basalt/evm';
import { ExecutionError } from '../errors.ts';
import { assertSignatureRange, invalidSignature } from './signature.ts';
import { readSignedPart } from './signed-part.ts';
import type { RecoveredTransaction, SignedTransaction } from './types.ts';

const ADDRESS_LENGTH = 20;

/**
 * Who signed, 20 bytes (Yellow Paper, appendix F).
 *
 * @param fork EIP-2: from Homestead on, s is in the lower half of the order
 * @param recover from `loadRecover` of the engine, 40 us in native code
 * @throws ExecutionError `invalid-signature`
 */
export function recoverSender(signed: SignedTransaction, fork: Fork, recover: Recover): Uint8Array {
  assertSignatureRange(signed.signature, isAtLeast(fork, 'homestead'));
  const { hash, signature, yParity } = readSignedPart(signed.raw);
  const publicKey = recover(hash, signature, yParity);
  if (publicKey === undefined) throw invalidSignature('no public key gives this signature');
  return keccak256(publicKey).subarray(32 - ADDRESS_LENGTH);
}

/** {@link recoverSender} and all authorities (EIP-7702). */
export function recoverTransaction(
  signed: SignedTransaction,
  fork: Fork,
  recover: Recover,
): RecoveredTransaction {
  const sender = recoverSender(signed, fork, recover);
  return withSender(signed, sender, authoritiesOf(signed, recover));
}

/** One for each authorization; undefined where its signature is none. */
export function authoritiesOf(
  { fields }: SignedTransaction,
  recover: Recover,
): (Uint8Array | undefined)[] {
  if (fields.type !== 4) return [];
  return fields.authorizations.map((each) => recoverAuthority(each, recover));
}

/** Joins what was decoded and what was recovered from it. */
export function withSender(
  signed: SignedTransaction,
  sender: Uint8Array,
  authorities: readonly (Uint8Array | undefined)[],
): RecoveredTransaction {
  const { raw, hash, fields, chainId, signature } = signed;
  const joined: Transaction =
    fields.type === 4
      ? { ...fields, sender, authorizations: withAuthorities(fields.authorizations, authorities) }
      : { ...fields, sender };
  // No signature has an s of zero: a devnet's impersonated sender stands there.
  const transaction: Transaction = signature.s === 0n ? { ...joined, isUnsigned: true } : joined;
  return { raw, hash, fields, chainId, signature, sender, transaction };
}

function withAuthorities(
  authorizations: readonly Omit<Authorization, 'authority'>[],
  authorities: readonly (Uint8Array | undefined)[],
): Authorization[] {
  return authorizations.map(({ chainId, address, nonce }, index) => ({
    chainId,
    address,
    nonce,
    authority: authorities[index],
  }));
}

/**
 * Was it signed for this chain? A legacy transaction may be signed for none; before Spurious Dragon
 * (EIP-155) it has to be.
 *
 * @throws ExecutionError `wrong-chain`, `invalid-signature` where the fork has no EIP-155
 */
export function assertChain(signed: SignedTransaction, chainId: bigint, fork: Fork): void {
  if (signed.chainId === undefined) return;
  if (signed.fields.type === 0 && !isAtLeast(fork, 'spuriousDragon')) {
    throw invalidSignature(`v is ${signed.signature.v}: ${fork} knows 27 and 28`);
  }
  if (signed.chainId !== chainId) {
    const message = `signed for chain ${signed.chainId}, this is ${chainId}`;
    throw new ExecutionError('wrong-chain', message, { expected: chainId, found: signed.chainId });
  }
}
