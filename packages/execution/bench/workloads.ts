/**
 * Blocks of made transactions with a known rate of conflict, for tests that compare schedules and
 * for benches. A workload is a state to begin with and the transactions of one block, all of which
 * succeed. The same options give the same workload.
 *
 * @example
 * const workload = createWorkload({ kind: 'token', transactions: 1_000, accounts: 100 });
 * state.apply(workload.genesis);
 * await executor.execute({ ...workload, state, ... });
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account, AccountChange, BlockEnvironment, Transaction } from '@basalt/evm';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { seededUniform } from '../../../tools/testing/random.ts';

/**
 * `ether`: plain transfers; `token`: ERC-20 transfers; `swap`: Uniswap v2 swaps through a router;
 * `mixed`: a third of each.
 */
export type WorkloadKind = 'ether' | 'token' | 'swap' | 'mixed';

export interface WorkloadOptions {
  readonly kind: WorkloadKind;
  readonly transactions: number;
  /**
   * Sender and receiver are drawn from so many accounts, at least 2. Where absent every transaction
   * has a sender and a receiver of its own, so that none conflict.
   */
  readonly accounts?: number;
  /**
   * Of transactions with senders of their own, this share (0 to 100) goes to one receiver; of swaps
   * into one pair.
   */
  readonly conflictPercent?: number;
  /** Of swaps; where absent every sender has a pair of its own. */
  readonly pairs?: number;
  /** Code of the pairs; by default `contracts/Pair.sol`, which has the layout of the original. */
  readonly pairCode?: Uint8Array;
  readonly seed?: number;
  /** Address of sender number n; for a bench that has the keys. Made up where absent. */
  readonly senderAddress?: (index: number) => Uint8Array;
}

export interface Workload {
  readonly name: string;
  readonly fork: 'osaka';
  /** State before the block, over nothing. */
  readonly genesis: readonly AccountChange[];
  readonly transactions: readonly Transaction[];
  readonly environment: BlockEnvironment;
  /** How many accounts send, numbered from 0 as `senderAddress` gets them. */
  readonly senders: number;
  /** Of each transaction the number of its sender. */
  readonly senderOf: readonly number[];
}

export const WORKLOAD_CHAIN_ID = 31_337n;
const BASE_FEE = 7n;
const ETHER = 10n ** 18n;
const COINBASE = new Uint8Array(20).fill(0xcb);
const TOKEN = addressOf('token', 0);
const ROUTER = addressOf('router', 0);
/** What every sender has of Ether and tokens: more than all its transactions take. */
const RICHES = 1_000_000n * ETHER;
const RESERVE = 1_000_000n * ETHER;
/** keccak256 of the signatures, first four bytes. */
const TRANSFER = 'a9059cbb';
const SWAP_EXACT = selector('swapExact(address,address,uint256,uint256)');
/** More than any takes; a block of 10,000 still fits. */
const GAS: Readonly<Record<'ether' | 'token' | 'swap', bigint>> = {
  ether: 21_000n,
  token: 70_000n,
  swap: 200_000n,
};

/** Deployed code of a contract of `contracts/`. */
export function contractCode(name: 'Token' | 'Pair' | 'Router'): Uint8Array {
  const file = join(import.meta.dirname, 'contracts', `${name}.hex`);
  return fromHex(readFileSync(file, 'utf8').trim());
}

/** A new workload from its options. */
export function createWorkload(options: WorkloadOptions): Workload {
  const { transactions: count, seed = 1 } = options;
  const state = new GenesisState();
  state.account(TOKEN, { code: contractCode('Token') });
  state.account(ROUTER, { code: contractCode('Router') });
  const plan = planTransactions(options, seededUniform(seed));
  const senderAddress = options.senderAddress ?? ((index) => addressOf('sender', index));
  const senders = plan.reduce((most, { sender }) => Math.max(most, sender + 1), 0);
  for (let index = 0; index < senders; index++) fund(state, senderAddress(index));
  const pairs = createPairs(state, options, plan);
  const nonces = new Map<number, bigint>();
  const receiver = (index: number): Uint8Array =>
    index < 0 ? addressOf('receiver', -index) : senderAddress(index);
  const transactions = plan.map((step): Transaction => {
    const nonce = nonces.get(step.sender) ?? 0n;
    nonces.set(step.sender, nonce + 1n);
    const call = callOf(step, receiver(step.receiver), pairs);
    if (step.kind === 'swap') approveRouter(state, call.tokenIn, senderAddress(step.sender));
    return {
      type: 2,
      sender: senderAddress(step.sender),
      nonce,
      gasLimit: GAS[step.kind],
      to: call.to,
      value: call.value,
      data: call.data,
      maxFeePerGas: 10n * 10n ** 9n,
      maxPriorityFeePerGas: 10n ** 9n,
      accessList: [],
    };
  });
  return {
    name: describe(options),
    fork: 'osaka',
    genesis: state.changes(),
    transactions,
    environment: blockEnvironment(count),
    senders,
    senderOf: plan.map(({ sender }) => sender),
  };
}

interface Step {
  readonly kind: 'ether' | 'token' | 'swap';
  readonly sender: number;
  /** Number of a sender; negative: an account that only receives. */
  readonly receiver: number;
  readonly pair: number;
}

function planTransactions(options: WorkloadOptions, random: () => number): Step[] {
  const { transactions, accounts, conflictPercent = 0, pairs } = options;
  return Array.from({ length: transactions }, (_, index): Step => {
    const kind = kindAt(options.kind, index);
    const isHot = random() * 100 < conflictPercent;
    if (accounts === undefined) {
      const pair = isHot ? 0 : pairs === undefined ? index + 1 : index % pairs;
      return { kind, sender: index, receiver: isHot ? -1 : -(index + 2), pair };
    }
    const sender = Math.floor(random() * accounts);
    const step = 1 + Math.floor(random() * (accounts - 1));
    const pair = isHot ? 0 : pairs === undefined ? sender : index % pairs;
    return { kind, sender, receiver: (sender + step) % accounts, pair };
  });
}

function kindAt(kind: WorkloadKind, index: number): Step['kind'] {
  if (kind !== 'mixed') return kind;
  return (['ether', 'token', 'swap'] as const)[index % 3] ?? 'ether';
}

function describe(options: WorkloadOptions): string {
  const { kind, accounts, conflictPercent, pairs } = options;
  const words: string[] = [kind];
  if (accounts !== undefined) words.push(`${accounts} accounts`);
  if (pairs !== undefined) words.push(pairs === 1 ? 'one pair' : `${pairs} pairs`);
  if (conflictPercent !== undefined) words.push(`${conflictPercent} % conflict`);
  return words.length === 1 ? `${kind}, disjoint` : words.join(', ');
}

/** The block: gas for every transaction's limit. */
function blockEnvironment(transactions: number): BlockEnvironment {
  return {
    number: 1n,
    timestamp: 1_700_000_000n,
    coinbase: COINBASE,
    gasLimit: BigInt(transactions) * GAS.swap,
    baseFee: BASE_FEE,
    prevRandao: keccak_256(new Uint8Array(0)),
    difficulty: 0n,
    blobBaseFee: 1n,
    chainId: WORKLOAD_CHAIN_ID,
  };
}

interface PairPlace {
  readonly address: Uint8Array;
  readonly token0: Uint8Array;
}

function createPairs(
  state: GenesisState,
  options: WorkloadOptions,
  plan: readonly Step[],
): ReadonlyMap<number, PairPlace> {
  const pairs = new Map<number, PairPlace>();
  const code = options.pairCode ?? contractCode('Pair');
  for (const { kind, pair } of plan) {
    if (kind !== 'swap' || pairs.has(pair)) continue;
    const address = addressOf('pair', pair);
    const token0 = addressOf('token0', pair);
    const token1 = addressOf('token1', pair);
    for (const token of [token0, token1]) {
      state.account(token, { code: contractCode('Token') });
      state.storage(token, mappingSlot(address, 0n), RESERVE);
    }
    state.account(address, { code });
    state.storage(address, word(6n), bytesToBigInt(token0));
    state.storage(address, word(7n), bytesToBigInt(token1));
    // Both reserves and the second they were last changed in, packed.
    state.storage(address, word(8n), (1_699_999_000n << 224n) | (RESERVE << 112n) | RESERVE);
    state.storage(address, word(12n), 1n);
    pairs.set(pair, { address, token0 });
  }
  return pairs;
}

interface CallFields {
  readonly to: Uint8Array;
  readonly value: bigint;
  readonly data: Uint8Array;
  /** Of a swap. */
  readonly tokenIn: Uint8Array;
}

function callOf(
  step: Step,
  receiver: Uint8Array,
  pairs: ReadonlyMap<number, PairPlace>,
): CallFields {
  if (step.kind === 'ether') {
    return { to: receiver, value: 1n, data: new Uint8Array(0), tokenIn: TOKEN };
  }
  if (step.kind === 'token') {
    const data = callData(TRANSFER, [bytesToBigInt(receiver), 1n]);
    return { to: TOKEN, value: 0n, data, tokenIn: TOKEN };
  }
  const pair = pairs.get(step.pair);
  if (pair === undefined) throw new Error(`no pair ${step.pair}`);
  const words = [bytesToBigInt(pair.address), bytesToBigInt(pair.token0), ETHER, 1n];
  const data = callData(SWAP_EXACT, words);
  return { to: ROUTER, value: 0n, data, tokenIn: pair.token0 };
}

/** Ether and tokens. */
function fund(state: GenesisState, address: Uint8Array): void {
  state.account(address, { balance: RICHES });
  state.storage(TOKEN, mappingSlot(address, 0n), RICHES);
}

/** The sender has tokens and lets the router take them. */
function approveRouter(state: GenesisState, token: Uint8Array, owner: Uint8Array): void {
  state.storage(token, mappingSlot(owner, 0n), RICHES);
  const allowances = keccak_256(concat([pad(owner), word(1n)]));
  const slot = keccak_256(concat([pad(ROUTER), allowances]));
  state.storage(token, slot, 2n ** 256n - 1n);
}

class GenesisState {
  readonly #accounts = new Map<
    string,
    { address: Uint8Array; account: Account; code: Uint8Array; storage: Map<string, Uint8Array> }
  >();

  account(
    address: Uint8Array,
    { balance = 0n, code = new Uint8Array(0) }: { balance?: bigint; code?: Uint8Array },
  ): void {
    const nonce = code.length > 0 ? 1n : 0n;
    const account = { nonce, balance, codeHash: keccak_256(code) };
    this.#accounts.set(toHex(address), { address, account, code, storage: new Map() });
  }

  storage(address: Uint8Array, slot: Uint8Array, value: bigint): void {
    this.#accounts.get(toHex(address))?.storage.set(toHex(slot), word(value));
  }

  changes(): AccountChange[] {
    return [...this.#accounts.values()].map(({ address, account, code, storage }) => ({
      address,
      account,
      ...(code.length === 0 ? {} : { code }),
      storageCleared: false,
      storage: [...storage].map(([slot, value]) => ({ slot: fromHex(slot), value })),
    }));
  }
}

function addressOf(role: string, index: number): Uint8Array {
  return keccak_256(new TextEncoder().encode(`${role} ${index}`)).slice(12);
}

function mappingSlot(key: Uint8Array, slot: bigint): Uint8Array {
  return keccak_256(concat([pad(key), word(slot)]));
}

function selector(signature: string): string {
  return toHex(keccak_256(new TextEncoder().encode(signature))).slice(0, 8);
}

function callData(name: string, words: readonly bigint[]): Uint8Array {
  return concat([fromHex(name), ...words.map(word)]);
}

function pad(address: Uint8Array): Uint8Array {
  return concat([new Uint8Array(32 - address.length), address]);
}

function word(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'));
}

function bytesToBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
