import { fillTransaction } from '../engine/fill-transaction.ts';
import { methodNotFound } from '../errors.ts';
import { address, hash, quantity } from '../params/decode.ts';
import { toHex } from '../params/hex.ts';
import { transactionArgs } from '../params/transaction-args.ts';
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

/** Test ether from the faucet account of a devnet; the hash of the transaction that brings it. */
async function giveFromFaucet(services: Services, to: Uint8Array, value: bigint): Promise<string> {
  const { devnet } = services;
  if (devnet === undefined) throw methodNotFound('basalt_faucet');
  const transfer = {
    from: toHex(devnet.faucet.address),
    to: toHex(to),
    value: `0x${value.toString(16)}`,
  };
  const filled = await fillTransaction(services, transactionArgs(transfer, 'transfer'));
  return toHex((await devnet.send(filled)).hash);
}

export const DEVNET_BASALT: MethodFamily = {
  basalt_faucet: method([address, quantity()], giveFromFaucet),
};
