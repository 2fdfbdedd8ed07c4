import { FORKS, type Fork } from '@basalt/evm';
import { bytesToHex } from '@noble/hashes/utils.js';
import { ExecutionError } from '../errors.ts';
import type { DevnetKeys } from './accounts.ts';
import { BALANCE_SET_MAX, CHAIN_ID_DEFAULT, GAS_LIMIT_DEFAULT } from './limits.ts';
import { PREDEPLOYS } from './predeploys.ts';

/** Ether of each account where nothing else is said. */
export const BALANCE_ETHER_DEFAULT = 10_000n;

/** What the faucet gives from: more than all test accounts of a lifetime ask for. */
const FAUCET_ETHER = 1_000_000_000n;

const WEI = 10n ** 18n;

/** 1 gwei: what London began with (EIP-1559), and what development nodes begin with. */
const BASE_FEE_FIRST = 1_000_000_000n;

export interface DevnetGenesisOptions {
  readonly keys: Pick<DevnetKeys, 'accounts' | 'faucet'>;
  readonly chainId?: bigint;
  /** From its first block on; Paris or later. */
  readonly fork?: Fork;
  readonly gasLimit?: bigint;
  /** Ether of each account. */
  readonly balanceEther?: bigint;
  /** Seconds since the Unix epoch. */
  readonly timestamp: bigint;
}

/** A genesis document in the form that geth reads. */
export interface DevnetGenesis {
  readonly config: Readonly<Record<string, unknown>>;
  readonly alloc: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly [field: string]: unknown;
}

/** By the time fork in which they were set: EIP-4844, EIP-7691; Osaka keeps those of Prague. */
const BLOB_SCHEDULE = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
  osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
};

const TIME_FORKS = ['shanghai', 'cancun', 'prague', 'osaka'] as const;

/**
 * Genesis of a devnet: every fork up to the one asked for from the first block on, funded accounts,
 * the system contracts.
 *
 * @throws ExecutionError `invalid-genesis` for a fork before Paris: such blocks need work; for
 *   balances above what can be set by hand
 */
export function devnetGenesis(options: DevnetGenesisOptions): DevnetGenesis {
  const { fork = 'osaka', chainId = CHAIN_ID_DEFAULT, gasLimit = GAS_LIMIT_DEFAULT } = options;
  const isAtLeast = (other: Fork): boolean => FORKS.indexOf(fork) >= FORKS.indexOf(other);
  if (!isAtLeast('paris')) {
    throw new ExecutionError(
      'invalid-genesis',
      `a devnet runs by the rules of Paris or later, not of ${fork}: blocks before need work`,
      { fork },
    );
  }
  const times = TIME_FORKS.filter(isAtLeast).map((name) => [`${name}Time`, 0] as const);
  const blobs = Object.entries(BLOB_SCHEDULE).filter(([name]) => isAtLeast(name as Fork));
  return {
    config: {
      chainId: Number(chainId),
      ...BLOCK_FORKS,
      terminalTotalDifficulty: 0,
      ...Object.fromEntries(times),
      ...(blobs.length === 0 ? {} : { blobSchedule: Object.fromEntries(blobs) }),
    },
    nonce: '0x0',
    timestamp: hex(options.timestamp),
    extraData: '0x',
    gasLimit: hex(gasLimit),
    difficulty: '0x0',
    mixHash: `0x${'00'.repeat(32)}`,
    coinbase: `0x${'00'.repeat(20)}`,
    baseFeePerGas: hex(BASE_FEE_FIRST),
    ...(isAtLeast('cancun') ? { excessBlobGas: '0x0', blobGasUsed: '0x0' } : {}),
    alloc: allocation(options),
  };
}

/** Forks that go by number, all at the genesis block. */
const BLOCK_FORKS = Object.fromEntries(
  [
    'homestead',
    'eip150',
    'eip155',
    'eip158',
    'byzantium',
    'constantinople',
    'petersburg',
    'istanbul',
    'muirGlacier',
    'berlin',
    'london',
    'arrowGlacier',
    'grayGlacier',
    'mergeNetsplit',
  ].map((name) => [`${name}Block`, 0]),
);

function allocation(options: DevnetGenesisOptions): DevnetGenesis['alloc'] {
  const { keys, balanceEther = BALANCE_ETHER_DEFAULT } = options;
  if (balanceEther * WEI > BALANCE_SET_MAX) {
    const message = `${balanceEther} ether for each account: at most ${BALANCE_SET_MAX / WEI}`;
    throw new ExecutionError('invalid-genesis', message, { balanceEther });
  }
  const alloc: Record<string, Record<string, string>> = {};
  for (const { address, nonce, code } of PREDEPLOYS) {
    alloc[address] = { balance: '0x0', nonce: hex(BigInt(nonce)), code: `0x${code}` };
  }
  alloc[bytesToHex(keys.faucet.address)] = { balance: hex(FAUCET_ETHER * WEI) };
  for (const { address } of keys.accounts) {
    alloc[bytesToHex(address)] = { balance: hex(balanceEther * WEI) };
  }
  return alloc;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
