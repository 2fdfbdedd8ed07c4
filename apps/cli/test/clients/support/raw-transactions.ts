/** Signed transactions in hexadecimal digits, with any field wrong that a test wants wrong. */
import { account, type Hex } from './accounts.ts';
import { result } from './rpc.ts';
import { accountOf, CHAIN_ID } from './viem.ts';

export interface Wanted {
  readonly key?: Hex;
  readonly chainId?: number;
  readonly nonce?: number;
  /** null: a creation. */
  readonly to?: Hex | null;
  readonly value?: bigint;
  readonly gas?: bigint;
  readonly data?: Hex;
  readonly maxFeePerGas?: bigint;
  readonly maxPriorityFeePerGas?: bigint;
}

const GWEI = 10n ** 9n;
export const NOBODY: Hex = '0x00000000000000000000000000000000000b0b01';

/** Type 2, a transfer of one wei from the first account unless said; the nonce is the next. */
export async function signed(url: string, wanted: Wanted = {}): Promise<Hex> {
  const { key = account(0).privateKey, ...fields } = wanted;
  const signer = accountOf(key);
  const nonce = fields.nonce ?? (await nextNonce(url, signer.address));
  return signer.signTransaction({
    type: 'eip1559',
    chainId: CHAIN_ID,
    to: NOBODY,
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 20n * GWEI,
    maxPriorityFeePerGas: GWEI,
    ...fields,
    nonce,
  });
}

/** Counts only what is in blocks. */
export async function nextNonce(url: string, address: Hex): Promise<number> {
  return Number(await result(url, 'eth_getTransactionCount', [address, 'latest']));
}
