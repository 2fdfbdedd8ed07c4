export type StoreErrorCode =
  | 'conflict'
  | 'disk-full'
  | 'io'
  | 'closed'
  | 'locked'
  | 'older-than-log'
  | 'corrupt'
  | 'unknown-format'
  | 'not-found'
  | 'pruned';

/** A fault of storage, told with a code from a closed list and what to do about it. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly metadata: Readonly<Record<string, string | number | boolean | undefined>>;

  constructor(
    code: StoreErrorCode,
    message: string,
    metadata: Readonly<Record<string, string | number | boolean | undefined>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
    this.metadata = metadata;
  }
}
