import type { Block } from '../block/block.ts';
import type { PayloadHashes } from '../block/hash.ts';
import { checkPayload } from '../block/rules.ts';
import type { Hash32 } from '../brands.ts';
import { equalBytes, fromUtf8, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { NOTE_BYTES_MAX } from '../limits.ts';
import { type Checkpoint, parseCheckpoint } from '../note/checkpoint.ts';
import { formatNote, parseNote, type SignedNote } from '../note/signed-note.ts';
import type { OpenedCheckpoint } from '../note/verifier.ts';
import type { HashFunction } from '../suite.ts';
import { nobleHashes } from '../suites/noble-hashes.ts';
import { leafHash, sha256 } from '../tree/hash.ts';
import { verifyConsistency, verifyInclusion } from '../tree/verify.ts';

/** Logs that one client follows; a state of this many small notes is below a megabyte. */
const ORIGINS_MAX = 1024;

/**
 * All that a light client remembers: the newest checkpoint of each origin. Plain data; every step
 * gives a new state and leaves the old one as it was.
 */
export interface LightClientState {
  /** Held checkpoints by origin. */
  readonly held: ReadonlyMap<string, HeldCheckpoint>;
}

export interface HeldCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The signed note, which is the evidence if the log ever contradicts it. */
  readonly note: string;
}

/** A checkpoint as it comes from a log. */
export interface OfferedCheckpoint {
  readonly note: string | SignedNote;
  /** Consistency proof from the held size to the new one; empty for the first and for the same. */
  readonly consistency: readonly Uint8Array[];
}

export function emptyLightClient(): LightClientState {
  return { held: new Map() };
}

/**
 * Takes a checkpoint in. The first one of an origin is believed on its signatures; every later one
 * must also be a consistent extension of the one that is held.
 *
 * @param open checks signatures and origin: `openCheckpoint` with the log's keys or `openByPolicy`
 * @throws ProtocolError what `open` throws; `stale-checkpoint` when it is older than the held one;
 *   `inconsistent-checkpoint` when it contradicts it. The metadata then has `heldNote` and
 *   `offeredNote`, and `fork`: true when the two notes alone prove that the log has forked (same
 *   size, other root), false when the proof did not show the one to extend the other.
 */
export function acceptCheckpoint(
  state: LightClientState,
  offered: OfferedCheckpoint,
  open: (note: SignedNote) => OpenedCheckpoint,
  hash: HashFunction = sha256,
): LightClientState {
  const signed = typeof offered.note === 'string' ? parseNote(offered.note) : offered.note;
  const { checkpoint, note } = open(signed);
  const next: HeldCheckpoint = { checkpoint, note: formatNote(note) };
  const held = state.held.get(checkpoint.origin);
  if (held === undefined) {
    if (state.held.size >= ORIGINS_MAX) {
      throw new ProtocolError('invalid-note', `expected at most ${ORIGINS_MAX} origins`);
    }
  } else {
    requireExtension(held, next, offered.consistency, hash);
  }
  return { held: new Map(state.held).set(checkpoint.origin, next) };
}

/**
 * Checks a block against the held checkpoint of its log: entry in the tree, payload as the entry
 * says. Who may write is for `writerAt` and `verifySignature`: a log can hold any writer's blocks.
 *
 * @param claim.size size that the proof leads to; must be the held one
 * @param claim.proof inclusion proof, 32 bytes each
 * @returns `payload` tells whether the payload was there to be checked
 * @throws ProtocolError `stale-checkpoint` when no checkpoint or another size is held,
 *   `invalid-proof`, `payload-mismatch`, `invalid-genesis`
 */
export function verifyHeldBlock(
  state: LightClientState,
  claim: {
    readonly origin: string;
    readonly block: Block;
    readonly size: number;
    readonly proof: readonly Uint8Array[];
  },
  hashes: PayloadHashes = nobleHashes,
): { readonly root: Hash32; readonly payload: 'verified' | 'absent' } {
  const checkpoint = state.held.get(claim.origin)?.checkpoint;
  if (checkpoint?.size !== claim.size) {
    throw new ProtocolError(
      'stale-checkpoint',
      'expected a proof for the checkpoint that is held',
      {
        expected: checkpoint?.size,
        found: claim.size,
      },
    );
  }
  const { entry, payload } = claim.block;
  const { size, root } = checkpoint;
  const leaf = leafHash(entry.bytes, hashes.sha256);
  const { index } = entry.header;
  verifyInclusion({ leafHash: leaf, index, size, root, proof: claim.proof }, hashes.sha256);
  if (payload === undefined) return { root, payload: 'absent' };
  checkPayload(entry, payload, hashes);
  return { root, payload: 'verified' };
}

/** The state as JSON text in UTF-8: a list of notes. Keep it where nobody else can write. */
export function encodeLightClient(state: LightClientState): Uint8Array {
  return utf8(JSON.stringify([...state.held.values()].map(({ note }) => note)));
}

/**
 * Reads a stored state. The notes were checked when they were accepted and are not checked again.
 *
 * @throws ProtocolError `malformed`, `invalid-note`
 */
export function decodeLightClient(bytes: Uint8Array): LightClientState {
  const held = new Map<string, HeldCheckpoint>();
  for (const note of parseNotes(fromUtf8(bytes))) {
    const checkpoint = parseCheckpoint(parseNote(note).text);
    if (held.has(checkpoint.origin)) refuseState('expected one note for each origin');
    held.set(checkpoint.origin, { checkpoint, note });
  }
  return { held };
}

function parseNotes(text: string): string[] {
  let notes: unknown;
  try {
    notes = JSON.parse(text);
  } catch {
    return refuseState('expected a JSON list of notes');
  }
  if (!Array.isArray(notes) || notes.length > ORIGINS_MAX) {
    return refuseState('expected a JSON list of at most 1,024 notes');
  }
  return notes.map((note: unknown) =>
    typeof note === 'string' && note.length <= NOTE_BYTES_MAX
      ? note
      : refuseState('expected a JSON list of notes'),
  );
}

function requireExtension(
  held: HeldCheckpoint,
  next: HeldCheckpoint,
  consistency: readonly Uint8Array[],
  hash: HashFunction,
): void {
  const from = held.checkpoint;
  const to = next.checkpoint;
  if (to.size < from.size) {
    throw new ProtocolError('stale-checkpoint', 'expected a checkpoint not older than the held', {
      held: from.size,
      found: to.size,
    });
  }
  const isFork = from.size === to.size && !equalBytes(from.root, to.root);
  try {
    verifyConsistency(
      {
        fromSize: from.size,
        fromRoot: from.root,
        toSize: to.size,
        toRoot: to.root,
        proof: consistency,
      },
      hash,
    );
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError('inconsistent-checkpoint', `not an extension: ${error.message}`, {
      origin: from.origin,
      fork: isFork,
      heldNote: held.note,
      offeredNote: next.note,
    });
  }
}

function refuseState(message: string): never {
  throw new ProtocolError('malformed', message);
}
