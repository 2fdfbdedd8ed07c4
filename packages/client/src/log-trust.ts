import {
  type CryptoProvider,
  createNoteKey,
  formatVerifierKey,
  isSignedBy,
  type NamespaceId,
  type NoteKey,
  type NoteSuites,
  openByPolicy,
  openCheckpoint,
  type PlainAlgorithmId,
  type Policy,
  ProtocolError,
  parseNote,
  parseVerifierKey,
  type SignedNote,
  signatureCheck,
} from '@basalt/protocol';
import { ClientError, refusal, refuseUnless } from './errors.ts';
import type { ClientContext, ProviderSource } from './options.ts';
import type { CallOptions, Trust, VerifiedCheckpoint } from './types.ts';

/** A checkpoint whose signatures hold; consistency is somebody else's work. */
export type OpenedNote = Pick<
  VerifiedCheckpoint,
  'checkpoint' | 'note' | 'witnesses' | 'witnessedMs'
> & {
  readonly policy: boolean;
};

/** Whom to believe about one log. */
export interface LogTrust {
  readonly trust: Exclude<Trust, 'none'>;
  /** First line of the log's checkpoints. */
  readonly origin: string;
  /** Verifier key line. */
  readonly verifierKey: string;
  /** Whether a key was given, and none of these lines claims to be by it: a copy's own note. */
  isForeign(signatures: SignedNote['signatures']): boolean;
  /**
   * @throws ClientError `refused`: `invalid-note`, `invalid-signature`, `policy-unsatisfied`, `log-
   * key-changed`
   */
  open(note: string): Promise<OpenedNote>;
}

export interface LogTrustRequest {
  readonly namespace: NamespaceId;
  /** Asks the node for the log's verifier key line. */
  readonly askVerifierKey: () => Promise<string>;
  readonly call: CallOptions;
}

/** How origins end: the super-log is a namespace like any other, with a name of its own. */
export const SUPER = '/super';

/**
 * Finds the key of a log: from the policy or the pinned keys, else the one kept from first use,
 * else the node's word, which is kept from now on.
 *
 * @throws ClientError `no-trust` (keys are pinned, none is this log's), `wrong-origin`
 */
export async function resolveLogTrust(
  context: ClientContext,
  request: LogTrustRequest,
): Promise<LogTrust> {
  const pinned = pinnedKeys(context);
  if (pinned.length > 0) {
    const own = `/ns/${request.namespace}`;
    const isListed = pinned.filter(({ name }) => name.endsWith(own)).length === 1;
    // Which of the pinned nodes this is, and whether the log is its super-log, only it can say.
    const origin = isListed ? undefined : readKey(await request.askVerifierKey()).name;
    const keys = matchKeys(pinned, suffixOf(own, origin));
    let key = keys.find(({ name }) => name === origin) ?? keys[0];
    if (origin !== undefined && keys.length > 1 && key?.name !== origin) {
      // A copy under a name of its own: what it keeps tells whose log it copies.
      const { findKept } = await import('./seldom.ts');
      key = (await findKept(context, request, keys)) ?? key;
    }
    if (key === undefined) {
      throw new ClientError(
        'usage',
        'no-trust',
        `none of the pinned keys or policy logs is that of namespace ${request.namespace}`,
        { namespace: request.namespace },
      );
    }
    return createTrust('pinned', key, context.policy, context.provider);
  }
  const key = await firstUseKey(context, request);
  return createTrust('first-use', key, context.policy, context.provider);
}

/** How the origin of the log must end: `own` (`/ns/<uuid>`), unless it says to be a super-log. */
export function suffixOf(own: string, origin: string | undefined): string {
  return origin?.endsWith(SUPER) === true ? SUPER : own;
}

/** The keys that were given: each of a log, or of a node for all logs below its name. */
export function pinnedKeys({ pinnedKeys, policy }: ClientContext): readonly NoteKey[] {
  return [...pinnedKeys, ...(policy?.logs ?? []).map(({ key }) => key)];
}

/**
 * The keys for a log whose origin ends with `suffix`: its own, and those of nodes (a name without
 * `/ns/` and `/super`), each of which signs for all logs below that name.
 */
export function matchKeys(keys: readonly NoteKey[], suffix: string): readonly NoteKey[] {
  const own = keys.filter(({ name }) => name.endsWith(suffix));
  const below = keys
    .filter(({ name }) => !/\/ns\/|\/super$/.test(name))
    .map(({ name, type, publicKey }) => createNoteKey(name + suffix, type, publicKey));
  return [...own, ...below];
}

/** Of several keys of `matchKeys`, the one under which the log has the name `origin`. */
export function matchKey(
  keys: readonly NoteKey[],
  suffix: string,
  origin: string | undefined,
): NoteKey | undefined {
  const found = matchKeys(keys, suffix);
  return found.find(({ name }) => name === origin) ?? found[0];
}

async function firstUseKey(context: ClientContext, request: LogTrustRequest): Promise<NoteKey> {
  const own = `/ns/${request.namespace}`;
  const place = `log-key${own}`;
  const kept = await context.storage.read(place);
  if (kept !== undefined) return readKey(kept);
  const key = readKey(await request.askVerifierKey());
  // That a log named `super` is this namespace's is shown by its genesis, the first leaf in it.
  if (!key.name.endsWith(own) && !key.name.endsWith(SUPER)) {
    throw refusal('wrong-origin', 'expected the verifier key of the log that was asked for', {
      name: key.name,
      namespace: request.namespace,
    });
  }
  await context.storage.write(place, formatVerifierKey(key));
  return key;
}

function readKey(line: string): NoteKey {
  return refuseUnless(() => parseVerifierKey(line));
}

/** Trust in one key, with a policy on top where there is one. */
export function createTrust(
  trust: LogTrust['trust'],
  key: NoteKey,
  policy: Policy | undefined,
  providers: ProviderSource,
): LogTrust {
  const origin = key.name;
  // The policy may list the node's key: for this log it stands under the log's own name.
  const ownPolicy = policy && { ...policy, logs: [...policy.logs, { key }] };
  const keys = [key, ...(policy?.witnesses ?? []).map((witness) => witness.key)];
  const open = async (note: string): Promise<OpenedNote> => {
    const signed = refuseUnless(() => parseNote(note));
    const isOurs = signed.signatures.some((line) => isSignedBy(line, key));
    if (trust === 'first-use' && !isOurs) throw keyChanged(origin);
    const suites = await suitesFor(signed, keys, providers);
    return refuseUnless(() => {
      const { checkpoint } = openCheckpoint(signed, [key], suites, { origin });
      const nobody = { witnesses: [], witnessedMs: undefined, policy: false };
      if (ownPolicy === undefined) return { checkpoint, note, ...nobody };
      const { witnesses, witnessedSeconds } = openByPolicy(signed, ownPolicy, suites);
      const witnessedMs = witnessedSeconds === undefined ? undefined : 1000 * witnessedSeconds;
      return { checkpoint, note, witnesses, witnessedMs, policy: true };
    });
  };
  return {
    trust,
    origin,
    verifierKey: formatVerifierKey(key),
    isForeign: (lines) => trust === 'pinned' && !lines.some((line) => isSignedBy(line, key)),
    open,
  };
}

/** A provider for each algorithm that signed the note by a known key. */
async function suitesFor(
  note: SignedNote,
  keys: readonly NoteKey[],
  providers: ProviderSource,
): Promise<NoteSuites> {
  const checks = note.signatures.flatMap((line) =>
    keys
      .filter((key) => isSignedBy(line, key))
      .map((key) => refuseUnless(() => signatureCheck(note.text, line, key))),
  );
  const found = new Map<PlainAlgorithmId, CryptoProvider>();
  for (const { algorithm } of checks) {
    if (found.has(algorithm)) continue;
    const claims = checks.filter((check) => check.algorithm === algorithm);
    found.set(algorithm, await providers(algorithm, claims));
  }
  return {
    suite(id) {
      const provider = found.get(id);
      if (provider !== undefined) return provider.suite(id);
      throw new ProtocolError('unknown-algorithm', 'no key of this algorithm has signed the note');
    },
  };
}

function keyChanged(origin: string): ClientError {
  return refusal(
    'log-key-changed',
    'the checkpoint is not signed by the key that this log had at first use; ' +
      'if its operator says that the key changed, forget the old one and start again',
    { origin },
  );
}
