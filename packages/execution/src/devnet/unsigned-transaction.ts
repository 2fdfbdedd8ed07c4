import { recoverPortable } from '@basalt/evm';
import { assembleTransaction } from '../transaction/encode.ts';
import { authoritiesOf, withSender } from '../transaction/recover.ts';
import type {
  RecoveredTransaction,
  SignedTransaction,
  TransactionFields,
} from '../transaction/types.ts';

/**
 * A transaction of an impersonated sender. In the place of a signature it has the sender as r and
 * zero as s, which no signature is: so its hash depends on the sender, nobody can pass it off as
 * signed, and a chain outside of a devnet refuses it.
 */
export function unsignedTransaction(
  fields: TransactionFields,
  chainId: bigint | undefined,
  sender: Uint8Array,
): RecoveredTransaction {
  let r = 0n;
  for (const byte of sender) r = (r << 8n) | BigInt(byte);
  const signed = assembleTransaction(fields, chainId, { yParity: 0, r, s: 0n });
  return withSender(signed, sender, authoritiesOf(signed, recoverPortable));
}

/** Was it made by {@link unsignedTransaction}? */
export function isUnsigned({ signature }: Pick<SignedTransaction, 'signature'>): boolean {
  return signature.s === 0n;
}
