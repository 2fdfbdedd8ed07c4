/**
 * What a peer call can be refused for (each has one HTTP status in `problem.ts`), and what a call
 * to a peer can meet: `unreachable`, `bad-answer`, `refused` (it said no), `not-found`.
 */
export const PEER_ERROR_CODES = [
  'bad-answer',
  'bad-request',
  'clock-skew',
  'digest-mismatch',
  'hello-invalid',
  'not-found',
  'refused',
  'replayed',
  'signature-invalid',
  'signature-malformed',
  'signature-missing',
  'too-many-calls',
  'too-many-hops',
  'unknown-peer',
  'unreachable',
  'url-refused',
] as const;

export type PeerErrorCode = (typeof PEER_ERROR_CODES)[number];

/** A peer's call or answer that is not taken; says why in words that its operator can act on. */
export class PeerError extends Error {
  readonly code: PeerErrorCode;
  readonly metadata: Readonly<Record<string, string | number | undefined>>;

  constructor(
    code: PeerErrorCode,
    message: string,
    metadata: Readonly<Record<string, string | number | undefined>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'PeerError';
    this.code = code;
    this.metadata = metadata;
  }
}
