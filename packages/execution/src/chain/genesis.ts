import { type AccountChange, EMPTY_CODE_HASH, type Fork, isAtLeast, keccak256 } from '@basalt/evm';
import { headerHash } from '../block/header.ts';
import { BLOOM_BYTES, EXTRA_DATA_BYTES_MAX } from '../block/limits.ts';
import { EMPTY_OMMERS_HASH } from '../block/roots.ts';
import type { BlockHeader } from '../block/types.ts';
import type { WorldState } from '../state/types.ts';
import { EMPTY_TRIE_ROOT } from '../trie/ordered-trie.ts';
import { type ForkSchedule, parseForkSchedule } from './fork-schedule.ts';
import {
  type Fields,
  readAddress,
  readBytes,
  readFields,
  readQuantity,
  readWord,
  refuseGenesis,
  toQuantity,
} from './genesis-fields.ts';
import { ALLOCATION_MAX, BASE_FEE_FIRST } from './limits.ts';
import { EMPTY_REQUESTS_HASH } from './requests.ts';
import type { Genesis } from './types.ts';

/** Genesis with a schedule that a chain can be run by. */
export interface ParsedGenesis extends Genesis {
  readonly config: ForkSchedule;
}

/** What a genesis document says, before its state has a root. */
export interface GenesisPlan {
  readonly config: ForkSchedule;
  readonly changes: readonly AccountChange[];
  /** Its header without the state root. */
  readonly fields: Omit<BlockHeader, 'stateRoot'>;
  readonly source: unknown;
}

/** What geth gives a genesis without the fields. */
const GAS_LIMIT_DEFAULT = 4_712_388n;
const DIFFICULTY_DEFAULT = 131_072n;

/** Of the header's fields that count something. */
const COUNTER_MAX = 2n ** 64n - 1n;

/**
 * Reads a genesis document in the form of geth: `config`, the header's fields and `alloc`.
 *
 * @param document the parsed JSON, or its text, in which large numbers keep their digits
 * @throws ExecutionError `invalid-genesis` naming the field
 */
export function readGenesis(document: unknown): GenesisPlan {
  const source = typeof document === 'string' ? parseText(document) : document;
  const fields = readFields(source, 'document');
  if (fields['config'] === undefined) throw refuseGenesis('config', 'missing');
  const config = parseForkSchedule(fields['config']);
  return { config, changes: readAlloc(fields['alloc']), fields: headerOf(fields, config), source };
}

/** Puts the root of its state into a genesis. */
export function completeGenesis(plan: GenesisPlan, stateRoot: Uint8Array): ParsedGenesis {
  const { config, changes, fields, source } = plan;
  const header: BlockHeader = { ...fields, stateRoot };
  return { config, header, hash: headerHash(header), changes, source };
}

/**
 * Reads a genesis document and works out its state root on an empty state, which stays empty.
 *
 * @throws ExecutionError `invalid-genesis`
 */
export function parseGenesis(document: unknown, empty: Pick<WorldState, 'stage'>): ParsedGenesis {
  const plan = readGenesis(document);
  return completeGenesis(plan, empty.stage(plan.changes).root);
}

/** Integers that a double can not hold stay text: total difficulties are larger. */
function parseText(text: string): unknown {
  const reviver = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const isInexact = typeof value === 'number' && !Number.isSafeInteger(value);
    return isInexact && context?.source !== undefined ? context.source : value;
  };
  try {
    return JSON.parse(text, reviver);
  } catch (error) {
    throw refuseGenesis('document', `not JSON: ${(error as Error).message}`);
  }
}

function headerOf(fields: Fields, config: ForkSchedule): GenesisPlan['fields'] {
  const quantity = (key: string): bigint | undefined => readQuantity(fields, key, 'document');
  const counter = (key: string): bigint | undefined => {
    const value = quantity(key);
    if (value !== undefined && value > COUNTER_MAX) {
      throw refuseGenesis(key, `${value}, at most ${COUNTER_MAX}: it has 8 bytes`);
    }
    return value;
  };
  const number = counter('number') ?? 0n;
  if (number !== 0n) throw refuseGenesis('number', `${number}, a chain begins at 0`);
  const timestamp = counter('timestamp') ?? 0n;
  const { fork } = config.forkAt(number, timestamp);
  const has = (other: Fork): boolean => isAtLeast(fork, other);
  const extraData = readBytes(fields['extraData'] ?? '0x', 'extraData');
  if (extraData.length > EXTRA_DATA_BYTES_MAX) {
    throw refuseGenesis('extraData', `${extraData.length} bytes, at most ${EXTRA_DATA_BYTES_MAX}`);
  }
  const difficulty = config.isProofOfStake(0n, timestamp) ? 0n : DIFFICULTY_DEFAULT;
  return {
    parentHash: readWord(fields['parentHash'] ?? '0x', 32, 'parentHash'),
    ommersHash: EMPTY_OMMERS_HASH,
    coinbase: readWord(fields['coinbase'] ?? '0x', 20, 'coinbase'),
    transactionsRoot: EMPTY_TRIE_ROOT,
    receiptsRoot: EMPTY_TRIE_ROOT,
    logsBloom: new Uint8Array(BLOOM_BYTES),
    difficulty: quantity('difficulty') ?? difficulty,
    number,
    gasLimit: counter('gasLimit') ?? GAS_LIMIT_DEFAULT,
    gasUsed: counter('gasUsed') ?? 0n,
    timestamp,
    extraData,
    mixHash: readWord(fields['mixHash'] ?? '0x', 32, 'mixHash'),
    nonce: readWord(fields['nonce'] ?? '0x', 8, 'nonce'),
    baseFee: has('london') ? (quantity('baseFeePerGas') ?? BASE_FEE_FIRST) : undefined,
    withdrawalsRoot: has('shanghai') ? EMPTY_TRIE_ROOT : undefined,
    blobGasUsed: has('cancun') ? (counter('blobGasUsed') ?? 0n) : undefined,
    excessBlobGas: has('cancun') ? (counter('excessBlobGas') ?? 0n) : undefined,
    parentBeaconBlockRoot: has('cancun')
      ? readWord(fields['parentBeaconBlockRoot'] ?? '0x', 32, 'parentBeaconBlockRoot')
      : undefined,
    requestsHash: has('prague') ? EMPTY_REQUESTS_HASH : undefined,
  };
}

function readAlloc(alloc: unknown): AccountChange[] {
  const accounts = readFields(alloc ?? {}, 'alloc');
  let total = 0n;
  return Object.entries(accounts).map(([key, value]) => {
    const place = `alloc.${key}`;
    const fields = readFields(value, place);
    const address = readAddress(key, place);
    const code = readBytes(fields['code'] ?? '0x', `${place}.code`);
    const account = {
      nonce: toQuantity(fields['nonce'] ?? 0, `${place}.nonce`),
      balance: toQuantity(fields['balance'] ?? 0, `${place}.balance`),
      codeHash: code.length === 0 ? EMPTY_CODE_HASH : keccak256(code),
    };
    total += account.balance;
    if (total > ALLOCATION_MAX) {
      throw refuseGenesis(place, `balances of ${total} wei together, at most ${ALLOCATION_MAX}`);
    }
    if (account.nonce > COUNTER_MAX) {
      throw refuseGenesis(`${place}.nonce`, `${account.nonce}, at most ${COUNTER_MAX}`);
    }
    const storage = Object.entries(readFields(fields['storage'] ?? {}, `${place}.storage`));
    return {
      address,
      account,
      ...(code.length === 0 ? {} : { code }),
      storageCleared: false,
      storage: storage.map(([slot, word]) => ({
        slot: readWord(slot, 32, `${place}.storage`),
        value: readWord(word, 32, `${place}.storage.${slot}`),
      })),
    };
  });
}
