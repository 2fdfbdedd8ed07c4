import type { LedgerErrorCode } from './types.ts';

/** What the ledger itself refuses, with a code from a closed list. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode;
  readonly metadata: Readonly<Record<string, string | number | boolean | undefined>>;

  constructor(
    code: LedgerErrorCode,
    message: string,
    metadata: Readonly<Record<string, string | number | boolean | undefined>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LedgerError';
    this.code = code;
    this.metadata = metadata;
  }
}
