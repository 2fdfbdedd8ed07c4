import {
  type Client,
  formatTransactionProof,
  readTransactionProof,
  verifyTransaction,
} from '@basalt/client';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Rpc } from './rpc.ts';

interface ServedProof {
  readonly ledger?: { readonly url?: string };
}

/** What a chain says about where a transaction is proven. */
export interface AskedProof {
  readonly proof: unknown;
  /** Address of the ledger, where the chain tells one. */
  readonly ledgerUrl: string | undefined;
}

/** @throws CliError `unknown-transaction` */
export async function askForProof(rpc: Rpc, hash: string): Promise<AskedProof> {
  const proof = await rpc.call<ServedProof | null>('basalt_getTransactionProof', [hash]);
  if (proof === null) {
    throw new CliError(
      EXIT.refused,
      'unknown-transaction',
      `no block of the chain has the transaction ${hash}`,
      `\`basalt tx ${hash}\` tells whether it waits`,
    );
  }
  return { proof, ledgerUrl: proof.ledger?.url };
}

/** Checks the proof against the ledger and makes the file that checks offline. */
export async function proveTransaction(client: Client, proof: unknown): Promise<string> {
  const { namespace, index } = readTransactionProof(proof);
  const { block } = await verifyTransaction(client, proof);
  const { payload } = block.block;
  const { text } = await client.prove({ namespace, index });
  // verifyTransaction refuses a block without its payload.
  return formatTransactionProof(proof, text, payload ?? new Uint8Array(0));
}
