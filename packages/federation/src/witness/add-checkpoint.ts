import {
  type AddCheckpointRequest,
  type Checkpoint,
  equalBytes,
  fromUtf8,
  type HashFunction,
  isSignedBy,
  type NoteSuites,
  openCheckpoint,
  ProtocolError,
  parseAddCheckpoint,
  parseCheckpoint,
  type SignedNote,
  verifyConsistency,
} from '@basalt/protocol';
import type { KnownLog } from './known-logs.ts';
import type { WitnessedCheckpoint } from './state.ts';

/** A checkpoint that its log has signed; nothing about its past is checked yet. */
export interface SubmittedCheckpoint {
  readonly request: AddCheckpointRequest;
  readonly checkpoint: Checkpoint;
  /** With the lines of the log's own keys and no others. */
  readonly note: SignedNote;
  readonly log: KnownLog;
}

/** Why a checkpoint is not cosigned, as tlog-witness tells it. */
export type Refusal =
  | { readonly status: 400 | 403 | 404 | 422; readonly message: string }
  /** The witness holds another size. */
  | { readonly status: 409; readonly size: number }
  /** Same size, other root: the log has two histories. */
  | { readonly status: 409; readonly size: undefined; readonly message: string };

const UNKNOWN_LOG = { status: 404, message: 'unknown log' } as const;

/** The checks of `add-checkpoint` that need no state, in the order of the specification. */
export function readSubmission(
  body: Uint8Array,
  logs: ReadonlyMap<string, KnownLog>,
  suites: NoteSuites,
): SubmittedCheckpoint | Refusal {
  let request: AddCheckpointRequest;
  let checkpoint: Checkpoint;
  try {
    request = parseAddCheckpoint(body);
    checkpoint = parseCheckpoint(request.note.text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return unreadable(body, error, logs);
  }
  const log = logs.get(checkpoint.origin);
  if (log === undefined) return UNKNOWN_LOG;
  try {
    openCheckpoint(request.note, log.keys, suites);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { status: 403, message: `invalid signature: ${error.message}` };
  }
  if (request.oldSize > checkpoint.size) {
    return { status: 400, message: 'expected an old size of at most the size of the checkpoint' };
  }
  const signatures = request.note.signatures.filter((line) =>
    log.keys.some((key) => isSignedBy(line, key)),
  );
  return { request, checkpoint, note: { text: request.note.text, signatures }, log };
}

/**
 * A whole checkpoint under lines that are no signatures counts as one whose signatures do not hold:
 * what is malformed about them (base64 that is not canonical, e.g.) is nothing the log has signed.
 */
function unreadable(
  body: Uint8Array,
  error: ProtocolError,
  logs: ReadonlyMap<string, KnownLog>,
): Refusal {
  try {
    const parts = fromUtf8(body).split('\n\n');
    if (error.code === 'invalid-note' && parts.length === 3) {
      const { origin } = parseCheckpoint(`${parts[1]}\n`);
      if (!logs.has(origin)) return UNKNOWN_LOG;
      return { status: 403, message: `invalid signature: ${error.message}` };
    }
  } catch (nested) {
    if (!(nested instanceof ProtocolError)) throw nested;
  }
  return { status: 400, message: error.message };
}

/**
 * The checks against what was cosigned last. Whoever calls this holds the log's lock from before
 * the state was read until the new one is durable.
 *
 * @returns undefined when the checkpoint may be cosigned
 */
export function refusalOf(
  { request, checkpoint }: SubmittedCheckpoint,
  held: WitnessedCheckpoint | undefined,
  hash: HashFunction,
): Refusal | undefined {
  const heldSize = held?.checkpoint.size ?? 0;
  if (request.oldSize !== heldSize) return { status: 409, size: heldSize };
  const unproven = { status: 422, message: 'the consistency proof does not hold' } as const;
  if (heldSize === 0 || checkpoint.size === heldSize) {
    if (request.proof.length > 0) return unproven;
  }
  // Size 0 has one root only, which the parser has seen to.
  if (held === undefined || heldSize === 0) return undefined;
  if (checkpoint.size === heldSize) {
    if (equalBytes(checkpoint.root, held.checkpoint.root)) return undefined;
    const message = 'another root was cosigned at this size';
    return { status: 409, size: undefined, message };
  }
  try {
    const { size: fromSize, root: fromRoot } = held.checkpoint;
    const { size: toSize, root: toRoot } = checkpoint;
    verifyConsistency({ fromSize, fromRoot, toSize, toRoot, proof: request.proof }, hash);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return unproven;
  }
}
