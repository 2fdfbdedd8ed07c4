import { type AccountChange, keccak256 } from '@basalt/evm';
import type { Clock, Random, Scheduler } from '@basalt/protocol';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { GAS_LIMIT_MAX, GAS_LIMIT_MIN } from '../chain/limits.ts';
import type { BlockAttributes, Chain, ChainEvent } from '../chain/types.ts';
import { ExecutionError } from '../errors.ts';
import type { Pool, PooledTransaction } from '../pool/types.ts';
import { type Sign, signPortable } from '../transaction/sign.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';
import type { DevnetKeys } from './accounts.ts';
import { BlockTime, type BlockTimeState } from './block-time.ts';
import { type Intervention, withAccount, withCode, withStorage } from './interventions.ts';
import { Lane } from './lane.ts';
import { BALANCE_SET_MAX, BLOCK_BUDGET_MS } from './limits.ts';
import { Miner } from './miner.ts';
import { poolOfDevnet } from './pool-of-devnet.ts';
import { Senders } from './senders.ts';
import { Sending } from './sending.ts';
import { Snapshots } from './snapshots.ts';
import type { Devnet, Mining, UnsignedRequest } from './types.ts';
import { isUnsigned } from './unsigned-transaction.ts';

export interface DevnetComponents {
  /** Both stay the caller's: `close` of the devnet closes neither. */
  readonly chain: Chain;
  readonly pool: Pool;
  readonly scheduler: Scheduler;
  /** For timestamps and PREVRANDAO; neither is asked where a seed is given. */
  readonly clock: Clock;
  readonly random: Random;
  /** A block that nobody waits for could not be made. */
  readonly onError: (error: unknown) => void;
  /** Signs for the accounts; in JavaScript where absent. */
  readonly sign?: Sign;
}

export interface DevnetOptions {
  readonly keys: Pick<DevnetKeys, 'accounts' | 'faucet'>;
  readonly mining: Mining;
  /** Everything that is chance or clock follows from it, so that two runs give equal blocks. */
  readonly seed?: string;
  /** Fee recipient, 20 bytes; from the seed, or zero, where absent. */
  readonly coinbase?: Uint8Array;
}

/** What a developer sets for the blocks to come. */
interface BlockSettings {
  readonly coinbase: Uint8Array;
  readonly gasLimit: bigint;
  /** Of the next block alone. */
  readonly baseFee: bigint | undefined;
  readonly prevRandao: Uint8Array | undefined;
}

interface Snapshot {
  readonly number: number;
  readonly time: BlockTimeState;
  readonly settings: BlockSettings;
  readonly interventions: readonly AccountChange[];
  readonly waiting: readonly PooledTransaction[];
}

/** A devnet over a chain and a pool. Mining begins at once. */
export function createDevnet(components: DevnetComponents, options: DevnetOptions): Devnet {
  return new ChainDevnet(components, options);
}

class ChainDevnet implements Devnet {
  readonly chain: Chain;
  readonly pool: Pool;
  readonly accounts: Devnet['accounts'];
  readonly faucet: Devnet['faucet'];
  readonly #components: DevnetComponents;
  readonly #options: DevnetOptions;
  readonly #lane = new Lane();
  readonly #sending: Sending;
  readonly #time: BlockTime;
  readonly #senders: Senders;
  readonly #snapshots = new Snapshots<Snapshot>();
  readonly #miner: Miner;
  readonly #unsubscribe: readonly (() => void)[];
  /** Who waits for a transaction to leave the pool, by hash; at most one for each request. */
  readonly #awaited = new Map<string, () => void>();
  #settings: BlockSettings;
  /** PREVRANDAO of the next block, drawn once so that a look at it tells the truth. */
  #randao: { readonly number: bigint; readonly value: Uint8Array } | undefined;

  constructor(components: DevnetComponents, options: DevnetOptions) {
    const { chain, pool, clock, scheduler } = components;
    const { keys, mining, seed } = options;
    this.#components = components;
    this.#options = options;
    this.chain = chain;
    this.pool = poolOfDevnet(pool, {
      check: (raw) => this.#sending.checkRaw(raw),
      mined: (transaction) => this.#mined(transaction),
    });
    this.accounts = keys.accounts;
    this.faucet = keys.faucet;
    this.#senders = new Senders([...keys.accounts, keys.faucet]);
    this.#settings = this.#firstSettings();
    this.#sending = new Sending({
      chain,
      pool,
      senders: this.#senders,
      sign: components.sign ?? signPortable,
      baseFeeAsked: () =>
        this.#miner.mining.mode === 'instant'
          ? (this.#settings.baseFee ?? chain.nextBaseFee())
          : undefined,
    });
    const stepSeconds =
      mining.mode === 'interval' ? BigInt(Math.ceil(mining.intervalMs / 1000)) : 1n;
    const nowSeconds = (): bigint => BigInt(Math.floor(clock.nowMs() / 1000));
    this.#time = new BlockTime({
      nowSeconds: seed === undefined ? nowSeconds : undefined,
      stepSeconds,
    });
    this.#miner = new Miner({
      chain,
      pool,
      lane: this.#lane,
      time: this.#time,
      scheduler,
      attributes: (timeBudgetMs) => this.#attributes(timeBudgetMs),
      made: ({ timestamp }) => this.#used(timestamp),
      onError: components.onError,
    });
    this.#unsubscribe = [
      chain.subscribe((event) => this.#onChain(event)),
      pool.subscribe(({ kind, transaction }) => {
        if (kind === 'added') this.#miner.transactionCame();
        else this.#awaited.get(bytesToHex(transaction.hash))?.();
      }),
    ];
    this.#miner.setMining(mining);
  }

  mining(): Mining {
    return this.#miner.mining;
  }

  setMining(mining: Mining): void {
    this.#miner.setMining(mining);
  }

  mine(blocks = 1, intervalSeconds?: number, isWanted?: () => boolean): ReturnType<Devnet['mine']> {
    return this.#miner.mine(blocks, intervalSeconds, isWanted);
  }

  nextAttributes(): BlockAttributes {
    return this.#attributes(BLOCK_BUDGET_MS);
  }

  settled(): Promise<void> {
    return this.#miner.settled();
  }

  snapshot(): Promise<number> {
    return this.#lane.run(async () =>
      this.#snapshots.take({
        number: Number(this.chain.head().header.number),
        time: this.#time.save(),
        settings: this.#settings,
        interventions: this.chain.interventions(),
        waiting: this.#components.pool.all(),
      }),
    );
  }

  revert(snapshot: number): Promise<boolean> {
    return this.#lane.run(async () => {
      const kept = this.#snapshots.use(snapshot);
      if (kept === undefined) return false;
      await this.chain.rewind(kept.number);
      this.#time.restore(kept.time);
      this.#settings = kept.settings;
      await this.chain.intervene(() => kept.interventions);
      await this.#refill(kept.waiting);
      return true;
    });
  }

  async setBalance(address: Uint8Array, balance: bigint): Promise<void> {
    if (balance > BALANCE_SET_MAX) {
      const message = `a balance of ${balance} wei: at most ${BALANCE_SET_MAX} can be set`;
      throw new ExecutionError('invalid', message, { balance });
    }
    await this.#intervene(address, withAccount(address, { balance }));
  }

  setCode(address: Uint8Array, code: Uint8Array): Promise<void> {
    return this.#intervene(address, withCode(address, code));
  }

  setNonce(address: Uint8Array, nonce: bigint): Promise<void> {
    return this.#intervene(address, withAccount(address, { nonce }));
  }

  setStorageAt(address: Uint8Array, slot: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#intervene(address, withStorage(address, slot, value));
  }

  setCoinbase(coinbase: Uint8Array): Promise<void> {
    return this.#set({ coinbase });
  }

  async setBlockGasLimit(gasLimit: bigint): Promise<void> {
    if (gasLimit < GAS_LIMIT_MIN || gasLimit > GAS_LIMIT_MAX) {
      const message = `a gas limit of ${gasLimit}: expected ${GAS_LIMIT_MIN} to ${GAS_LIMIT_MAX}`;
      throw new ExecutionError('invalid', message, { gasLimit });
    }
    await this.#set({ gasLimit });
  }

  setNextBlockBaseFee(baseFee: bigint): Promise<void> {
    return this.#set({ baseFee });
  }

  setPrevRandao(prevRandao: Uint8Array): Promise<void> {
    return this.#set({ prevRandao });
  }

  increaseTime(seconds: bigint): Promise<bigint> {
    return this.#lane.run(async () => this.#time.increase(seconds, this.#newestTime()));
  }

  setNextBlockTimestamp(timestamp: bigint): Promise<void> {
    return this.#lane.run(async () => {
      const newest = this.#newestTime();
      if (timestamp <= newest) {
        const message = `timestamp ${timestamp} is not after that of the newest block, ${newest}`;
        throw new ExecutionError('invalid', message, { timestamp, newest });
      }
      this.#time.setNext(timestamp);
    });
  }

  setTimestampInterval(seconds: bigint | undefined): Promise<void> {
    return this.#lane.run(async () => this.#time.setInterval(seconds, this.#newestTime()));
  }

  setTime(timestamp: bigint): Promise<void> {
    return this.#lane.run(async () => this.#time.set(timestamp, this.#newestTime()));
  }

  impersonate(address: Uint8Array): void {
    this.#senders.impersonate(address);
  }

  stopImpersonating(address: Uint8Array): void {
    this.#senders.stopImpersonating(address);
  }

  setAutoImpersonate(isOn: boolean): void {
    this.#senders.setAutoImpersonate(isOn);
  }

  canSend(address: Uint8Array): boolean {
    return this.#senders.keyOf(address) !== undefined || this.#senders.isImpersonated(address);
  }

  async send(request: UnsignedRequest): Promise<RecoveredTransaction> {
    const transaction = await this.#sending.send(request);
    await this.#mined(transaction);
    return transaction;
  }

  sign(address: Uint8Array, digest: Uint8Array): Uint8Array {
    return this.#senders.sign(address, digest);
  }

  dropTransaction(hash: Uint8Array): boolean {
    return this.#components.pool.remove(hash);
  }

  reset(): Promise<void> {
    return this.#lane.run(async () => {
      await this.chain.rewind(0);
      this.#components.pool.remove();
      this.#snapshots.clear();
      this.#senders.clear();
      this.#settings = this.#firstSettings();
      this.#time.restore({ offset: 0n, pending: 0n, next: undefined });
      this.#time.setInterval(undefined, this.#newestTime());
    });
  }

  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#miner.close();
  }

  /**
   * With instant mining: resolves when the transaction has left the pool, into a block or for good,
   * or when the round is over that looked at it. Whoever comes later does not make it wait.
   */
  async #mined({ hash }: RecoveredTransaction): Promise<void> {
    const isDue = this.#components.pool.find(hash)?.isExecutable === true;
    if (this.#miner.mining.mode !== 'instant' || !isDue) return;
    const name = bytesToHex(hash);
    const { promise: left, resolve } = Promise.withResolvers<void>();
    this.#awaited.set(name, resolve);
    await Promise.race([left, this.#miner.round()]);
    this.#awaited.delete(name);
  }

  #onChain({ kind, block }: ChainEvent): void {
    this.#components.pool.advance(kind === 'block' ? block.transactions : []);
  }

  /** What was set for one block alone is used up. */
  #used(timestamp: bigint): void {
    this.#time.used(timestamp);
    this.#settings = { ...this.#settings, baseFee: undefined, prevRandao: undefined };
  }

  /** Puts the pool back to what it held. */
  async #refill(waiting: readonly PooledTransaction[]): Promise<void> {
    const { pool } = this.#components;
    pool.remove();
    for (const { transaction, sidecar } of waiting) {
      if (sidecar !== undefined) continue; // its blobs went with it; whoever sent it sends it again
      if (isUnsigned(transaction)) pool.addUnsigned(transaction);
      // What the pool does not take any more is what it would have dropped.
      else await pool.add(transaction.raw).catch(() => undefined);
    }
  }

  #newestTime(): bigint {
    return this.chain.head().header.timestamp;
  }

  /** After the block that is under way: it would use up what was not set for it. */
  async #set(settings: Partial<BlockSettings>): Promise<void> {
    await this.#lane.run(async () => {
      this.#settings = { ...this.#settings, ...settings };
    });
    // What waits may fit into the next block now, or be able to pay for it.
    this.#miner.transactionCame();
  }

  async #intervene(address: Uint8Array, intervention: Intervention): Promise<void> {
    await this.#lane.run(() => this.chain.intervene(intervention));
    // A balance or nonce set by hand may make what waits executable, or worthless.
    this.#components.pool.advance([], [address]);
    this.#miner.transactionCame();
  }

  #attributes(timeBudgetMs: number): BlockAttributes {
    const { coinbase, gasLimit, baseFee } = this.#settings;
    const { number, timestamp } = this.chain.head().header;
    return {
      timestamp: this.#time.after(timestamp),
      coinbase,
      gasLimit,
      prevRandao: this.#prevRandao(number + 1n),
      // How much fits into a time is measured by the clock: no two runs would be equal.
      ...(this.#options.seed === undefined ? { timeBudgetMs } : {}),
      ...(baseFee === undefined ? {} : { baseFee }),
    };
  }

  #firstSettings(): BlockSettings {
    const { coinbase, seed } = this.#options;
    const fromSeed = seed === undefined ? new Uint8Array(20) : seeded(seed, 'coinbase').slice(12);
    return {
      coinbase: coinbase ?? fromSeed,
      gasLimit: this.#components.chain.genesis.header.gasLimit,
      baseFee: undefined,
      prevRandao: undefined,
    };
  }

  #prevRandao(number: bigint): Uint8Array {
    const { seed } = this.#options;
    const { prevRandao } = this.#settings;
    if (prevRandao !== undefined) return prevRandao;
    if (seed !== undefined) return seeded(seed, `prevrandao ${number}`);
    if (this.#randao?.number !== number) {
      this.#randao = { number, value: this.#components.random.bytes(32) };
    }
    return this.#randao.value;
  }
}

/** 32 bytes that follow from the seed. */
function seeded(seed: string, name: string): Uint8Array {
  return keccak256(utf8ToBytes(`basalt/devnet/${name}\n${seed}`));
}
