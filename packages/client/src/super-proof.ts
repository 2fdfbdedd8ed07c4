import {
  decodeSuperTreeProof,
  equalBytes,
  type NamespaceId,
  type SuperInclusion,
  type SuperStatement,
  verifySuperInclusion,
} from '@basalt/protocol';
import { refusal, refuseUnless } from './errors.ts';
import { asObject, base64Field, hashField, type JsonObject, parseJson } from './json.ts';
import type { LogView } from './log-view.ts';
import type { ClientContext } from './options.ts';
import { readProof } from './requests.ts';
import type { Sessions } from './session.ts';
import type { BlockProof, CallOptions, VerifiedCheckpoint } from './types.ts';

/** What the super-log says about a namespace, checked. */
export interface VerifiedSuperProof extends SuperStatement {
  readonly namespace: NamespaceId;
  /** The proof itself, for whoever passes it on. */
  readonly inclusion: SuperInclusion;
  /** The super-log's checkpoint under which all this stands. */
  readonly checkpoint: VerifiedCheckpoint;
}

/** What a node says, before anything of it was checked. */
interface ServedSuperProof {
  readonly object: JsonObject;
  /** Of the super-log's block. */
  readonly proof: BlockProof;
}

/**
 * Size, root and head of a namespace under the super-log, or that it did not exist at that epoch.
 *
 * @throws ClientError kind `refused`: `invalid-proof`, codes of `LogView.admit`; `not-covered`
 */
export async function readSuperProof(
  sessions: Sessions,
  context: ClientContext,
  namespace: NamespaceId,
  call: CallOptions,
): Promise<VerifiedSuperProof> {
  const served = await fetchSuperProof(context, namespace, call);
  const session = await sessions.open(served.proof.namespace, call);
  // The writers of the super-log are not needed, but that it is the log of this namespace is.
  await session.writers.upTo(1, call);
  return await checkSuperProof(served, { context, namespace, log: session.log }, call);
}

export async function fetchSuperProof(
  { transport }: ClientContext,
  namespace: NamespaceId,
  call: CallOptions,
): Promise<ServedSuperProof> {
  const reply = await transport.request(`/chains/${namespace}/super`, {
    headers: { accept: 'application/json' },
    signal: call.signal,
  });
  const object = asObject(parseJson(reply.body), 'the whole');
  return { object, proof: readProof(asObject(object['inclusion'], 'inclusion')) };
}

/** Checks a served proof against the super-log as `log` has seen it. */
export async function checkSuperProof(
  { object, proof }: ServedSuperProof,
  parts: {
    readonly context: ClientContext;
    readonly namespace: NamespaceId;
    readonly log: LogView;
  },
  call: CallOptions,
): Promise<VerifiedSuperProof> {
  const { context, namespace, log } = parts;
  const checkpoint = await log.admit(proof.checkpoint, call);
  const { size, root } = checkpoint.checkpoint;
  const provider = await context.provider(1);
  const inclusion: SuperInclusion = {
    treeProof: refuseUnless(() => decodeSuperTreeProof(base64Field(object, 'treeProof'))),
    superBlock: base64Field(object, 'superBlock'),
    size: proof.size,
    proof: proof.hashes,
  };
  const statement = refuseUnless(() =>
    verifySuperInclusion(inclusion, namespace, { size, root }, provider),
  );
  if (!equalBytes(statement.superRoot.root, hashField(object, 'superRoot'))) {
    throw refusal('invalid-proof', 'the super-root told is not the one in the super-log');
  }
  return { ...statement, namespace, inclusion, checkpoint };
}
