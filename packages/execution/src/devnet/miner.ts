import type { Scheduler } from '@basalt/protocol';
import { assert } from '@basalt/protocol';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Block } from '../block/types.ts';
import type { BlockAttributes, Chain } from '../chain/types.ts';
import { ExecutionError } from '../errors.ts';
import type { Pool } from '../pool/types.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';
import type { BlockTime } from './block-time.ts';
import type { Lane } from './lane.ts';
import { BLOCK_BUDGET_MS, MINE_BLOCKS_MAX, OVERFILL } from './limits.ts';
import type { Mining } from './types.ts';

export interface MinerComponents {
  readonly chain: Chain;
  readonly pool: Pool;
  readonly lane: Lane;
  readonly time: BlockTime;
  readonly scheduler: Scheduler;
  /**
   * Of the next block, whose transactions may run so long; what was set for it alone is used up by
   * `made`.
   */
  readonly attributes: (timeBudgetMs: number) => BlockAttributes;
  /** A block of these attributes is there. */
  readonly made: (attributes: BlockAttributes) => void;
  /** A block that nobody waits for could not be made. */
  readonly onError: (error: unknown) => void;
}

/** Decides when blocks are made, and makes them out of the pool. */
export class Miner {
  readonly #components: MinerComponents;
  #mining: Mining = { mode: 'manual' };
  /** Takes the timer of the interval back. */
  #stopInterval: () => void = () => undefined;
  /** The blocks that instant mining owes for what came in; undefined: none. */
  #owed: Promise<void> | undefined;
  /** Owed or under way. */
  readonly #rounds = new Set<Promise<void>>();
  #isClosed = false;

  constructor(components: MinerComponents) {
    this.#components = components;
  }

  get mining(): Mining {
    return this.#mining;
  }

  setMining(mining: Mining): void {
    this.#stopInterval();
    this.#stopInterval = () => undefined;
    this.#mining = { ...mining };
    if (mining.mode === 'instant') this.transactionCame();
    if (mining.mode === 'interval') this.#nextInterval(mining.intervalMs);
  }

  /**
   * With instant mining blocks are made in the next turn, so that transactions which come together
   * share one.
   */
  // Life of a transaction, 7.
  transactionCame(): void {
    if (this.#mining.mode !== 'instant' || this.#owed !== undefined || this.#isClosed) return;
    const { scheduler, onError } = this.#components;
    const { promise: round, resolve } = Promise.withResolvers<void>();
    this.#owed = round;
    this.#rounds.add(round);
    scheduler.after(0, () => {
      // What comes from here on is owed anew: this round may not see it any more.
      this.#owed = undefined;
      this.#emptyPool()
        .catch(onError)
        .finally(() => {
          this.#rounds.delete(round);
          resolve();
        });
    });
  }

  /** Resolves when the round ends that sees what is in the pool now; it may take many blocks. */
  async round(): Promise<void> {
    await this.#owed;
  }

  async mine(
    count: number,
    intervalSeconds: number | undefined,
    isWanted: () => boolean = () => true,
  ): Promise<readonly Block[]> {
    if (!Number.isSafeInteger(count) || count < 0 || count > MINE_BLOCKS_MAX) {
      const message = `${count} blocks: expected 0 to ${MINE_BLOCKS_MAX} at once`;
      throw new ExecutionError('invalid', message, { count });
    }
    const mined = this.#mineMany(count, intervalSeconds, isWanted);
    const round = mined.then(
      () => undefined,
      () => undefined,
    );
    this.#rounds.add(round);
    try {
      return await mined;
    } finally {
      this.#rounds.delete(round);
    }
  }

  /** Others have their turn between blocks. */
  async #mineMany(
    count: number,
    intervalSeconds: number | undefined,
    isWanted: () => boolean,
  ): Promise<readonly Block[]> {
    const { chain, lane, time } = this.#components;
    const blocks: Block[] = [];
    for (let index = 0; index < count && !this.#isClosed && isWanted(); index++) {
      const mined = await lane.run(async () => {
        if (this.#isClosed) return undefined;
        if (index > 0 && intervalSeconds !== undefined) {
          time.setNext(chain.head().header.timestamp + BigInt(intervalSeconds));
        }
        return await this.#mineOne(this.#candidates());
      });
      if (mined !== undefined) blocks.push(mined.block);
    }
    return blocks;
  }

  async settled(): Promise<void> {
    while (this.#rounds.size > 0) await Promise.all(this.#rounds);
    await this.#components.lane.idle();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopInterval();
    await this.settled();
  }

  #nextInterval(intervalMs: number): void {
    const { scheduler, lane, onError } = this.#components;
    const mining = this.#mining;
    this.#stopInterval = scheduler.after(intervalMs, () => {
      const mined = lane.runOwed(async () => {
        const { mode } = this.#mining;
        if (mode !== 'interval' || this.#isClosed) return;
        // One that takes longer than the interval would hold up the next.
        await this.#mineOne(this.#candidates(), intervalMs);
      });
      mined.catch(onError).finally(() => {
        // Set anew meanwhile, it has a timer of its own already.
        if (this.#mining === mining && !this.#isClosed) this.#nextInterval(intervalMs);
      });
    });
  }

  /** Until nothing in the pool can be included any more; others have their turn between blocks. */
  async #emptyPool(): Promise<void> {
    const { lane } = this.#components;
    let isMore = true;
    while (isMore) isMore = await lane.runOwed(() => this.#mineFromPool());
  }

  /** @returns whether there may be more to include */
  async #mineFromPool(): Promise<boolean> {
    if (this.#isClosed) return false;
    const candidates = this.#candidates();
    if (candidates.length === 0) return false;
    const { block, refused } = await this.#mineOne(candidates);
    return block.transactions.length > 0 || refused > 0;
  }

  #candidates(): readonly RecoveredTransaction[] {
    const { chain, pool } = this.#components;
    const { baseFee, timestamp, gasLimit } = this.#components.attributes(BLOCK_BUDGET_MS);
    return pool.best({
      baseFee: baseFee ?? chain.nextBaseFee() ?? 0n,
      blobBaseFee: chain.nextBlobBaseFee(timestamp),
      gas: gasLimit,
      overfill: OVERFILL,
    });
  }

  async #mineOne(
    candidates: readonly RecoveredTransaction[],
    timeBudgetMs = BLOCK_BUDGET_MS,
  ): Promise<{ block: Block; refused: number }> {
    const { chain, pool, attributes, made } = this.#components;
    const wanted = attributes(timeBudgetMs);
    const { block, refused } = await chain.propose(candidates, wanted);
    assert(block.header.timestamp === wanted.timestamp, 'a block has the time it was asked for');
    made(wanted);
    // They never become valid by waiting, and would be tried for every block to come.
    for (const { hash } of candidates) {
      if (refused.has(bytesToHex(hash))) pool.remove(hash);
    }
    return { block, refused: refused.size };
  }
}
