/**
 * What goes into the engine and what comes out. Addresses are 20 bytes, hashes and storage words 32
 * bytes, big-endian; amounts are bigint (256 bits); gas is a bigint where a caller may give more
 * than 2^53 and a number nowhere.
 */

/** Forks in order of activation. */
export const FORKS = [
  'frontier',
  'homestead',
  'tangerineWhistle',
  'spuriousDragon',
  'byzantium',
  'constantinople',
  'petersburg',
  'istanbul',
  'berlin',
  'london',
  'paris',
  'shanghai',
  'cancun',
  'prague',
  'osaka',
] as const;

export type Fork = (typeof FORKS)[number];

export interface Account {
  readonly nonce: bigint;
  readonly balance: bigint;
  /** 32 bytes; the hash of nothing for an account without code. */
  readonly codeHash: Uint8Array;
}

/**
 * The state below a call, read synchronously. Answers must not change while a call runs. What a
 * host throws ends the call and is thrown on to the caller; the instance stays usable.
 */
export interface StateReader {
  /** undefined: the account does not exist. */
  readAccount(address: Uint8Array): Account | undefined;
  /** 32 bytes; zero for a slot that was never written. */
  readStorage(address: Uint8Array, slot: Uint8Array): Uint8Array;
  readCode(codeHash: Uint8Array): Uint8Array;
  /**
   * True when the account has any slot that is not zero. Asked before a creation at an address that
   * exists without nonce and code (EIP-7610); where absent, no such account has storage.
   */
  hasStorage?(address: Uint8Array): boolean;
  /** 32-byte hash of one of the 256 blocks before this one; zero for any other number. */
  blockHash(number: bigint): Uint8Array;
}

/** One account as a call leaves it. */
export interface AccountChange {
  readonly address: Uint8Array;
  /** undefined: the account does not exist any more. */
  readonly account: Account | undefined;
  /** New code, when it changed. */
  readonly code?: Uint8Array;
  /** True when the account was destroyed or made anew: storage written before does not count. */
  readonly storageCleared: boolean;
  /** Slots whose value differs from the state below, 32 bytes each. */
  readonly storage: readonly { readonly slot: Uint8Array; readonly value: Uint8Array }[];
}

/** What was read of the state below, for schedulers and access lists. */
export interface ReadSet {
  readonly accounts: readonly Uint8Array[];
  readonly slots: readonly { readonly address: Uint8Array; readonly slot: Uint8Array }[];
}

export interface Log {
  readonly address: Uint8Array;
  /** 0 to 4 topics of 32 bytes. */
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

export interface BlockEnvironment {
  readonly number: bigint;
  readonly timestamp: bigint;
  /** Seconds since the Unix epoch is `timestamp`; 20 bytes. */
  readonly coinbase: Uint8Array;
  readonly gasLimit: bigint;
  readonly baseFee: bigint;
  /** PREVRANDAO from Paris on, 32 bytes. */
  readonly prevRandao: Uint8Array;
  /** DIFFICULTY before Paris. */
  readonly difficulty: bigint;
  readonly blobBaseFee: bigint;
  readonly chainId: bigint;
}

/** What ended a frame in another way than STOP, RETURN or SELFDESTRUCT. */
export type ExceptionalHalt =
  | 'revert'
  | 'out-of-gas'
  | 'stack-underflow'
  | 'stack-overflow'
  | 'invalid-jump'
  | 'invalid-opcode'
  | 'static-state-change'
  | 'return-data-out-of-bounds'
  | 'call-depth'
  | 'insufficient-balance'
  | 'create-collision'
  | 'nonce-overflow'
  | 'code-size'
  | 'init-code-size'
  | 'invalid-code-prefix'
  | 'precompile-failure';

/** A message call or a creation, as the outermost frame. */
export interface CallRequest {
  /** undefined creates a contract from `data`. */
  readonly to: Uint8Array | undefined;
  readonly from?: Uint8Array;
  /** Transaction origin; `from` where absent. */
  readonly origin?: Uint8Array;
  readonly data?: Uint8Array;
  readonly value?: bigint;
  readonly gasLimit: bigint;
  readonly gasPrice?: bigint;
  /** Versioned hashes of the transaction's blobs. */
  readonly blobHashes?: readonly Uint8Array[];
  /** Runs this code instead of the code of `to`. */
  readonly code?: Uint8Array;
  readonly isStatic?: boolean;
  /**
   * Addresses and slots that are warm from the start (EIP-2929, 2930), beside from, to and so on.
   */
  readonly accessList?: readonly AccessListEntry[];
  readonly block?: Partial<BlockEnvironment>;
}

export interface AccessListEntry {
  readonly address: Uint8Array;
  readonly slots: readonly Uint8Array[];
}

export interface CallResult {
  /** undefined when the call succeeded. */
  readonly halt: ExceptionalHalt | undefined;
  readonly gasUsed: bigint;
  /** Refund counter, before any cap. */
  readonly gasRefund: bigint;
  readonly output: Uint8Array;
  /** Address of a created contract. */
  readonly created: Uint8Array | undefined;
  readonly logs: readonly Log[];
  readonly changes: readonly AccountChange[];
  readonly reads: ReadSet;
}
