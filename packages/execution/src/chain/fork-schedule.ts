import { type Fork, isAtLeast } from '@basalt/evm';
import {
  type Fields,
  readAddress,
  readFields,
  readQuantity,
  refuseGenesis,
} from './genesis-fields.ts';
import type { BlobParameters, ChainConfig, ForkAt } from './types.ts';

/** Chain rules with what only headers before Paris ask for. */
export interface ForkSchedule extends ChainConfig {
  /** Blocks by which the difficulty bomb is late at this block; 0 before Byzantium. */
  bombDelay(number: bigint): bigint;
  /** Total difficulty at which proof of work ends (EIP-3675); undefined: never. */
  readonly terminalTotalDifficulty: bigint | undefined;
  /** First block of proof of stake, once it is known. */
  readonly mergeBlock: bigint | undefined;
  /** The chain found, or undid, its first block of proof of stake. */
  setMergeBlock(number: bigint | undefined): void;
}

/** Names in a genesis document, in order; each fork begins no earlier than the one before. */
const FORKS_BY_NUMBER: readonly (readonly [key: string, fork: Fork])[] = [
  ['homesteadBlock', 'homestead'],
  ['eip150Block', 'tangerineWhistle'],
  ['eip158Block', 'spuriousDragon'],
  ['byzantiumBlock', 'byzantium'],
  ['constantinopleBlock', 'constantinople'],
  ['petersburgBlock', 'petersburg'],
  ['istanbulBlock', 'istanbul'],
  ['berlinBlock', 'berlin'],
  ['londonBlock', 'london'],
];

const FORKS_BY_TIME: readonly (readonly [key: string, fork: Fork])[] = [
  ['shanghaiTime', 'shanghai'],
  ['cancunTime', 'cancun'],
  ['pragueTime', 'prague'],
  ['osakaTime', 'osaka'],
];

/** EIP-649, 1234, 2384, 3554, 4345, 5133: delays of the bomb, in order of their blocks. */
const BOMBS: readonly (readonly [key: string, delay: bigint])[] = [
  ['byzantiumBlock', 3_000_000n],
  ['constantinopleBlock', 5_000_000n],
  ['muirGlacierBlock', 9_000_000n],
  ['londonBlock', 9_700_000n],
  ['arrowGlacierBlock', 10_700_000n],
  ['grayGlacierBlock', 11_400_000n],
];

/** EIP-7892: forks that change nothing but blobs. */
const BLOB_ONLY_FORKS = ['bpo1', 'bpo2', 'bpo3', 'bpo4', 'bpo5'] as const;

/** Where a document says nothing of blobs (EIP-4844, 7691; Osaka keeps those of Prague). */
const BLOBS_DEFAULT: Readonly<Record<string, BlobParameters>> = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477n },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n },
  osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n },
};

/** Rules that this engine does not have: a chain that asks for them must not be run. */
const UNKNOWN_RULES = ['amsterdamTime', 'verkleTime', 'clique', 'eip7594Time'] as const;

/** Mainnet's deposit contract, where a document names none. */
const DEPOSIT_CONTRACT = '0x00000000219ab540356cbb839cbe05303d7705fa';

/** A kzg blob schedule of more than this in one block would not fit into the engine's tables. */
const BLOBS_MAX = 128;

interface Activation<Value> {
  readonly at: bigint;
  readonly value: Value;
}

/**
 * Reads the `config` of a genesis document in the form of geth: forks by block number up to London,
 * Paris by total difficulty or `mergeNetsplitBlock`, later ones by timestamp, blobs by
 * `blobSchedule` (EIP-7840, EIP-7892).
 *
 * @throws ExecutionError `invalid-genesis` for what is missing, out of order or not known
 */
export function parseForkSchedule(config: unknown): ForkSchedule {
  const fields = readFields(config, 'config');
  for (const key of UNKNOWN_RULES) {
    if (fields[key] !== undefined && fields[key] !== null) {
      throw refuseGenesis(`config.${key}`, 'rules that are not known here');
    }
  }
  if (fields['daoForkSupport'] === true && fields['daoForkBlock'] !== undefined) {
    throw refuseGenesis('config.daoForkBlock', 'the DAO fork moves balances by a list of its own');
  }
  return new Schedule(fields);
}

class Schedule implements ForkSchedule {
  readonly chainId: bigint;
  readonly depositContract: Uint8Array;
  readonly terminalTotalDifficulty: bigint | undefined;
  readonly #byNumber: readonly Activation<Fork>[];
  readonly #byTime: readonly Activation<Fork>[];
  readonly #bombs: readonly Activation<bigint>[];
  readonly #blobs: readonly Activation<BlobParameters>[];
  #mergeBlock: bigint | undefined;

  constructor(fields: Fields) {
    this.chainId = readQuantity(fields, 'chainId', 'config') ?? 1n;
    this.depositContract = readAddress(
      fields['depositContractAddress'] ?? DEPOSIT_CONTRACT,
      'config.depositContractAddress',
    );
    this.#byNumber = activations(fields, FORKS_BY_NUMBER);
    this.#byTime = activations(fields, FORKS_BY_TIME);
    this.#bombs = activations(fields, BOMBS);
    this.#blobs = blobActivations(fields);
    const total = readQuantity(fields, 'terminalTotalDifficulty', 'config');
    const isPassed = fields['terminalTotalDifficultyPassed'] === true;
    this.terminalTotalDifficulty = total ?? (isPassed ? 0n : undefined);
    // Total difficulty decides (EIP-3675); some networks have their netsplit block later.
    if (total === 0n || (total === undefined && isPassed)) this.#mergeBlock = 0n;
    else if (total === undefined) {
      this.#mergeBlock = readQuantity(fields, 'mergeNetsplitBlock', 'config');
    }
    if (this.#byTime.length > 0 && this.terminalTotalDifficulty === undefined) {
      if (this.#mergeBlock === undefined) {
        throw refuseGenesis('config.terminalTotalDifficulty', 'missing, later forks need it');
      }
    }
  }

  get mergeBlock(): bigint | undefined {
    return this.#mergeBlock;
  }

  setMergeBlock(number: bigint | undefined): void {
    if (this.terminalTotalDifficulty === 0n || this.terminalTotalDifficulty === undefined) return;
    this.#mergeBlock = number;
  }

  isProofOfStake(number: bigint): boolean {
    return this.#mergeBlock !== undefined && number >= this.#mergeBlock;
  }

  forkAt(number: bigint, timestamp: bigint): ForkAt {
    if (!this.isProofOfStake(number)) {
      return { fork: last(this.#byNumber, number) ?? 'frontier', blobs: undefined };
    }
    const fork = last(this.#byTime, timestamp) ?? 'paris';
    const hasBlobs = isAtLeast(fork, 'cancun');
    return { fork, blobs: hasBlobs ? last(this.#blobs, timestamp) : undefined };
  }

  bombDelay(number: bigint): bigint {
    return last(this.#bombs, number) ?? 0n;
  }
}

function activations<Value>(
  fields: Fields,
  names: readonly (readonly [key: string, value: Value])[],
): Activation<Value>[] {
  const found: Activation<Value>[] = [];
  let before = 0n;
  for (const [key, value] of names) {
    const at = readQuantity(fields, key, 'config');
    if (at === undefined) continue;
    if (at < before) throw refuseGenesis(`config.${key}`, `${at}, the fork before is at ${before}`);
    before = at;
    found.push({ at, value });
  }
  return found;
}

/** In order of time; a fork without an entry keeps what held before. */
function blobActivations(fields: Fields): Activation<BlobParameters>[] {
  const schedule = fields['blobSchedule'];
  const given = schedule === undefined ? {} : readFields(schedule, 'config.blobSchedule');
  const found: Activation<BlobParameters>[] = [];
  for (const name of ['cancun', 'prague', 'osaka', ...BLOB_ONLY_FORKS]) {
    const at = readQuantity(fields, `${name}Time`, 'config');
    if (at === undefined) continue;
    const entry = given[name];
    const value = entry === undefined ? BLOBS_DEFAULT[name] : blobParameters(entry, name);
    if (value === undefined) throw refuseGenesis(`config.blobSchedule.${name}`, 'missing');
    const before = found.at(-1);
    if (before !== undefined && at < before.at) {
      throw refuseGenesis(`config.${name}Time`, `${at}, the fork before is at ${before.at}`);
    }
    found.push({ at, value });
  }
  return found;
}

function blobParameters(entry: unknown, name: string): BlobParameters {
  const place = `config.blobSchedule.${name}`;
  const fields = readFields(entry, place);
  const read = (key: string): bigint => {
    const value = readQuantity(fields, key, place);
    if (value === undefined) throw refuseGenesis(`${place}.${key}`, 'missing');
    return value;
  };
  const target = read('target');
  const max = read('max');
  const baseFeeUpdateFraction = read('baseFeeUpdateFraction');
  if (max < target || max > BLOBS_MAX || max === 0n) {
    throw refuseGenesis(`${place}.max`, `${max}, with a target of ${target}`);
  }
  if (baseFeeUpdateFraction === 0n) {
    throw refuseGenesis(`${place}.baseFeeUpdateFraction`, '0 divides nothing');
  }
  return { target: Number(target), max: Number(max), baseFeeUpdateFraction };
}

function last<Value>(activations: readonly Activation<Value>[], at: bigint): Value | undefined {
  let value: Value | undefined;
  for (const activation of activations) if (activation.at <= at) value = activation.value;
  return value;
}
