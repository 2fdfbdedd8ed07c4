/**
 * The forks as data: every figure and rule that differs between two of them, Frontier to Osaka. A
 * fork is written as what it changes against the one before. The opcodes stand in `opcodes.ts`.
 */
import { FORKS, type Fork } from './types.ts';

/** How SSTORE is priced. `legacy`: by the old and new value; `net`: EIP-1283, 2200, 2929, 3529. */
export interface StorageGas {
  readonly rule: 'legacy' | 'net';
  /** Fails when gas left is not above this (EIP-2200); 0: no such rule. */
  readonly sentry: number;
  /** A slot that already differs from its value before the transaction, or does not change. */
  readonly dirty: number;
  /** From zero to something. */
  readonly set: number;
  /** From something to something else. */
  readonly reset: number;
  /** Refund for a slot that becomes zero. */
  readonly clearRefund: number;
}

export interface ForkRules {
  readonly fork: Fork;

  // Accounts and storage
  /** Added to the opcode's warm price on a first access in the transaction (EIP-2929). */
  readonly coldAccountExtra: number;
  /** What SELFDESTRUCT, SSTORE and a delegation (EIP-7702) pay in whole. */
  readonly coldAccountGas: number;
  readonly warmAccessGas: number;
  readonly coldSlotExtra: number;
  readonly coldSlotGas: number;
  readonly storage: StorageGas;

  // Dynamic gas of opcodes
  readonly expByteGas: number;
  /** Everything except a 64th is handed on at most (EIP-150); before, all of it or failure. */
  readonly hasAllButOne64th: boolean;
  readonly selfDestructRefund: number;
  /** SELFDESTRUCT pays for an account that it makes (EIP-150). */
  readonly selfDestructNewAccountGas: number;
  /** Destroys only what was created in the same transaction (EIP-6780). */
  readonly selfDestructOnlyNew: boolean;
  /** Init code pays 2 gas a word and has a bound (EIP-3860). */
  readonly initCodeWordGas: number;

  // Creation
  readonly codeSizeMax: number;
  readonly initCodeSizeMax: number;
  /**
   * Too little gas for the code deposit fails the creation (EIP-2); before, the code stays empty.
   */
  readonly failsOnCodeDeposit: boolean;
  /** Nonce of a new contract (EIP-161). */
  readonly newContractNonce: number;
  /** Code that begins with 0xEF is refused (EIP-3541). */
  readonly refusesCodePrefix: boolean;
  /** Empty accounts that were touched disappear; new-account gas only with value (EIP-161). */
  readonly clearsEmptyAccounts: boolean;
  /** Code `0xef0100 || address` stands for the code of another account (EIP-7702). */
  readonly hasDelegation: boolean;
  /** Byte 0x44 gives `prevRandao` instead of `difficulty` (EIP-4399). */
  readonly hasPrevRandao: boolean;
  /** Addresses of precompiled contracts as small numbers. */
  readonly precompiles: readonly number[];

  // Transactions
  readonly maxTransactionType: number;
  readonly transactionCreateGas: number;
  readonly calldataByteGas: number;
  /** Refund is at most gas used over this. */
  readonly refundQuotient: number;
  readonly accessListAddressGas: number;
  readonly accessListSlotGas: number;
  /** The fee recipient is warm from the start (EIP-3651). */
  readonly warmsCoinbase: boolean;
  readonly hasBaseFee: boolean;
  /** Price of a calldata token at the floor (EIP-7623); 0: no floor. */
  readonly calldataFloorTokenGas: number;
  /** Highest gas limit of one transaction (EIP-7825); 0: none. */
  readonly transactionGasLimitMax: number;
  /** Most blobs in a block; 0: no blobs. */
  readonly blobsPerBlockMax: number;
  readonly blobsPerBlockTarget: number;
  readonly blobsPerTransactionMax: number;
  readonly blobBaseFeeUpdateFraction: number;
}

// Prices of transactions that no fork ever changed (Yellow Paper, appendix G). Those of opcodes
// stand in the kernel (assembly/kernel).
export const TRANSACTION_GAS = 21_000;
export const CALLDATA_ZERO_BYTE_GAS = 4;
/** EIP-7702: price of an authorization, and what comes back when the account already existed. */
export const AUTHORIZATION_GAS = 25_000;
export const AUTHORIZATION_REFUND = 12_500;
export const GAS_PER_BLOB = 131_072;

const FRONTIER: ForkRules = {
  fork: 'frontier',
  coldAccountExtra: 0,
  coldAccountGas: 0,
  warmAccessGas: 0,
  coldSlotExtra: 0,
  coldSlotGas: 0,
  storage: {
    rule: 'legacy',
    sentry: 0,
    dirty: 5_000,
    set: 20_000,
    reset: 5_000,
    clearRefund: 15_000,
  },
  expByteGas: 10,
  hasAllButOne64th: false,
  selfDestructRefund: 24_000,
  selfDestructNewAccountGas: 0,
  selfDestructOnlyNew: false,
  initCodeWordGas: 0,
  codeSizeMax: 0xffff_ffff,
  initCodeSizeMax: 0xffff_ffff,
  failsOnCodeDeposit: false,
  newContractNonce: 0,
  refusesCodePrefix: false,
  clearsEmptyAccounts: false,
  hasDelegation: false,
  hasPrevRandao: false,
  precompiles: [1, 2, 3, 4],
  maxTransactionType: 0,
  transactionCreateGas: 0,
  calldataByteGas: 68,
  refundQuotient: 2,
  accessListAddressGas: 0,
  accessListSlotGas: 0,
  warmsCoinbase: false,
  hasBaseFee: false,
  calldataFloorTokenGas: 0,
  transactionGasLimitMax: 0,
  blobsPerBlockMax: 0,
  blobsPerBlockTarget: 0,
  blobsPerTransactionMax: 0,
  blobBaseFeeUpdateFraction: 0,
};

const NET_STORAGE: StorageGas = { ...FRONTIER.storage, rule: 'net', dirty: 200 };

/** What each fork changes. */
const CHANGES: Readonly<Record<Fork, Partial<ForkRules>>> = {
  frontier: {},
  homestead: { failsOnCodeDeposit: true, transactionCreateGas: 32_000 },
  tangerineWhistle: { hasAllButOne64th: true, selfDestructNewAccountGas: 25_000 },
  spuriousDragon: {
    expByteGas: 50,
    codeSizeMax: 24_576,
    newContractNonce: 1,
    clearsEmptyAccounts: true,
  },
  byzantium: { precompiles: range(1, 8) },
  constantinople: { storage: NET_STORAGE },
  petersburg: { storage: FRONTIER.storage },
  istanbul: {
    storage: { ...NET_STORAGE, sentry: 2_300, dirty: 800 },
    calldataByteGas: 16,
    precompiles: range(1, 9),
  },
  berlin: {
    coldAccountExtra: 2_500,
    coldAccountGas: 2_600,
    warmAccessGas: 100,
    coldSlotExtra: 2_000,
    coldSlotGas: 2_100,
    storage: { ...NET_STORAGE, sentry: 2_300, dirty: 100, reset: 2_900 },
    maxTransactionType: 1,
    accessListAddressGas: 2_400,
    accessListSlotGas: 1_900,
  },
  london: {
    storage: { ...NET_STORAGE, sentry: 2_300, dirty: 100, reset: 2_900, clearRefund: 4_800 },
    selfDestructRefund: 0,
    refusesCodePrefix: true,
    maxTransactionType: 2,
    refundQuotient: 5,
    hasBaseFee: true,
  },
  paris: { hasPrevRandao: true },
  shanghai: { initCodeWordGas: 2, initCodeSizeMax: 49_152, warmsCoinbase: true },
  cancun: {
    selfDestructOnlyNew: true,
    precompiles: range(1, 10),
    maxTransactionType: 3,
    blobsPerBlockMax: 6,
    blobsPerBlockTarget: 3,
    blobsPerTransactionMax: 6,
    blobBaseFeeUpdateFraction: 3_338_477,
  },
  prague: {
    hasDelegation: true,
    precompiles: range(1, 17),
    maxTransactionType: 4,
    calldataFloorTokenGas: 10,
    blobsPerBlockMax: 9,
    blobsPerBlockTarget: 6,
    blobsPerTransactionMax: 9,
    blobBaseFeeUpdateFraction: 5_007_716,
  },
  osaka: {
    precompiles: [...range(1, 17), 0x100],
    transactionGasLimitMax: 2 ** 24,
    blobsPerTransactionMax: 6,
  },
};

/** The rules of every fork. */
export const FORK_RULES: Readonly<Record<Fork, ForkRules>> = buildRules();

function buildRules(): Record<Fork, ForkRules> {
  const entries: [Fork, ForkRules][] = [];
  let rules = FRONTIER;
  for (const fork of FORKS) {
    rules = { ...rules, ...CHANGES[fork], fork };
    entries.push([fork, rules]);
  }
  return Object.fromEntries(entries) as Record<Fork, ForkRules>;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
