import { LedgerError, type LedgerErrorCode } from '@basalt/ledger';
import { ERROR_CODES, ProtocolError, type ProtocolErrorCode } from '@basalt/protocol';
import { StoreError, type StoreErrorCode } from '@basalt/store';
import { GATEWAY_STATUS, GatewayError, type ProblemMetadata } from '../errors.ts';
import { RETRY_AFTER_SECONDS } from '../limits.ts';

/** RFC 9457. `type` is `urn:basalt:error:<code>`, so clients look at `code` alone. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly metadata: ProblemMetadata;
  /** Header fields of the answer, names and values in turn. */
  readonly fields: readonly string[];
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Rules of the protocol that are not 422; everything that is not named here is. */
const PROTOCOL_STATUS: Partial<Record<ProtocolErrorCode, number>> = {
  malformed: 400,
  'version-mismatch': 400,
  'payload-too-large': 413,
  'wrong-namespace': 404,
  'unknown-namespace': 404,
  'broken-chain': 409,
  'invalid-index': 409,
  fork: 409,
  'namespace-closed': 423,
  'namespace-frozen': 423,
};

const LEDGER_STATUS: Record<LedgerErrorCode, number> = {
  'queue-full': 503,
  'head-moved': 412,
  'read-only': 503,
  closed: 503,
  'unknown-block': 404,
  'unknown-namespace': 404,
  'not-covered': 409,
  'payloads-held': 409,
  'out-of-range': 404,
  pruned: 410,
  unfinished: 409,
  internal: 500,
};

const STORE_STATUS: Partial<Record<StoreErrorCode, number>> = {
  conflict: 409,
  'disk-full': 503,
  closed: 503,
  'not-found': 404,
  pruned: 410,
};

const TITLES: Readonly<Record<string, string>> = {
  'not-found': 'Nothing is here',
  'body-too-large': 'The body is too large',
  'too-many-requests': 'Too many requests from this address',
  'queue-full': 'The queue is full, try again',
  'read-only': 'Writes are refused now',
  'head-moved': 'The head has moved',
  pruned: 'It was pruned here',
  'payloads-held': 'The payloads have to stay',
  fork: 'The block forks its chain',
  'namespace-frozen': 'The namespace is frozen',
};

/** HTTP status of a protocol, ledger or gateway code. */
export function statusOfCode(code: string): number {
  const known =
    PROTOCOL_STATUS[code as ProtocolErrorCode] ??
    LEDGER_STATUS[code as LedgerErrorCode] ??
    GATEWAY_STATUS[code as keyof typeof GATEWAY_STATUS];
  return known ?? (Object.hasOwn(ERROR_CODES, code) ? 422 : 500);
}

/** Fields that go with a status whoever reports it. */
export function fieldsOfStatus(status: number): readonly string[] {
  if (status === 503 || status === 429) return ['Retry-After', String(RETRY_AFTER_SECONDS)];
  if (status === 401) return ['WWW-Authenticate', 'Bearer realm="basalt"'];
  return [];
}

/** Any thrown value as a problem; what we do not know is `internal` and tells no inner detail. */
export function problemOf(error: unknown): Problem {
  if (error instanceof GatewayError) {
    const status = GATEWAY_STATUS[error.code];
    const own = error.fields.length > 0;
    return problem(
      status,
      error.code,
      error.message,
      error.metadata,
      own ? error.fields : fieldsOfStatus(status),
    );
  }
  if (error instanceof ProtocolError || error instanceof LedgerError) {
    const status = statusOfCode(error.code);
    if (status !== 500) {
      return problem(status, error.code, error.message, error.metadata, fieldsOfStatus(status));
    }
  }
  if (error instanceof StoreError) {
    const status = STORE_STATUS[error.code];
    if (status !== undefined) {
      const code = error.code === 'disk-full' ? 'read-only' : error.code;
      const { beginsAt, source } = error.metadata;
      const known = code === 'pruned' ? { beginsAt, source } : {};
      return problem(status, code, error.message, known, fieldsOfStatus(status));
    }
  }
  return problem(500, 'internal', 'an unexpected fault; the log of this node says more', {}, []);
}

/** The problem of a code that came as a value, such as the outcome of a submission. */
export function problemOfCode(
  code: string,
  detail: string,
  metadata: ProblemMetadata,
  fields: readonly string[] = [],
): Problem {
  const status = statusOfCode(code);
  return problem(status, code, detail, metadata, [...fieldsOfStatus(status), ...fields]);
}

function problem(
  status: number,
  code: string,
  detail: string,
  metadata: ProblemMetadata,
  fields: readonly string[],
): Problem {
  const title = TITLES[code] ?? code.replaceAll('-', ' ');
  return { status, code, title, detail, metadata, fields };
}

/** The document; its own members cannot be overwritten by metadata. */
export function encodeProblem(problem: Problem): string {
  const { status, code, title, detail } = problem;
  const own = { type: `urn:basalt:error:${code}`, title, status, detail, code };
  return JSON.stringify({ ...problem.metadata, ...own });
}
