import { equalBytes, type Hash32, type NamespaceId, rangeRoot } from '@basalt/protocol';
import { proveConsistency, type VerifiedConsistency } from './consistency.ts';
import { refusal, refuseUnless } from './errors.ts';
import { asObject, countField, hashField, hashListField, parseJson, timeField } from './json.ts';
import type { NamespaceSession } from './session.ts';
import type { CallOptions } from './types.ts';

/** What is needed to append to and verify a namespace from `height` on with nothing older. */
export interface VerifiedSnapshot {
  readonly namespace: NamespaceId;
  readonly height: number;
  /** Checked: the root of the first `height` leaves of the log. */
  readonly root: Hash32;
  /** Checked: they make up that root, largest sub-tree first. */
  readonly peaks: readonly Hash32[];
  /** The node's word. */
  readonly totalSizeBytes: number;
  /** The node's word; milliseconds since the Unix epoch. */
  readonly createdMs: number;
  /** How it hangs together with the newest checkpoint. */
  readonly consistency: VerifiedConsistency;
}

/** @throws ClientError kind `refused`: `invalid-proof`, `wrong-block`, codes of `LogView.admit` */
export async function readSnapshot(
  session: NamespaceSession,
  height: number,
  call: CallOptions,
): Promise<VerifiedSnapshot> {
  const { context, namespace } = session;
  const path = `/chains/${namespace}/snapshots/${height}`;
  const reply = await context.transport.request(path, {
    headers: { accept: 'application/json' },
    signal: call.signal,
  });
  const object = asObject(parseJson(reply.body), 'the whole');
  if (object['namespace'] !== namespace || countField(object, 'height') !== height) {
    throw refusal('wrong-block', 'the snapshot is of another namespace or height');
  }
  const root = hashField(object, 'root');
  const peaks = hashListField(object, 'peaks');
  const own = refuseUnless(() => rangeRoot({ size: height, peaks }, session.hash));
  if (!equalBytes(own, root)) {
    throw refusal('invalid-proof', 'the peaks of the snapshot do not make up its root', { height });
  }
  return {
    namespace,
    height,
    root,
    peaks,
    totalSizeBytes: countField(object, 'totalSizeBytes'),
    createdMs: timeField(object, 'createdMs'),
    consistency: await proveConsistency(session, { size: height, root }, call),
  };
}
