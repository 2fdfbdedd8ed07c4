/**
 * Error codes of the protocol. 1 to 12 keep the meaning that block version 1 gives them; 64 and up
 * are version 2's own. Over HTTP the name is the problem type, so names are part of the protocol.
 */
export const ERROR_CODES = {
  'version-mismatch': 1,
  'broken-chain': 2,
  'invalid-index': 3,
  'timestamp-regression': 4,
  'payload-mismatch': 5,
  'invalid-signature': 6,
  malformed: 7,
  'unknown-payload-type': 8,
  'payload-too-large': 9,
  'too-far-in-future': 10,
  'too-old': 11,
  'fork-too-deep': 12,
  'wrong-namespace': 64,
  'unknown-namespace': 65,
  'unknown-algorithm': 66,
  'unknown-hash-kind': 67,
  'wrong-writer': 68,
  'invalid-genesis': 69,
  'invalid-rotation': 70,
  'invalid-recovery': 71,
  'namespace-frozen': 72,
  fork: 73,
  'namespace-closed': 74,
  'invalid-proof': 80,
  'inconsistent-checkpoint': 81,
  'invalid-note': 82,
  'policy-unsatisfied': 83,
  'invalid-policy': 84,
  'invalid-reference': 85,
  'stale-checkpoint': 86,
  'invalid-handshake': 87,
  'no-common-capability': 88,
  'handshake-downgrade': 89,
} as const;

export type ProtocolErrorCode = keyof typeof ERROR_CODES;

/** Facts that belong to an error: what was expected, what was found, where. */
export type ErrorMetadata = Readonly<Record<string, string | number | boolean | undefined>>;

/** Bad input, told with a code from a closed list. Programmer mistakes use `assert` instead. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;
  readonly metadata: ErrorMetadata;

  constructor(code: ProtocolErrorCode, message: string, metadata: ErrorMetadata = {}) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
    this.metadata = metadata;
  }

  /** The number of the code, as carried in binary replies. */
  get number(): number {
    return ERROR_CODES[this.code];
  }
}
