import type { Pool } from '../pool/types.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';

export interface DevnetAdmission {
  /** @throws ExecutionError for what is not to reach the pool */
  readonly check: (raw: Uint8Array) => void;
  /** Resolves when the block is there that instant mining makes. */
  readonly mined: (transaction: RecoveredTransaction) => Promise<void>;
}

/** The pool as others see it: `add` waits for the block that instant mining makes of it. */
// Life of a transaction, 3.
export function poolOfDevnet(pool: Pool, { check, mined }: DevnetAdmission): Pool {
  return {
    async add(raw) {
      check(raw);
      const transaction = await pool.add(raw);
      await mined(transaction);
      return transaction;
    },
    addUnsigned: (transaction) => pool.addUnsigned(transaction),
    best: (options) => pool.best(options),
    find: (hash) => pool.find(hash),
    nextNonce: (sender) => pool.nextNonce(sender),
    all: () => pool.all(),
    remove: (hash) => pool.remove(hash),
    advance: (included, senders) => pool.advance(included, senders),
    subscribe: (listener) => pool.subscribe(listener),
    stats: () => pool.stats(),
    close: () => pool.close(),
  };
}
