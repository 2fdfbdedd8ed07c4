import { ProtocolError } from '../errors.ts';
import type { NoteKey } from './note-key.ts';
import type { SignedNote } from './signed-note.ts';
import { type NoteSuites, type OpenedCheckpoint, openCheckpoint } from './verifier.ts';

/**
 * Whom to believe about a checkpoint (c2sp.org/tlog-policy): any of these logs, cosigned by a
 * quorum of these witnesses. Names are octet strings, one character per byte; for ASCII that is
 * the text itself.
 */
export interface Policy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  /** In the order of definition: members are defined before. */
  readonly groups: readonly PolicyGroup[];
  /** Name of a witness or group, or `none`. */
  readonly quorum: string;
}

export interface PolicyLog {
  /** The key's name is the log's origin. */
  readonly key: NoteKey;
  readonly url?: string;
}

export interface PolicyWitness {
  readonly name: string;
  readonly key: NoteKey;
  readonly url?: string;
}

/** Witnessed when at least `threshold` of the members are. */
export interface PolicyGroup {
  readonly name: string;
  readonly threshold: number;
  readonly members: readonly string[];
}

/** A checkpoint that a policy accepts, with the names of the witnesses that cosigned it. */
export interface PolicyCheckpoint extends OpenedCheckpoint {
  readonly witnesses: readonly string[];
  /**
   * The newest time at which the quorum had cosigned, by the witnesses' own clocks: seconds since
   * the Unix epoch; undefined with `quorum none`.
   */
  readonly witnessedSeconds: number | undefined;
}

/** Whether the witnesses with these names (as in the policy) make the quorum. */
export function evaluateQuorum(policy: Policy, cosigned: ReadonlySet<string>): boolean {
  if (policy.quorum === 'none') return true;
  const witnessed = new Set<string>();
  for (const { name } of policy.witnesses) if (cosigned.has(name)) witnessed.add(name);
  // Members are defined before their group, so one pass in order settles every group.
  for (const group of policy.groups) {
    const count = group.members.filter((member) => witnessed.has(member)).length;
    if (count >= group.threshold) witnessed.add(group.name);
  }
  return witnessed.has(policy.quorum);
}

/**
 * The newest time such that the witnesses that signed then or later make the quorum: one witness
 * with a wrong clock, or one that signs an old checkpoint anew, does not make it younger.
 *
 * @param times newest good cosignature of each witness by its name in the policy, in seconds
 * @returns undefined where they make no quorum, and with `quorum none`
 */
function quorumTime(policy: Policy, times: ReadonlyMap<string, number>): number | undefined {
  if (policy.quorum === 'none') return undefined;
  return [...times.values()]
    .toSorted((one, other) => other - one)
    .find((since) => {
      const names = [...times].filter(([, time]) => time >= since).map(([name]) => name);
      return evaluateQuorum(policy, new Set(names));
    });
}

/**
 * Opens a checkpoint as the policy demands: signed by a listed log whose key name is the origin, no
 * bad line of any listed key, and cosigned by the quorum.
 *
 * @param options.logs for a policy that lists no logs: the keys known from elsewhere
 * @throws ProtocolError `invalid-note`, `invalid-signature`, `policy-unsatisfied`
 */
export function openByPolicy(
  note: string | Uint8Array | SignedNote,
  policy: Policy,
  suites: NoteSuites,
  options: { readonly logs?: readonly NoteKey[] } = {},
): PolicyCheckpoint {
  const logs = policy.logs.length > 0 ? policy.logs.map(({ key }) => key) : (options.logs ?? []);
  const witnesses = policy.witnesses.map(({ key }) => key);
  const opened = openCheckpoint(note, logs, suites, { witnesses });
  const { origin } = opened.checkpoint;
  if (!opened.verified.some(({ key }) => logs.includes(key) && key.name === origin)) {
    throw new ProtocolError('policy-unsatisfied', 'expected a signature of the log at the origin', {
      origin,
    });
  }
  const times = new Map<string, number>();
  for (const { name, key } of policy.witnesses) {
    const lines = opened.verified.filter((signature) => signature.key === key);
    if (lines.length > 0) times.set(name, Math.max(...lines.map((line) => line.timeSeconds ?? 0)));
  }
  const names = [...times.keys()];
  if (!evaluateQuorum(policy, new Set(names))) {
    throw new ProtocolError('policy-unsatisfied', 'expected cosignatures of the quorum', {
      origin,
      witnesses: names.length,
    });
  }
  return { ...opened, witnesses: names, witnessedSeconds: quorumTime(policy, times) };
}
