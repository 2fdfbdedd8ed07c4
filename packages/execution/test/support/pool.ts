import { type Account, EMPTY_CODE_HASH, type Fork, keccak256 } from '@basalt/evm';
import {
  createPool,
  type PoolComponents,
  type PoolOptions,
  type TransactionPool,
} from '../../src/pool/create-pool.ts';
import type { PoolChain, PoolHead } from '../../src/pool/pool-chain.ts';
import type { PoolEvent } from '../../src/pool/types.ts';
import { keyOf as mapKey } from '../../src/state/byte-key.ts';
import { withSender } from '../../src/transaction/recover.ts';
import type { Recoverer } from '../../src/transaction/recoverer-shell.ts';
import { signTransaction } from '../../src/transaction/sign.ts';
import type {
  RecoveredTransaction,
  SignedTransaction,
  TransactionFields,
} from '../../src/transaction/types.ts';
import { sign, transfer } from './transactions.ts';

export const POOL_CHAIN_ID = 1337n;
export const ETHER: bigint = 10n ** 18n;
export const GWEI: bigint = 10n ** 9n;

/** A head that tests move by hand. */
export class FakeChain implements PoolChain {
  readonly chainId: bigint = POOL_CHAIN_ID;
  readonly accounts: Map<string, Account> = new Map();
  readonly codes: Map<string, Uint8Array> = new Map();
  number = 1n;
  fork: Fork = 'osaka';
  baseFee = 0n;
  gasLimit = 30_000_000n;
  blobsMax = 9;

  next(): PoolHead {
    const { accounts, codes, number, fork, baseFee, gasLimit, blobsMax } = this;
    return {
      number,
      fork,
      baseFee,
      gasLimit,
      blobsMax,
      state: {
        readAccount: (address) => accounts.get(mapKey(address)),
        readCode: (hash) => codes.get(mapKey(hash)) ?? new Uint8Array(0),
      },
    };
  }

  set(address: Uint8Array, changes: Partial<Account>): void {
    const key = mapKey(address);
    const before = this.accounts.get(key) ?? { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
    this.accounts.set(key, { ...before, ...changes });
  }

  setCode(address: Uint8Array, code: Uint8Array): void {
    const codeHash = keccak256(code);
    this.codes.set(mapKey(codeHash), code);
    this.set(address, { codeHash });
  }
}

/**
 * Takes the sender from r, so that tests of thousands of senders make no signatures. Everything
 * else of a recoverer is tested with the real one.
 */
export const pretendingRecoverer: Recoverer = {
  threads: 0,
  recover: async (batch) => batch.map((signed) => withSender(signed, senderIn(signed), [])),
  stats: () => ({ recovered: 0, cacheHits: 0, queued: 0 }),
  close: async () => {},
};

/** A transaction whose sender stands in place of its signature. */
export function pretend(fields: TransactionFields, sender: Uint8Array): SignedTransaction {
  let r = 0n;
  for (const byte of sender) r = (r << 8n) | BigInt(byte);
  return signTransaction(fields, POOL_CHAIN_ID, new Uint8Array(32), () => ({
    yParity: 0,
    r,
    s: 1n,
  }));
}

function senderIn({ signature }: SignedTransaction): Uint8Array {
  return Uint8Array.from(Buffer.from(signature.r.toString(16).padStart(40, '0'), 'hex'));
}

export function addressAt(index: number): Uint8Array {
  const address = new Uint8Array(20).fill(0xaa);
  new DataView(address.buffer).setUint32(16, index);
  return address;
}

export function signed(fields: TransactionFields, privateKey: Uint8Array): SignedTransaction {
  return signTransaction(fields, POOL_CHAIN_ID, privateKey, sign);
}

export interface TestPool {
  readonly chain: FakeChain;
  readonly clock: { now: number; nowMs(): number };
  readonly pool: TransactionPool;
  readonly events: PoolEvent[];
}

/** A pool over a fake chain, with pretended senders unless a test brings a recoverer. */
export async function testPool(
  components: Partial<PoolComponents> = {},
  options: PoolOptions = {},
): Promise<TestPool> {
  const chain = new FakeChain();
  const clock = { now: 1_000_000, nowMs: () => clock.now };
  const pool = await createPool(
    { chain, clock, recoverer: pretendingRecoverer, ...components },
    options,
  );
  const events: PoolEvent[] = [];
  pool.subscribe((event) => events.push(event));
  return { chain, clock, pool, events };
}

/** What the pool offers for a block. */
export function offered(
  pool: TransactionPool,
  baseFee = 0n,
  gas = 30_000_000n,
): readonly RecoveredTransaction[] {
  return pool.best({ baseFee, blobBaseFee: 1n, gas });
}

export const ALICE: Uint8Array = addressAt(1);
export const BOB: Uint8Array = addressAt(2);

export interface FundedPool extends TestPool {
  readonly add: (
    sender: Uint8Array,
    changes?: Parameters<typeof transfer>[0],
  ) => Promise<RecoveredTransaction>;
  /** Nonces of what the pool offers, in order. */
  readonly nonces: () => number[];
}

/** {@link testPool} where these accounts have so much. */
export async function pooled(
  ...balances: readonly (readonly [Uint8Array, bigint])[]
): Promise<FundedPool> {
  const made = await testPool();
  for (const [address, balance] of balances) made.chain.set(address, { balance });
  return {
    ...made,
    add: (sender, changes = {}) => made.pool.add(pretend(transfer(changes), sender).raw),
    nonces: () => offered(made.pool).map(({ fields }) => Number(fields.nonce)),
  };
}
