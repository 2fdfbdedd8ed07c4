import { equalBytes, type Hash32, ProtocolError, verifyConsistency } from '@basalt/protocol';
import { ClientError, refusal } from './errors.ts';
import { type Freshness, requireFresh } from './freshness.ts';
import { type LogTrust, type OpenedNote } from './log-trust.ts';
import type { CheckpointStorage } from './storage.ts';
import type { CallOptions, VerifiedCheckpoint } from './types.ts';

/** Notes remembered so that a proof under a checkpoint seen before costs no signature check. */
const NOTES_KEPT_MAX = 16;

export interface LogViewParts {
  readonly trust: LogTrust;
  /** How old an accepted checkpoint may be. */
  readonly freshness: Freshness;
  readonly storage: CheckpointStorage;
  readonly fetchConsistency: (from: number, to: number, call: CallOptions) => Promise<Hash32[]>;
}

/** One log as this client has seen it: the only thing a light client needs to remember. */
export interface LogView {
  readonly trust: LogTrust;
  /** The newest accepted checkpoint, from storage or this run; undefined before the first. */
  held(): Promise<VerifiedCheckpoint | undefined>;
  /**
   * Accepts a checkpoint note if the log signed it and it is consistent with the one held. A larger
   * one takes the held one's place; a smaller one must be a prefix of it.
   *
   * @throws ClientError kind `refused`: codes of `LogTrust.open`, `inconsistent-checkpoint` with
   *   both notes as evidence, `stale-checkpoint` and `clock-skew` of `requireFresh`
   */
  admit(note: string, call?: CallOptions): Promise<VerifiedCheckpoint>;
}

export function createLogView(parts: LogViewParts): LogView {
  const { trust, storage } = parts;
  const place = `checkpoint/${trust.origin}`;
  const recent = new Map<string, VerifiedCheckpoint>();
  let held: VerifiedCheckpoint | undefined;
  let isLoaded = false;
  // Owner of `held`: one admission at a time, in the order of the calls.
  let queue: Promise<unknown> = Promise.resolve();

  async function load(): Promise<VerifiedCheckpoint | undefined> {
    if (isLoaded) return held;
    const note = await storage.read(place);
    if (note !== undefined) held = describe(trust, await openStored(trust, note), true);
    isLoaded = true;
    return held;
  }

  async function admitNext(note: string, call: CallOptions): Promise<VerifiedCheckpoint> {
    const known = recent.get(note);
    if (known !== undefined) {
      requireFresh(known, parts.freshness);
      return known;
    }
    const opened = await trust.open(note);
    requireFresh(opened, parts.freshness);
    const before = await load();
    if (before !== undefined) await checkAgainst(parts, before, opened, call);
    const admitted = describe(trust, opened, before !== undefined);
    if (before === undefined || opened.checkpoint.size > before.checkpoint.size) {
      await storage.write(place, note);
      held = admitted;
    }
    recent.set(note, admitted);
    const oldest = recent.keys().next();
    if (recent.size > NOTES_KEPT_MAX && !oldest.done) recent.delete(oldest.value);
    return admitted;
  }

  function inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const turn = queue.then(run, run);
    queue = turn.catch(() => undefined);
    return turn;
  }

  return {
    trust,
    held: () => inTurn(load),
    admit: (note, call = {}) => inTurn(() => admitNext(note, call)),
  };
}

async function checkAgainst(
  parts: LogViewParts,
  before: VerifiedCheckpoint,
  opened: OpenedNote,
  call: CallOptions,
): Promise<void> {
  const isNewer = opened.checkpoint.size > before.checkpoint.size;
  const small = isNewer ? before.checkpoint : opened.checkpoint;
  const large = isNewer ? opened.checkpoint : before.checkpoint;
  const isTrivial = small.size === large.size || small.size === 0;
  const proof = isTrivial ? [] : await parts.fetchConsistency(small.size, large.size, call);
  try {
    if (isTrivial && small.size === large.size && !equalBytes(small.root, large.root)) {
      throw new ProtocolError('invalid-proof', 'two roots for one size');
    }
    verifyConsistency({
      fromSize: small.size,
      fromRoot: small.root,
      toSize: large.size,
      toRoot: large.root,
      proof,
    });
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ClientError(
      'refused',
      'inconsistent-checkpoint',
      `the checkpoint of size ${opened.checkpoint.size} does not continue the one of size ` +
        `${before.checkpoint.size} that this client holds: ${error.message}`,
      {
        origin: parts.trust.origin,
        heldSize: before.checkpoint.size,
        size: opened.checkpoint.size,
        heldNote: before.note,
        note: opened.note,
      },
      { cause: error },
    );
  }
}

function describe(trust: LogTrust, opened: OpenedNote, consistency: boolean): VerifiedCheckpoint {
  const { checkpoint, note, witnesses, witnessedMs, policy } = opened;
  const verified = { checkpoint: true, consistency, policy, trust: trust.trust };
  return { checkpoint, note, witnesses, witnessedMs, verified };
}

/** What lies in the storage was checked before; if it no longer opens, the keys were changed. */
async function openStored(trust: LogTrust, note: string): Promise<OpenedNote> {
  try {
    return await trust.open(note);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw refusal(
      error.code,
      `the checkpoint held for ${trust.origin} does not open with the key given for it: ` +
        error.message,
      { origin: trust.origin },
    );
  }
}
