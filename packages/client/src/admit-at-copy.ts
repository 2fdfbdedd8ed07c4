import {
  type Checkpoint,
  equalBytes,
  type NamespaceId,
  type NoteKey,
  toHex,
  utf8,
} from '@basalt/protocol';
import type { TreeSession } from './admit-tree.ts';
import { ClientError, refusal } from './errors.ts';
import { KEPT_LOOKS_MAX } from './limits.ts';
import { type LogTrustRequest, matchKeys, pinnedKeys, SUPER } from './log-trust.ts';
import type { LogView } from './log-view.ts';
import { isOneHistory } from './one-history.ts';
import type { ClientContext } from './options.ts';
import { fetchNote } from './requests.ts';
import type { CallOptions, VerifiedCheckpoint } from './types.ts';

/** The pair that was checked last for a log: a page of blocks comes under one of them. */
const checked = new WeakMap<LogView, { readonly tree: Checkpoint; admitted: VerifiedCheckpoint }>();

/**
 * A relay or archive serves a log under its own name and key. It keeps the newest checkpoint that
 * the log itself had signed (`/mirrors/<SHA-256 of the origin>`): with that, and a proof that both
 * are one history, the copy's word is not needed, whoever runs it.
 *
 * @param tree as the copy claims it
 * @throws ClientError kind `refused`: `invalid-signature` where nothing of the log is kept there,
 *   `inconsistent-checkpoint`, codes of `LogView.admit`; `not-covered` where the checkpoint that is
 *   kept has fewer than `size` leaves
 */
export async function admitAtCopy(
  session: TreeSession,
  tree: Checkpoint,
  size: number,
  call: CallOptions,
): Promise<VerifiedCheckpoint> {
  const { log } = session;
  const last = checked.get(log);
  const isSame = last?.tree.size === tree.size && equalBytes(last.tree.root, tree.root);
  if (isSame && last !== undefined && last.admitted.checkpoint.size >= size) {
    return await log.admit(last.admitted.note, call);
  }
  const note = await fetchKeptNote(session, tree, call);
  const admitted = await log.admit(note, call);
  const { checkpoint } = admitted;
  if (checkpoint.size < size) {
    const facts = { size: checkpoint.size, wanted: size };
    const message = `the copy keeps no checkpoint of ${checkpoint.origin} that covers the block`;
    throw new ClientError('rejected', 'not-covered', message, facts);
  }
  await requireOneHistory(session, checkpoint, tree, call);
  checked.set(log, { tree, admitted });
  return admitted;
}

/**
 * Of several keys, none of which is of the name that a copy serves a log under: that of the first
 * log that it keeps a checkpoint of. It is not read here: who opens the log does that, by the key.
 */
export async function findKept(
  context: ClientContext,
  { namespace, call }: Pick<LogTrustRequest, 'namespace' | 'call'>,
  keys: readonly NoteKey[],
): Promise<NoteKey | undefined> {
  for (const key of keys.slice(0, KEPT_LOOKS_MAX)) {
    try {
      await fetchNote(context.transport, await keptAt(key.name, namespace, context), call);
      return key;
    } catch (error) {
      if (!(error instanceof ClientError) || error.kind !== 'rejected') throw error;
    }
  }
  return undefined;
}

async function fetchKeptNote(
  { log, namespace, context }: TreeSession,
  tree: Checkpoint,
  call: CallOptions,
): Promise<string> {
  const { origin } = log.trust;
  try {
    return await fetchNote(context.transport, await keptAt(origin, namespace, context), call);
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== 'rejected') throw error;
    const keys = matchKeys(pinnedKeys(context), placeOf(origin, namespace));
    const names = keys.slice(0, KEPT_LOOKS_MAX).map(({ name }) => name);
    const isOne = names.length === 1;
    throw refusal(
      'invalid-signature',
      `the answer is signed by ${tree.origin} and not by ${names.join(' or ')}, whose ` +
        `${isOne ? 'key' : 'keys'} you gave, and no checkpoint of ${isOne ? origin : 'these'} is ` +
        'kept here: ask a relay or archive that copies it directly, a cache of it, or believe ' +
        'the key of this node',
      { origin, signedBy: tree.origin },
    );
  }
}

/** Origins are `<name>/ns/<uuid>` and `<name>/super`; a mirror goes by the hash of the name. */
async function keptAt(
  origin: string,
  namespace: NamespaceId,
  context: ClientContext,
): Promise<string> {
  const place = placeOf(origin, namespace);
  const { sha256 } = await context.provider(1);
  return `/mirrors/${toHex(sha256(utf8(origin.slice(0, -place.length))))}${place}/checkpoint`;
}

function placeOf(origin: string, namespace: NamespaceId): string {
  return origin.endsWith(SUPER) ? SUPER : `/ns/${namespace}`;
}

async function requireOneHistory(
  { context, namespace }: TreeSession,
  kept: Checkpoint,
  tree: Checkpoint,
  call: CallOptions,
): Promise<void> {
  if (await isOneHistory(context.transport, namespace, [kept, tree], call)) return;
  throw refusal(
    'inconsistent-checkpoint',
    `the copy and ${kept.origin} have two trees of one size`,
    { size: kept.size },
  );
}
