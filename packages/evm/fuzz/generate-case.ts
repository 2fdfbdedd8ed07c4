/** Whole cases, in the form of published state tests: every tool that reads those reads them. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { FORK_RULES } from '../src/forks.ts';
import { isAtLeast } from '../src/opcodes.ts';
import { fromBigInt } from '../src/precompiles/bytes.ts';
import type { FixtureAccount, FixtureTransaction, StateTest } from '../src/state-test/fixture.ts';
import { encodeList, encodeNumber, encodeString } from '../src/transaction/rlp.ts';
import type { Fork } from '../src/types.ts';
import {
  type CodeContext,
  generateCode,
  generateDriver,
  generateInitCode,
} from './generate-code.ts';
import type { Random } from './random.ts';

/** One state test with one fork and no expectation yet. */
export interface FuzzCase {
  /** The fork's name in fixtures, `Osaka` say. */
  readonly forkName: string;
  readonly test: StateTest;
}

export const FORK_NAMES: Readonly<Record<Fork, string>> = {
  frontier: 'Frontier',
  homestead: 'Homestead',
  tangerineWhistle: 'EIP150',
  spuriousDragon: 'EIP158',
  byzantium: 'Byzantium',
  constantinople: 'Constantinople',
  petersburg: 'ConstantinopleFix',
  istanbul: 'Istanbul',
  berlin: 'Berlin',
  london: 'London',
  paris: 'Paris',
  shanghai: 'Shanghai',
  cancun: 'Cancun',
  prague: 'Prague',
  osaka: 'Osaka',
};

/** The newest fork is the one people will run. */
const FORK_WEIGHTS: Readonly<Record<Fork, number>> = {
  frontier: 2,
  homestead: 2,
  tangerineWhistle: 2,
  spuriousDragon: 2,
  byzantium: 2,
  constantinople: 3,
  petersburg: 2,
  istanbul: 3,
  berlin: 3,
  london: 3,
  paris: 2,
  shanghai: 3,
  cancun: 6,
  prague: 10,
  osaka: 40,
};

const SENDER = 0xa94f_5374_fce5_edbc_8e2a_8697_c153_3167_7e6e_bf0bn;
const COINBASE = 0x2adc_2566_5018_aa1f_e0e6_bc66_6dac_8fc2_697f_f9ban;
const PLAIN_ACCOUNT = 0xee00_0000_0000_0000_0000_0000_0000_0000_0000_0001n;
const MISSING_ACCOUNT = 0xdead_0000_0000_0000_0000_0000_0000_0000_0000_beefn;
const FIRST_CONTRACT = 0x1000n;
/** Keys of accounts that authorize; secret only to those who never read this file. */
const AUTHORITY_KEYS: readonly bigint[] = [0x11n, 0x22n, 0x33n];

const signed = new Map<string, NonNullable<FixtureTransaction['authorizationList']>[number]>();

export function generateCase(random: Random, name: string): FuzzCase {
  const fork = random.weighted(FORK_WEIGHTS);
  const count = random.between(1, 5);
  const contracts = Array.from({ length: count }, (_, index) => FIRST_CONTRACT + BigInt(index));
  const authorities = AUTHORITY_KEYS.map(addressOf);
  const addresses = [...contracts, SENDER, COINBASE, PLAIN_ACCOUNT, MISSING_ACCOUNT];
  if (isAtLeast(fork, 'prague')) addresses.push(...authorities);
  const context: CodeContext = {
    fork,
    addresses,
    precompiles: FORK_RULES[fork].precompiles,
    nesting: 2,
  };
  const pre: Record<string, FixtureAccount> = {
    [hexAddress(SENDER)]: account({ balance: 10n ** 18n, nonce: random.chance(0.9) ? 0n : 1n }),
    [hexAddress(PLAIN_ACCOUNT)]: account({ balance: BigInt(random.below(3)) }),
  };
  for (const address of contracts) {
    const isDriver = address === FIRST_CONTRACT && random.chance(0.6);
    pre[hexAddress(address)] = account({
      balance: BigInt(random.below(50)),
      nonce: random.chance(0.05) ? 2n ** 64n - 1n : BigInt(random.below(2)),
      code: isDriver ? generateDriver(random, context) : generateCode(random, context),
      storage: generateStorage(random),
    });
  }
  if (isAtLeast(fork, 'prague')) addDelegations(random, pre, authorities, contracts);
  const transaction = generateTransaction(random, context, pre[hexAddress(SENDER)]?.nonce ?? '0x0');
  return {
    forkName: FORK_NAMES[fork],
    test: { name, env: environment(random), pre, transaction, post: {} },
  };
}

function generateStorage(random: Random): Record<string, string> {
  const storage: Record<string, string> = {};
  for (let slot = 0; slot < 5; slot++) {
    if (random.chance(0.35)) storage[hex(BigInt(slot))] = hex(BigInt(random.between(1, 3)));
  }
  return storage;
}

function addDelegations(
  random: Random,
  pre: Record<string, FixtureAccount>,
  authorities: readonly bigint[],
  contracts: readonly bigint[],
): void {
  for (const authority of authorities) {
    if (random.chance(0.4)) continue;
    const target = random.chance(0.85)
      ? random.pick(contracts)
      : random.pick([...authorities, 4n, MISSING_ACCOUNT]);
    const code = random.chance(0.7) ? delegation(target) : new Uint8Array(0);
    pre[hexAddress(authority)] = account({ balance: BigInt(random.below(30)), code });
  }
}

function generateTransaction(
  random: Random,
  context: CodeContext,
  nonce: string,
): FixtureTransaction {
  const { fork } = context;
  const rules = FORK_RULES[fork];
  const type = random.chance(0.4) ? 0 : random.between(0, rules.maxTransactionType);
  const isCreation = type < 3 && random.chance(0.12);
  const data = isCreation
    ? generateInitCode(random, context)
    : random.bytes(random.chance(0.7) ? random.below(100) : random.below(1_000));
  const target = random.chance(0.93) ? FIRST_CONTRACT : random.pick(context.addresses);
  const gasLimit = random.chance(0.96)
    ? random.between(80_000, 500_000)
    : random.between(20_000, 60_000);
  const common = {
    nonce: random.chance(0.995) ? nonce : '0x5',
    gasLimit: [hex(BigInt(gasLimit))],
    to: isCreation ? '' : hexAddress(target),
    value: [hex(random.chance(0.6) ? 0n : BigInt(random.below(100)))],
    data: [`0x${Buffer.from(data).toString('hex')}`],
    sender: hexAddress(SENDER),
  };
  if (type === 0) return { ...common, gasPrice: hex(BigInt(random.between(10, 12))) };
  const accessLists = [generateAccessList(random, context)];
  if (type === 1) return { ...common, gasPrice: hex(BigInt(random.between(10, 12))), accessLists };
  const market = {
    ...common,
    maxFeePerGas: hex(BigInt(random.between(10, 30))),
    maxPriorityFeePerGas: hex(BigInt(random.below(11))),
    accessLists,
  };
  if (type === 2) return market;
  if (type === 3) {
    const blobs = random.chance(0.95) ? random.between(1, 3) : random.between(5, 10);
    const blobVersionedHashes = Array.from({ length: blobs }, () => {
      return `0x01${Buffer.from(random.bytes(31)).toString('hex')}`;
    });
    return { ...market, maxFeePerBlobGas: hex(BigInt(random.between(1, 9))), blobVersionedHashes };
  }
  const authorizationList = Array.from({ length: random.between(1, 3) }, () =>
    authorization(random, context),
  );
  return { ...market, authorizationList };
}

function generateAccessList(
  random: Random,
  context: CodeContext,
): { address: string; storageKeys: string[] }[] {
  return Array.from({ length: random.below(4) }, () => ({
    address: hexAddress(random.pick(context.addresses)),
    storageKeys: Array.from({ length: random.below(3) }, () => hexWord(BigInt(random.below(6)))),
  }));
}

/** Signing takes a millisecond, so few different ones are signed and kept. */
function authorization(
  random: Random,
  context: CodeContext,
): NonNullable<FixtureTransaction['authorizationList']>[number] {
  const key = random.pick(AUTHORITY_KEYS);
  const address = random.chance(0.1) ? 0n : random.pick(context.addresses);
  const nonce = BigInt(random.below(2));
  const chainId = random.chance(0.9) ? BigInt(random.below(2)) : 7n;
  const id = [key, address, nonce, chainId].join();
  const found = signed.get(id);
  if (found !== undefined) return found;
  const list = encodeList([
    encodeNumber(chainId),
    encodeString(fromBigInt(address, 20)),
    encodeNumber(nonce),
  ]);
  const hash = keccak_256(Uint8Array.of(5, ...list));
  const options = { prehash: false, format: 'recovered' } as const;
  const signature = secp256k1.sign(hash, fromBigInt(key, 32), options);
  const made = {
    chainId: hex(chainId),
    address: hexAddress(address),
    nonce: hex(nonce),
    yParity: hex(BigInt(signature[0] ?? 0)),
    r: `0x${Buffer.from(signature.subarray(1, 33)).toString('hex')}`,
    s: `0x${Buffer.from(signature.subarray(33)).toString('hex')}`,
  };
  signed.set(id, made);
  return made;
}

function environment(random: Random): Record<string, string> {
  return {
    currentCoinbase: hexAddress(COINBASE),
    currentGasLimit: hex(30_000_000n),
    currentNumber: hex(BigInt(random.pick([1, 2, 300]))),
    currentTimestamp: hex(1_000n),
    currentRandom: hexWord(random.word()),
    currentDifficulty: hex(0n),
    currentBaseFee: hex(BigInt(random.between(7, 10))),
    currentExcessBlobGas: hex(0n),
  };
}

function account(parts: {
  balance?: bigint;
  nonce?: bigint;
  code?: Uint8Array;
  storage?: Record<string, string>;
}): FixtureAccount {
  return {
    nonce: hex(parts.nonce ?? 0n),
    balance: hex(parts.balance ?? 0n),
    code: `0x${Buffer.from(parts.code ?? []).toString('hex')}`,
    storage: parts.storage ?? {},
  };
}

function addressOf(key: bigint): bigint {
  const publicKey = secp256k1.getPublicKey(fromBigInt(key, 32), false);
  return BigInt(`0x${Buffer.from(keccak_256(publicKey.subarray(1)).subarray(12)).toString('hex')}`);
}

function delegation(address: bigint): Uint8Array {
  return Uint8Array.of(0xef, 0x01, 0x00, ...fromBigInt(address, 20));
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function hexWord(value: bigint): string {
  return `0x${value.toString(16).padStart(64, '0')}`;
}

function hexAddress(address: bigint): string {
  return `0x${address.toString(16).padStart(40, '0')}`;
}
