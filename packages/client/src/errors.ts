import { ERROR_CODES, ProtocolError, type ProtocolErrorCode } from '@basalt/protocol';

/**
 * Which of five things went wrong, because the right reaction differs:
 *
 * - `refused`: an answer arrived and does not hold; the block, proof or checkpoint was dropped and
 *   the server is broken or lying. Never retried.
 * - `rejected`: the server understood the request and says no.
 * - `unavailable`: no usable answer (network, time-out, overload) after all retries.
 * - `aborted`: the caller's AbortSignal ended it.
 * - `usage`: the call itself cannot work (no key to trust, an unknown reference).
 */
export type ClientErrorKind = 'refused' | 'rejected' | 'unavailable' | 'aborted' | 'usage';

/** Codes of this package; the codes of `ProtocolErrorCode` pass through with their meaning. */
export const CLIENT_ERROR_CODES = [
  'aborted',
  'bad-response',
  'genesis-mismatch',
  'http-error',
  'log-key-changed',
  'missing-block',
  'network',
  'no-trust',
  'response-too-large',
  'server-key-changed',
  'stale-head',
  'timeout',
  'wrong-block',
  'wrong-origin',
] as const;

/** Codes in the problem documents of a gateway that are not protocol codes. */
export const SERVER_ERROR_CODES = [
  'bad-request',
  'body-too-large',
  'clock-skew',
  'closed',
  'handshake-replayed',
  'head-moved',
  'internal',
  'method-not-allowed',
  'not-acceptable',
  'not-covered',
  'not-found',
  'out-of-range',
  'pruned',
  'queue-full',
  'range-not-satisfiable',
  'read-only',
  'session-refused',
  'too-many-requests',
  'unauthorized',
  'unfinished',
  'unknown-block',
  'unsupported-media-type',
] as const;

export type ClientErrorCode =
  | (typeof CLIENT_ERROR_CODES)[number]
  | (typeof SERVER_ERROR_CODES)[number]
  | ProtocolErrorCode;

export type ClientErrorMetadata = Readonly<Record<string, string | number | boolean | undefined>>;

/** Everything that the client throws. `code` says what, `kind` says whose turn it is. */
export class ClientError extends Error {
  readonly kind: ClientErrorKind;
  readonly code: ClientErrorCode;
  readonly metadata: ClientErrorMetadata;

  constructor(
    kind: ClientErrorKind,
    code: ClientErrorCode,
    message: string,
    metadata: ClientErrorMetadata = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ClientError';
    this.kind = kind;
    this.code = code;
    this.metadata = metadata;
  }
}

const SERVER_CODES: ReadonlySet<string> = /* @__PURE__ */ new Set<string>([
  ...SERVER_ERROR_CODES,
  'timeout',
]);

/** The code that a server named, or `http-error` for a word that this client does not know. */
export function serverErrorCode(text: unknown): ClientErrorCode {
  if (typeof text !== 'string') return 'http-error';
  if (Object.hasOwn(ERROR_CODES, text)) return text as ProtocolErrorCode;
  return SERVER_CODES.has(text) ? (text as ClientErrorCode) : 'http-error';
}

/** An answer that does not hold. */
export function refusal(
  code: ClientErrorCode,
  message: string,
  metadata: ClientErrorMetadata = {},
): ClientError {
  return new ClientError('refused', code, message, metadata);
}

/**
 * Runs a check on something that a server sent: what `protocol` throws becomes a refusal with the
 * same code and facts.
 *
 * @throws ClientError of kind `refused`
 */
export function refuseUnless<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw toRefusal(error);
  }
}

export function toRefusal(error: unknown): unknown {
  if (!(error instanceof ProtocolError)) return error;
  return new ClientError('refused', error.code, error.message, error.metadata, { cause: error });
}
