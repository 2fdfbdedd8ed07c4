/** Why a time stamp is not taken. */
export const TIMESTAMP_ERROR_CODES = [
  'clock-skew',
  'expired-certificate',
  'invalid-signature',
  'malformed',
  'not-granted',
  'unreachable',
  'untrusted-certificate',
  'wrong-imprint',
  'wrong-nonce',
  'wrong-usage',
] as const;

export type TimestampErrorCode = (typeof TIMESTAMP_ERROR_CODES)[number];

export class TimestampError extends Error {
  readonly code: TimestampErrorCode;

  constructor(code: TimestampErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TimestampError';
    this.code = code;
  }
}
