/**
 * A chain of Ethereum blocks over a ledger: transactions, pool, state, block building and import,
 * parallel execution, and what a devnet adds.
 *
 * @module
 */
export { ExecutionError, type ExecutionErrorCode } from './errors.ts';
