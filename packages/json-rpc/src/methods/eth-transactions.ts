import { keccak256 } from '@basalt/evm';
import {
  assembleTransaction,
  type Devnet,
  type RecoveredTransaction,
  signingHashOf,
} from '@basalt/execution';
import { fillTransaction } from '../engine/fill-transaction.ts';
import { methodNotFound } from '../errors.ts';
import { receiptsOf } from '../logs/find-logs.ts';
import { address, bytes, hash } from '../params/decode.ts';
import { toHex } from '../params/hex.ts';
import { type TransactionArgs, transactionArgs } from '../params/transaction-args.ts';
import { typedData, typedDataHash } from '../params/typed-data.ts';
import type { Services } from '../services.ts';
import { receiptView } from '../views/receipt.ts';
import { transactionView, type View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';

async function transactionByHash(
  { chain, pool }: Services,
  transactionHash: Uint8Array,
): Promise<View | null> {
  const place = chain.locate(transactionHash);
  const block = place === undefined ? undefined : await chain.block(place.blockNumber);
  const index = place?.index ?? 0;
  const transaction = block?.transactions[index];
  if (block !== undefined && transaction !== undefined) {
    return transactionView(transaction, { block, index });
  }
  const pooled = pool.find(transactionHash);
  return pooled === undefined ? null : transactionView(pooled.transaction, undefined);
}

async function transactionReceipt(
  services: Services,
  transactionHash: Uint8Array,
): Promise<View | null> {
  const { chain } = services;
  const place = chain.locate(transactionHash);
  if (place === undefined) return null;
  const block = await chain.block(place.blockNumber);
  if (block === undefined) return null;
  const receipts = await receiptsOf(services, block);
  const receipt = receipts[place.index];
  if (receipt === undefined) return null;
  const before = receipts.slice(0, place.index);
  const firstLog = before.reduce((sum, { logs }) => sum + logs.length, 0);
  return receiptView(block, receipt, place.index, firstLog);
}

// Life of a transaction, 2.
async function sendRaw({ pool, devnet }: Services, raw: Uint8Array): Promise<string> {
  return toHex((await (devnet?.pool ?? pool).add(raw)).hash);
}

/** Only a devnet holds keys. */
function keysOf({ devnet }: Services, name: string): Devnet {
  if (devnet === undefined) throw methodNotFound(name);
  return devnet;
}

async function send(services: Services, args: TransactionArgs): Promise<string> {
  const devnet = keysOf(services, 'eth_sendTransaction');
  const from = args.from ?? devnet.accounts[0]?.address;
  const filled = await fillTransaction(services, { ...args, from });
  const takesNextNonce = args.nonce === undefined;
  return toHex((await devnet.send({ ...filled, takesNextNonce })).hash);
}

async function fill(services: Services, args: TransactionArgs): Promise<View> {
  const { from, fields } = await fillTransaction(services, args);
  const { chainId } = services.chain.config;
  const signed = assembleTransaction(fields, chainId, { yParity: 0, r: 0n, s: 0n });
  // Nobody authorized anything yet; what is shown needs no more than the fields.
  const tx = transactionView({ ...signed, sender: from } as RecoveredTransaction, undefined);
  return { raw: toHex(signed.raw), tx };
}

async function signTransaction(services: Services, args: TransactionArgs): Promise<View> {
  const devnet = keysOf(services, 'eth_signTransaction');
  const { from, fields } = await fillTransaction(services, args);
  const { chainId } = services.chain.config;
  const signature = devnet.sign(from, signingHashOf(fields, chainId));
  const signed = assembleTransaction(fields, chainId, {
    yParity: signature[64] === 28 ? 1 : 0,
    r: BigInt(toHex(signature.subarray(0, 32))),
    s: BigInt(toHex(signature.subarray(32, 64))),
  });
  const tx = transactionView({ ...signed, sender: from } as RecoveredTransaction, undefined);
  return { raw: toHex(signed.raw), tx };
}

/** The prefix keeps a message from being taken for a transaction (EIP-191, version 0x45). */
function signMessage(services: Services, who: Uint8Array, message: Uint8Array): string {
  const devnet = keysOf(services, 'eth_sign');
  const prefix = new TextEncoder().encode(`\u0019Ethereum Signed Message:\n${message.length}`);
  return toHex(devnet.sign(who, keccak256(Buffer.concat([prefix, message]))));
}

/** Transactions: found, sent, signed. */
export const ETH_TRANSACTIONS: MethodFamily = {
  eth_getTransactionByHash: method([hash], transactionByHash),
  eth_getTransactionReceipt: method([hash], transactionReceipt),
  eth_sendRawTransaction: method([bytes], sendRaw),
  eth_fillTransaction: method([transactionArgs], fill),
  eth_accounts: method([], ({ devnet }) =>
    (devnet?.accounts ?? []).map((each) => toHex(each.address)),
  ),
};

/** Those that need keys; only where a devnet has some. */
export const ETH_KEYS: MethodFamily = {
  eth_sendTransaction: method([transactionArgs], send),
  eth_signTransaction: method([transactionArgs], signTransaction),
  eth_sign: method([address, bytes], signMessage),
  personal_sign: method([bytes, address], (services, message, who) =>
    signMessage(services, who, message),
  ),
  eth_signTypedData_v4: method([address, typedData], (services, who, data) =>
    toHex(keysOf(services, 'eth_signTypedData_v4').sign(who, typedDataHash(data))),
  ),
};
