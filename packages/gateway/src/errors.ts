/** What the gateway itself refuses, with the HTTP status of each. */
export const GATEWAY_STATUS = {
  'bad-request': 400,
  unauthorized: 401,
  'cross-origin': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'not-acceptable': 406,
  timeout: 408,
  pruned: 410,
  'clock-skew': 409,
  'handshake-replayed': 409,
  'precondition-failed': 412,
  'session-refused': 412,
  'body-too-large': 413,
  'target-too-long': 414,
  'unsupported-media-type': 415,
  'range-not-satisfiable': 416,
  'expectation-failed': 417,
  'too-many-requests': 429,
  'headers-too-large': 431,
  overloaded: 503,
  stopping: 503,
} as const;

export type GatewayErrorCode = keyof typeof GATEWAY_STATUS;

export type ProblemMetadata = Readonly<Record<string, string | number | boolean | undefined>>;

/** Bad input or a limit reached, told with a code from a closed list. */
export class GatewayError extends Error {
  readonly code: GatewayErrorCode;
  readonly metadata: ProblemMetadata;
  /** Header fields that belong to the answer, e.g. `Allow`, name and value in turn. */
  readonly fields: readonly string[];

  constructor(
    code: GatewayErrorCode,
    message: string,
    metadata: ProblemMetadata = {},
    fields: readonly string[] = [],
  ) {
    super(message);
    this.name = 'GatewayError';
    this.code = code;
    this.metadata = metadata;
    this.fields = fields;
  }
}
