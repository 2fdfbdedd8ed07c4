import type { Fork } from '@basalt/evm';
import { deriveDevnetKeys, mnemonicOfSeed, TEST_MNEMONIC } from '../../../src/devnet/accounts.ts';
import { createDevnet } from '../../../src/devnet/create-devnet.ts';
import { devnetGenesis } from '../../../src/devnet/genesis.ts';
import type { Devnet, Mining } from '../../../src/devnet/types.ts';
import { createPool } from '../../../src/pool/create-pool.ts';
import { poolChainOf } from '../../../src/pool/pool-chain.ts';
import type { TransactionFields } from '../../../src/transaction/types.ts';
import { openTestChain, recoverer } from '../../chain/support/chains.ts';
import { createMemoryLog, type MemoryLog } from '../../chain/support/memory-log.ts';

export interface TestDevnet extends AsyncDisposable {
  readonly devnet: Devnet;
  readonly log: MemoryLog;
  /** Seconds since the Unix epoch; a test moves it. */
  readonly clock: { seconds: number };
  /** Runs the timers that are due after so many milliseconds. */
  advance(ms: number): Promise<void>;
  /** Whatever could not be made. */
  readonly errors: unknown[];
}

export interface TestDevnetOptions {
  readonly mining?: Mining;
  readonly seed?: string;
  readonly log?: MemoryLog;
  readonly accounts?: number;
  readonly fork?: Fork;
}

/** A devnet in memory whose clock and timers a test moves. */
export async function startTestDevnet(options: TestDevnetOptions = {}): Promise<TestDevnet> {
  const { seed, log = createMemoryLog(), accounts = 3, mining = { mode: 'instant' } } = options;
  const { fork = 'osaka' } = options;
  const keys = deriveDevnetKeys(
    seed === undefined ? TEST_MNEMONIC : mnemonicOfSeed(seed),
    accounts,
  );
  const clock = { seconds: 1_800_000_000 };
  const timers = new ManualTimers();
  const chain = await openTestChain(devnetGenesis({ keys, timestamp: 1_700_000_000n, fork }), {
    log,
  });
  const pool = await createPool({
    chain: poolChainOf(chain, () => BigInt(clock.seconds)),
    clock: { nowMs: () => clock.seconds * 1000 },
    recoverer,
  });
  const errors: unknown[] = [];
  const devnet = createDevnet(
    {
      chain,
      pool,
      clock: { nowMs: () => clock.seconds * 1000 },
      scheduler: timers,
      random: { bytes: (length) => new Uint8Array(length).fill(7) },
      onError: (error) => errors.push(error),
    },
    { keys, mining, ...(seed === undefined ? {} : { seed }) },
  );
  return {
    devnet,
    log,
    clock,
    errors,
    advance: (ms) => timers.advance(ms),
    async [Symbol.asyncDispose]() {
      await devnet.close();
      await pool.close();
      await chain.close();
    },
  };
}

/** Timers of nothing run by themselves in the next turn; others when a test says so. */
class ManualTimers {
  #now = 0;
  readonly #waiting = new Set<{ readonly at: number; readonly run: () => void }>();

  after(delayMs: number, run: () => void): () => void {
    if (delayMs === 0) {
      setImmediate(run);
      return () => undefined;
    }
    const timer = { at: this.#now + delayMs, run };
    this.#waiting.add(timer);
    return () => this.#waiting.delete(timer);
  }

  async advance(ms: number): Promise<void> {
    this.#now += ms;
    for (const timer of this.#waiting) {
      if (timer.at > this.#now) continue;
      this.#waiting.delete(timer);
      timer.run();
    }
    // What the timers began goes on in turns of its own.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

export const stranger: Uint8Array = new Uint8Array(20).fill(0xab);

/** A plain transfer with a fee that holds for some blocks. */
export function transfer(nonce: number, to: Uint8Array, value = 1n): TransactionFields {
  return {
    type: 2,
    nonce: BigInt(nonce),
    maxPriorityFeePerGas: 1_000_000_000n,
    maxFeePerGas: 20_000_000_000n,
    gasLimit: 21_000n,
    to,
    value,
    data: new Uint8Array(0),
    accessList: [],
  };
}

export function balanceOf(devnet: Devnet, address: Uint8Array): bigint {
  const number = Number(devnet.chain.head().header.number);
  return devnet.chain.stateAt(number)?.readAccount(address)?.balance ?? 0n;
}

export function headOf(devnet: Devnet): number {
  return Number(devnet.chain.head().header.number);
}

export function send(devnet: Devnet, account: number, nonce: number, value = 1n): Promise<unknown> {
  const from = devnet.accounts[account]!.address;
  return devnet.send({ fields: transfer(nonce, stranger, value), from });
}
