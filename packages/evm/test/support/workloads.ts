/** Blocks made from a seed: transactions that get in each other's way in every manner there is. */
import { FORK_RULES } from '../../src/forks.ts';
import { createMemoryState, type MemoryState } from '../../src/state/memory-state.ts';
import type { Authorization, Transaction } from '../../src/transaction/types.ts';
import type { BlockEnvironment, Fork } from '../../src/types.ts';
import { address, word } from './machine.ts';
import {
  COINBASE_READER,
  COUNTER,
  childOf,
  codesOf,
  DESTRUCTIBLE,
  FACTORY,
  FORWARDER,
  HASHER,
  INIT,
  READER,
  REVERTER,
  SUMMER,
  TOKEN,
  TOUCHER,
} from './parallel-contracts.ts';

/** Numbers from a seed (xorshift32). */
export interface Seeded {
  below(bound: number): number;
}

export function createSeeded(seed: number): Seeded {
  let state = (seed * 2_654_435_761 + 88_675_123) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return { below: (bound) => next() % bound };
}

export const COINBASE: Uint8Array = address(0xc01bba5e);
const SENDERS = 12;
const sender = (number: number): Uint8Array => address(0x5e4d00 + number);
const EMPTY_ONE = address(0xe47);
const POOR = address(0x9009);
const ETHER = 10n ** 18n;

export function createWorld(fork: Fork): MemoryState {
  const state = createMemoryState();
  for (let number = 0; number < SENDERS; number++) {
    state.setAccount(sender(number), { nonce: BigInt(number % 3), balance: 1_000n * ETHER });
  }
  state.setAccount(POOR, { balance: 30_000n });
  // An account that exists and holds nothing: from before EIP-161.
  state.setAccount(EMPTY_ONE, {});
  for (const [account, code] of codesOf(fork)) {
    state.setAccount(account, { nonce: 1n, balance: 5n });
    state.setCode(account, code);
  }
  for (let number = 0; number < SENDERS; number++) {
    state.setStorage(TOKEN, word(BigInt(`0x${hex(sender(number))}`)), word(1_000n));
  }
  return state;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export interface Shape {
  readonly fork: Fork;
  readonly transactions: number;
  /** Of a hundred transactions, those that go for what others go for. */
  readonly conflicts: number;
  readonly isCoinbaseBusy?: boolean;
}

export function environmentOf(number = 1n): BlockEnvironment {
  return {
    number,
    timestamp: 1_000n + number,
    coinbase: COINBASE,
    gasLimit: 2n ** 40n,
    baseFee: 7n,
    prevRandao: word(number),
    difficulty: 17n,
    blobBaseFee: 1n,
    chainId: 1n,
  };
}

/** Nonces that the generator believes in; wrong ones are part of the work. */
export type Nonces = Map<string, bigint>;

export function makeTransactions(seeded: Seeded, shape: Shape, nonces: Nonces): Transaction[] {
  return Array.from({ length: shape.transactions }, () => makeTransaction(seeded, shape, nonces));
}

function makeTransaction(seeded: Seeded, shape: Shape, nonces: Nonces): Transaction {
  const { fork } = shape;
  const rules = FORK_RULES[fork];
  const isHot = seeded.below(100) < shape.conflicts;
  const from = isHot ? sender(seeded.below(3)) : sender(3 + seeded.below(SENDERS - 3));
  const isCoinbase = shape.isCoinbaseBusy === true && seeded.below(12) === 0;
  const whose = isCoinbase ? COINBASE : seeded.below(40) === 0 ? POOR : from;
  const key = hex(whose);
  const first = BigInt(SENDER_NONCES.get(key) ?? 0);
  const nonce = nonces.get(key) ?? first;
  const isWrong = seeded.below(25) === 0;
  if (!isWrong) nonces.set(key, nonce + 1n);
  const what = makeCall(seeded, shape, isHot);
  const common = {
    sender: whose,
    nonce: isWrong ? nonce + BigInt(seeded.below(3)) : nonce,
    gasLimit: 400_000n,
    value: 0n,
    data: new Uint8Array(0),
    ...what,
  };
  const price = seeded.below(6) === 0 ? 7n : 10n;
  if (rules.maxTransactionType >= 4 && seeded.below(8) === 0 && common.to !== undefined) {
    return {
      ...common,
      gasLimit: 400_000n,
      type: 4,
      maxFeePerGas: price + 2n,
      maxPriorityFeePerGas: 2n,
      accessList: [],
      authorizations: [makeAuthorization(seeded, nonces)],
    };
  }
  if (rules.maxTransactionType >= 2 && seeded.below(2) === 0) {
    const accessList =
      seeded.below(4) === 0 ? [{ address: COUNTER, slots: [word(0n), word(1n)] }] : [];
    const gasLimit = accessList.length > 0 ? 400_000n : common.gasLimit;
    const maxFeePerGas = price + 5n;
    return { ...common, type: 2, gasLimit, maxFeePerGas, maxPriorityFeePerGas: 1n, accessList };
  }
  return { ...common, type: 0, gasPrice: price };
}

const SENDER_NONCES: ReadonlyMap<string, number> = new Map(
  Array.from({ length: SENDERS }, (_, number) => [hex(sender(number)), number % 3]),
);

function makeAuthorization(seeded: Seeded, nonces: Nonces): Authorization {
  const authority = seeded.below(2) === 0 ? sender(seeded.below(SENDERS)) : address(0xa0700);
  const key = hex(authority);
  const nonce = nonces.get(key) ?? BigInt(SENDER_NONCES.get(key) ?? 0);
  // Sometimes right, sometimes not: a higher transaction may have taken the number.
  if (seeded.below(3) > 0) nonces.set(key, nonce + 1n);
  const targets = [COUNTER, READER, new Uint8Array(20), TOKEN];
  return {
    chainId: seeded.below(5) === 0 ? 9n : 0n,
    address: targets[seeded.below(targets.length)] as Uint8Array,
    nonce,
    authority: seeded.below(9) === 0 ? undefined : authority,
  };
}

interface Call {
  readonly to: Uint8Array | undefined;
  readonly value?: bigint;
  readonly data?: Uint8Array;
  readonly gasLimit?: bigint;
}

function makeCall(seeded: Seeded, { fork }: Shape, isHot: boolean): Call {
  const cold = seeded.below(1_000_000);
  const someone = (): Uint8Array => {
    const known = [
      COINBASE,
      EMPTY_ONE,
      POOR,
      sender(0),
      sender(1),
      DESTRUCTIBLE,
      COUNTER,
      childOf(fork, 1n),
      childOf(fork, 2n),
      address(1),
      address(4),
      address(0xdead1),
      address(0xa0700),
      READER,
      // A few that are not there at first, so that somebody's touch makes a difference.
      ...Array.from({ length: 8 }, () => address(0x2000000 + seeded.below(64))),
    ];
    return isHot ? (known[seeded.below(known.length)] as Uint8Array) : address(0x1000000 + cold);
  };
  const argument = (account: Uint8Array): Uint8Array =>
    Uint8Array.of(...new Uint8Array(12), ...account);
  const amount = BigInt(seeded.below(3));
  const number = word(BigInt(isHot ? seeded.below(3) : cold));
  switch (seeded.below(16)) {
    case 0:
    case 1:
    case 2:
      return { to: someone(), value: BigInt(seeded.below(4)), gasLimit: 21_000n };
    case 3:
    case 4:
      return {
        to: TOKEN,
        data: Uint8Array.of(...argument(someone()), ...word(BigInt(seeded.below(400)))),
      };
    case 5:
      return { to: COUNTER, data: number };
    case 6:
      return { to: READER, data: argument(someone()) };
    case 7:
      return isHot ? { to: COINBASE_READER } : { to: COUNTER, data: number };
    case 8:
      return { to: FORWARDER, value: amount, data: argument(someone()) };
    case 9:
      return { to: TOUCHER, data: argument(someone()) };
    case 10:
      return { to: FACTORY, value: amount, data: word(1n + BigInt(seeded.below(isHot ? 2 : 99))) };
    case 11: {
      const child = childOf(fork, 1n + BigInt(seeded.below(isHot ? 2 : 99)));
      return { to: child, value: amount, data: new Uint8Array(seeded.below(3) === 0 ? 1 : 0) };
    }
    case 12:
      return { to: HASHER, data: argument(someone()) };
    case 13:
      return seeded.below(3) === 0 && isHot
        ? { to: DESTRUCTIBLE, data: argument(someone()), value: amount }
        : { to: undefined, data: INIT, value: amount };
    case 14:
      return { to: REVERTER, data: argument(someone()) };
    default:
      return { to: isHot ? SUMMER : COUNTER, data: number };
  }
}

/**
 * Blocks in which two transactions depend on each other in one way only: by whether an account
 * exists or is empty, and over blocks, by a contract that comes and goes.
 */
export function makeDirected(fork: Fork, seed: number): Transaction[][] {
  const fresh = address(0x3000000 + seed);
  const argument = Uint8Array.of(...new Uint8Array(12), ...fresh);
  const nonces = new Map<number, bigint>();
  const call = (from: number, fields: Partial<Transaction>): Transaction => {
    const nonce = nonces.get(from) ?? BigInt(from % 3);
    nonces.set(from, nonce + 1n);
    const data = new Uint8Array(0);
    const common = { sender: sender(from), nonce, gasLimit: 400_000n, value: 0n, data, to: fresh };
    return { ...common, type: 0, gasPrice: 10n, ...fields } as Transaction;
  };
  const child = childOf(fork, 1n);
  const one = Uint8Array.of(1);
  return [
    [call(0, { value: 1n }), call(1, { to: TOUCHER, data: argument })],
    [call(0, { to: FACTORY, data: word(1n) }), call(1, { to: child })],
    [call(0, { to: child }), call(1, { to: child })],
    [call(0, { to: child, data: one })],
    [call(0, { to: FACTORY, data: word(1n) })],
    [call(0, { to: child })],
    // The hash of an account's code is another when it is empty.
    [
      call(2, { to: address(0x4000000 + seed), value: 1n }),
      call(3, { to: HASHER, data: word(0x4000000n + BigInt(seed)) }),
    ],
  ];
}
