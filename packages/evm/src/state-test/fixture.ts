import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { FORK_RULES } from '../forks.ts';
import { type Recover } from '../precompiles/types.ts';
import { createMemoryState, type MemoryState } from '../state/memory-state.ts';
import { recoverAuthority } from '../transaction/authorization.ts';
import { blobBaseFee } from '../transaction/blob-fee.ts';
import type { Authorization, Transaction } from '../transaction/types.ts';
import type { AccessListEntry, BlockEnvironment, Fork } from '../types.ts';

/** A test as it is published: one pre-state, one transaction with variants, results by fork. */
export interface StateTest {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly pre: Readonly<Record<string, FixtureAccount>>;
  readonly transaction: FixtureTransaction;
  readonly post: Readonly<Record<string, readonly Expectation[]>>;
  readonly config?: {
    readonly chainid?: string;
    readonly blobSchedule?: Readonly<Record<string, { baseFeeUpdateFraction?: string }>>;
  };
}

export interface FixtureAccount {
  readonly nonce: string;
  readonly balance: string;
  readonly code: string;
  readonly storage: Readonly<Record<string, string>>;
}

export interface FixtureTransaction {
  readonly nonce: string;
  readonly gasLimit: readonly string[];
  readonly value: readonly string[];
  readonly data: readonly string[];
  readonly to: string;
  readonly sender?: string;
  readonly secretKey?: string;
  readonly gasPrice?: string;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
  readonly maxFeePerBlobGas?: string;
  readonly blobVersionedHashes?: readonly string[];
  readonly accessLists?: readonly (readonly FixtureAccess[] | null)[];
  readonly authorizationList?: readonly FixtureAuthorization[];
}

interface FixtureAccess {
  readonly address: string;
  readonly storageKeys: readonly string[];
}

interface FixtureAuthorization {
  readonly chainId: string;
  readonly address: string;
  readonly nonce: string;
  readonly yParity?: string;
  readonly v?: string;
  readonly r: string;
  readonly s: string;
}

export interface Expectation {
  /** State root. */
  readonly hash: string;
  /** keccak256 of the RLP of the logs. */
  readonly logs: string;
  readonly txbytes?: string;
  readonly indexes: { readonly data: number; readonly gas: number; readonly value: number };
  /** Present when the transaction is not valid; alternatives parted by `|`. */
  readonly expectException?: string;
}

/** Fork names of the fixtures; others (Amsterdam, transitions) are not run. */
export const FIXTURE_FORKS: Readonly<Record<string, Fork>> = {
  Frontier: 'frontier',
  Homestead: 'homestead',
  EIP150: 'tangerineWhistle',
  TangerineWhistle: 'tangerineWhistle',
  EIP158: 'spuriousDragon',
  SpuriousDragon: 'spuriousDragon',
  Byzantium: 'byzantium',
  Constantinople: 'constantinople',
  ConstantinopleFix: 'petersburg',
  Petersburg: 'petersburg',
  Istanbul: 'istanbul',
  Berlin: 'berlin',
  London: 'london',
  Paris: 'paris',
  Merge: 'paris',
  Shanghai: 'shanghai',
  Cancun: 'cancun',
  Prague: 'prague',
  Osaka: 'osaka',
};

/** Old fixtures leave the base fee out. */
const DEFAULT_BASE_FEE = '0x0a';

export function readPreState(test: StateTest): MemoryState {
  const state = createMemoryState();
  for (const [key, { nonce, balance, code, storage }] of Object.entries(test.pre)) {
    const address = readBytes(key);
    state.setAccount(address, { nonce: readNumber(nonce), balance: readNumber(balance) });
    const bytes = readBytes(code);
    if (bytes.length > 0) state.setCode(address, bytes);
    for (const [slot, value] of Object.entries(storage)) {
      state.setStorage(address, readWord(slot), readWord(value));
    }
  }
  const number = readNumber(test.env['currentNumber'] ?? '0x01');
  for (let back = 1n; back <= 256n && back <= number; back++) {
    // The rule of the fixtures: a block's hash is that of its number as decimal text.
    const text = new TextEncoder().encode(String(number - back));
    state.setBlockHash(number - back, keccak_256(text));
  }
  return state;
}

export function readBlock(test: StateTest, forkName: string, fork: Fork): BlockEnvironment {
  const { env, config } = test;
  const rules = FORK_RULES[fork];
  const fraction = config?.blobSchedule?.[forkName]?.baseFeeUpdateFraction;
  const blobRules =
    fraction === undefined
      ? rules
      : { ...rules, blobBaseFeeUpdateFraction: Number(readNumber(fraction)) };
  const difficulty = env['currentDifficulty'] ?? '0x00';
  return {
    number: readNumber(env['currentNumber'] ?? '0x01'),
    timestamp: readNumber(env['currentTimestamp'] ?? '0x00'),
    coinbase: readBytes(env['currentCoinbase'] ?? `0x${'00'.repeat(20)}`),
    gasLimit: readNumber(env['currentGasLimit'] ?? '0x00'),
    baseFee: readNumber(env['currentBaseFee'] ?? DEFAULT_BASE_FEE),
    prevRandao: readWord(env['currentRandom'] ?? difficulty),
    difficulty: readNumber(difficulty),
    blobBaseFee: blobBaseFee(blobRules, readNumber(env['currentExcessBlobGas'] ?? '0x00')),
    chainId: readNumber(config?.chainid ?? '0x01'),
  };
}

export function readTransaction(
  fixture: FixtureTransaction,
  indexes: Expectation['indexes'],
  recover?: Recover,
): Transaction {
  const to = readBytes(fixture.to);
  const common = {
    sender: readSender(fixture),
    nonce: readNumber(fixture.nonce),
    gasLimit: readNumber(fixture.gasLimit[indexes.gas] ?? '0x00'),
    to: to.length === 0 ? undefined : to,
    value: readNumber(fixture.value[indexes.value] ?? '0x00'),
    data: readBytes(fixture.data[indexes.data] ?? '0x'),
  };
  const accessList = readAccessList(fixture.accessLists?.[indexes.data] ?? []);
  if (fixture.maxFeePerGas === undefined) {
    const gasPrice = readNumber(fixture.gasPrice ?? '0x00');
    return fixture.accessLists === undefined
      ? { ...common, type: 0, gasPrice }
      : { ...common, type: 1, gasPrice, accessList };
  }
  const market = {
    ...common,
    maxFeePerGas: readNumber(fixture.maxFeePerGas),
    maxPriorityFeePerGas: readNumber(fixture.maxPriorityFeePerGas ?? '0x00'),
    accessList,
  };
  if (fixture.authorizationList !== undefined) {
    const authorizations = fixture.authorizationList.map((each) =>
      readAuthorization(each, recover),
    );
    return { ...market, type: 4, authorizations };
  }
  if (fixture.maxFeePerBlobGas !== undefined) {
    const blobHashes = (fixture.blobVersionedHashes ?? []).map(readBytes);
    return {
      ...market,
      type: 3,
      maxFeePerBlobGas: readNumber(fixture.maxFeePerBlobGas),
      blobHashes,
    };
  }
  return { ...market, type: 2 };
}

function readAuthorization(fixture: FixtureAuthorization, recover?: Recover): Authorization {
  const signed = {
    chainId: readNumber(fixture.chainId),
    address: readBytes(fixture.address),
    nonce: readNumber(fixture.nonce),
    yParity: readNumber(fixture.yParity ?? fixture.v ?? '0x00'),
    r: readNumber(fixture.r),
    s: readNumber(fixture.s),
  };
  const { chainId, address, nonce } = signed;
  return { chainId, address, nonce, authority: recoverAuthority(signed, recover) };
}

function readAccessList(list: readonly FixtureAccess[]): AccessListEntry[] {
  return list.map(({ address, storageKeys }) => ({
    address: readBytes(address),
    slots: storageKeys.map(readWord),
  }));
}

function readSender({ sender, secretKey }: FixtureTransaction): Uint8Array {
  if (sender !== undefined) return readBytes(sender);
  const publicKey = secp256k1.getPublicKey(readWord(secretKey ?? '0x'), false);
  return keccak_256(publicKey.subarray(1)).slice(12);
}

/** Hexadecimal; an odd number of digits counts as if a zero stood before them. */
export function readBytes(text: string): Uint8Array {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  return hexToBytes(digits.length % 2 === 0 ? digits : `0${digits}`);
}

export function readNumber(text: string): bigint {
  return text === '' || text === '0x' ? 0n : BigInt(text);
}

function readWord(text: string): Uint8Array {
  return hexToBytes(readNumber(text).toString(16).padStart(64, '0'));
}
