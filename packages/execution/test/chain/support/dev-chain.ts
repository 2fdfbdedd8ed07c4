import { hexToBytes } from '@noble/hashes/utils.js';
import type { BlockAttributes, Chain } from '../../../src/chain/types.ts';
import { type DevnetKeys, deriveDevnetKeys, TEST_MNEMONIC } from '../../../src/devnet/accounts.ts';
import { type DevnetGenesis, devnetGenesis } from '../../../src/devnet/genesis.ts';
import { loadSign, signTransaction } from '../../../src/transaction/sign.ts';
import type { RecoveredTransaction, TransactionFields } from '../../../src/transaction/types.ts';
import { recoverer } from './chains.ts';

export const KEYS: DevnetKeys = deriveDevnetKeys(TEST_MNEMONIC, 3);
export const CHAIN_ID: bigint = 31_337n;
export const GWEI: bigint = 10n ** 9n;

/** A genesis by the rules of Osaka, at second 1000, with three funded accounts. */
export const GENESIS: DevnetGenesis = devnetGenesis({ keys: KEYS, timestamp: 1_000n });

const sign = await loadSign();

export function account(index: number): Uint8Array {
  const address = KEYS.accounts[index]?.address;
  if (address === undefined) throw new RangeError(`no account ${index}`);
  return address;
}

export function attributes(chain: Chain, more: Partial<BlockAttributes> = {}): BlockAttributes {
  const { header } = chain.head();
  return {
    timestamp: header.timestamp + 12n,
    coinbase: new Uint8Array(20).fill(0xcb),
    gasLimit: header.gasLimit,
    prevRandao: new Uint8Array(32).fill(Number(header.number % 251n) + 1),
    ...more,
  };
}

/** Signed by an account of the genesis; a transfer of 1 wei where nothing else is said. */
export async function signed(
  from: number,
  fields: Partial<TransactionFields> & { readonly nonce: bigint },
): Promise<RecoveredTransaction> {
  const whole = {
    type: 2,
    maxPriorityFeePerGas: GWEI,
    maxFeePerGas: 100n * GWEI,
    gasLimit: 100_000n,
    to: new Uint8Array(20).fill(0x11),
    value: 1n,
    data: new Uint8Array(0),
    accessList: [],
    ...fields,
  } as TransactionFields;
  const key = KEYS.accounts[from]?.privateKey ?? new Uint8Array(32);
  const [recovered] = await recoverer.recover(
    [signTransaction(whole, CHAIN_ID, key, sign)],
    'osaka',
  );
  if (recovered === undefined || recovered instanceof Error) throw new Error('not recovered');
  return recovered;
}

/**
 * Init code of a contract that adds 1 to slot 0 and logs the new value under the topic 0x77 each
 * time it is called.
 */
export const COUNTER_INIT: Uint8Array = initCode(
  // PUSH0 SLOAD PUSH1 1 ADD DUP1 PUSH0 SSTORE PUSH0 MSTORE PUSH1 0x77 PUSH1 32 PUSH0 LOG1 STOP
  hexToBytes('5f54600101805f555f5260776020' + '5fa100'),
);

function initCode(code: Uint8Array): Uint8Array {
  // PUSH1 length PUSH1 9 PUSH0 CODECOPY PUSH1 length PUSH0 RETURN, without the trailing bytes
  const head = [0x60, code.length, 0x60, 10, 0x5f, 0x39, 0x60, code.length, 0x5f, 0xf3];
  return Uint8Array.from([...head, ...code]);
}
