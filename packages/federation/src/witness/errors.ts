/** What a witness or its client cannot start with, go on with or take. */
export const WITNESS_ERROR_CODES = [
  'invalid-aggregate',
  'invalid-config',
  'invalid-log-list',
  'state-damaged',
] as const;

export type WitnessErrorCode = (typeof WITNESS_ERROR_CODES)[number];

export class WitnessError extends Error {
  readonly code: WitnessErrorCode;
  readonly metadata: Readonly<Record<string, string | number | undefined>>;

  constructor(
    code: WitnessErrorCode,
    message: string,
    metadata: Readonly<Record<string, string | number | undefined>> = {},
  ) {
    super(message);
    this.name = 'WitnessError';
    this.code = code;
    this.metadata = metadata;
  }
}
