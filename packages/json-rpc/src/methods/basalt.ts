import { methodNotFound } from '../errors.ts';
import { hash } from '../params/decode.ts';
import type { Services } from '../services.ts';
import type { View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';

async function transactionProof(
  { proofs }: Services,
  transactionHash: Uint8Array,
): Promise<View | null> {
  if (proofs === undefined) throw methodNotFound('basalt_getTransactionProof');
  return (await proofs.prove(transactionHash)) ?? null;
}

/** What no other chain has: the ledger below. */
export const BASALT: MethodFamily = {
  basalt_getTransactionProof: method([hash], transactionProof),
};
