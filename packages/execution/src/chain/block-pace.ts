/** Until a block was measured: slower than a plain transaction, so the first is no surprise. */
const MS_PER_TRANSACTION_FIRST = 1;
/** Blocks with fewer transactions say more of what a block costs than of what they cost. */
const TRANSACTIONS_MIN = 16;
/** Weight of the newest block in the average. */
const NEWEST = 0.25;

/** How long transactions take to run, learnt from the blocks that ran. */
export class BlockPace {
  #msPerTransaction = MS_PER_TRANSACTION_FIRST;
  #isMeasured = false;
  /** Of the block that was limited last: where that leaves few, few have to say enough. */
  #limit = TRANSACTIONS_MIN;

  /** A block ran so many transactions in so many milliseconds. */
  record(transactions: number, durationMs: number): void {
    if (transactions < Math.min(TRANSACTIONS_MIN, this.#limit) || durationMs <= 0) return;
    const newest = durationMs / transactions;
    const before = this.#msPerTransaction;
    this.#msPerTransaction = this.#isMeasured ? before + (newest - before) * NEWEST : newest;
    this.#isMeasured = true;
  }

  /** Transactions that fit into a time; at least one, or a chain could stand still. */
  transactionsIn(budgetMs: number): number {
    this.#limit = Math.max(1, Math.floor(budgetMs / this.#msPerTransaction));
    return this.#limit;
  }
}
