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

  /** A block ran so many transactions in so many milliseconds. */
  record(transactions: number, durationMs: number): void {
    if (transactions < TRANSACTIONS_MIN || durationMs <= 0) return;
    const newest = durationMs / transactions;
    const before = this.#msPerTransaction;
    this.#msPerTransaction = this.#isMeasured ? before + (newest - before) * NEWEST : newest;
    this.#isMeasured = true;
  }

  /** Transactions that fit into a time; at least one, or a chain could stand still. */
  transactionsIn(budgetMs: number): number {
    return Math.max(1, Math.floor(budgetMs / this.#msPerTransaction));
  }
}
