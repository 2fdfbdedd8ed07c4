import type { Pool } from '../pool/types.ts';

/** The pool as others see it: `add` waits for the blocks that instant mining makes of it. */
// Life of a transaction, 3.
export function poolOfDevnet(pool: Pool, settled: () => Promise<void>): Pool {
  return {
    async add(raw) {
      const transaction = await pool.add(raw);
      await settled();
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
