/** Signed ERC-20 transfers with the genesis in which all of them succeed. */
import { keccak256 } from '@basalt/evm';
import { devnetGenesis } from '../../src/devnet/genesis.ts';
import { addressOf, loadSign, signTransaction } from '../../src/transaction/sign.ts';
import type { TransactionFields } from '../../src/transaction/types.ts';
import { toHex } from '../engines/types.ts';
import { createWorkload, WORKLOAD_CHAIN_ID } from '../workloads.ts';

export interface SignedWork {
  /** EIP-2718 encodings in an order that every pool takes: each sender's by nonce. */
  readonly raws: readonly Uint8Array[];
  /** As geth, Anvil and this chain read it. */
  readonly genesis: GenesisDocument;
}

export interface GenesisDocument {
  readonly alloc: Readonly<Record<string, AllocatedAccount>>;
  readonly [field: string]: unknown;
}

export interface AllocatedAccount {
  readonly balance: string;
  readonly nonce?: string;
  readonly code?: string;
  readonly storage?: Readonly<Record<string, string>>;
}

const FAUCET = { address: new Uint8Array(20).fill(0xfa), privateKey: new Uint8Array(32) };
const GENESIS_SECONDS = 1_700_000_000n;

/** @param senders accounts that send to each other, picked at random */
export async function createSignedWork(
  transactions: number,
  senders: number,
  blockGasLimit: bigint,
): Promise<SignedWork> {
  const sign = await loadSign();
  const keys = Array.from({ length: senders }, (_, index) =>
    keccak256(new TextEncoder().encode(`bench key ${index}`)),
  );
  const addresses = keys.map((key) => addressOf(key));
  const workload = createWorkload({
    kind: 'token',
    transactions,
    accounts: senders,
    senderAddress: (index) => addresses[index] ?? new Uint8Array(20),
  });
  const raws = workload.transactions.map((transaction, index) => {
    const { sender: _sender, isUnsigned: _isUnsigned, ...fields } = transaction;
    const key = keys[workload.senderOf[index] ?? 0] ?? new Uint8Array(32);
    return signTransaction(fields as TransactionFields, WORKLOAD_CHAIN_ID, key, sign).raw;
  });
  const document = devnetGenesis({
    keys: { accounts: [], faucet: FAUCET },
    chainId: WORKLOAD_CHAIN_ID,
    gasLimit: blockGasLimit,
    timestamp: GENESIS_SECONDS,
  });
  const own = workload.genesis.map(({ address, account, code, storage }) => [
    toHex(address),
    {
      balance: `0x${(account?.balance ?? 0n).toString(16)}`,
      nonce: `0x${(account?.nonce ?? 0n).toString(16)}`,
      ...(code === undefined ? {} : { code: toHex(code) }),
      storage: Object.fromEntries(storage.map(({ slot, value }) => [toHex(slot), toHex(value)])),
    },
  ]);
  const alloc = { ...document.alloc, ...Object.fromEntries(own) } as GenesisDocument['alloc'];
  return { raws, genesis: { ...document, alloc } };
}
