import type { PoolErrorCode } from './pool/types.ts';

export type ExecutionErrorCode =
  | PoolErrorCode
  | 'malformed-rlp'
  | 'invalid-block'
  | 'invalid-genesis'
  | 'unknown-state'
  | 'unknown-block'
  | 'stale-state'
  | 'damaged-state'
  | 'invalid-proof'
  | 'invalid-snapshot'
  | 'closed';

/** Bad input or a state that does not allow it; the message says what was expected and found. */
export class ExecutionError extends Error {
  readonly code: ExecutionErrorCode;
  /** Figures for machines, as the code has them. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ExecutionErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'ExecutionError';
    this.code = code;
    this.details = details;
  }
}
