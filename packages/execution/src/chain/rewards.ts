import { type AccountChange, EMPTY_CODE_HASH, type Fork, isAtLeast } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import type { BlockHeader, Withdrawal } from '../block/types.ts';
import type { LayeredState } from './layered-state.ts';

const ETHER = 10n ** 18n;
const GWEI = 10n ** 9n;
/** A miner gets a part of the reward for each ommer named (Yellow Paper, section 11.3). */
const OMMER_PART = 32n;
/** An ommer of the parent's generation gets 7 of 8 parts, each generation before one less. */
const OMMER_DEPTH = 8n;

/** Reward of a block by proof of work (Yellow Paper, eq. 158; EIP-649, EIP-1234). */
function blockReward(fork: Fork): bigint {
  if (isAtLeast(fork, 'constantinople')) return 2n * ETHER;
  return isAtLeast(fork, 'byzantium') ? 3n * ETHER : 5n * ETHER;
}

/** Pays the miner and those of the ommers; keeps the changes. */
export function payRewards(
  state: LayeredState,
  fork: Fork,
  header: Pick<BlockHeader, 'coinbase' | 'number'>,
  ommers: readonly BlockHeader[],
): AccountChange[] {
  const reward = blockReward(fork);
  const changes: AccountChange[] = [];
  for (const ommer of ommers) {
    const part = (ommer.number + OMMER_DEPTH - header.number) * reward;
    changes.push(...pay(state, ommer.coinbase, part / OMMER_DEPTH));
  }
  const forOmmers = (reward / OMMER_PART) * BigInt(ommers.length);
  changes.push(...pay(state, header.coinbase, reward + forOmmers));
  return changes;
}

/** Pays withdrawals of the consensus layer (EIP-4895); keeps the changes. */
export function payWithdrawals(
  state: LayeredState,
  withdrawals: readonly Withdrawal[],
): AccountChange[] {
  return withdrawals.flatMap(({ address, amount }) => pay(state, address, amount * GWEI));
}

/** An account that nothing is left in after it was touched does not exist (EIP-161). */
function pay(state: LayeredState, address: Uint8Array, amount: bigint): AccountChange[] {
  const before = state.readAccount(address);
  const { nonce, balance, codeHash } = before ?? {
    nonce: 0n,
    balance: 0n,
    codeHash: EMPTY_CODE_HASH,
  };
  const account = { nonce, balance: balance + amount, codeHash };
  const isEmpty = nonce === 0n && account.balance === 0n && equalBytes(codeHash, EMPTY_CODE_HASH);
  if (isEmpty && before === undefined) return [];
  const change: AccountChange = {
    address,
    account: isEmpty ? undefined : account,
    storageCleared: isEmpty,
    storage: [],
  };
  state.push([change]);
  return [change];
}
