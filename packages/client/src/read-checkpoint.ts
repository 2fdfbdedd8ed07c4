import { admitTree } from './admit-tree.ts';
import { fetchCheckpoint } from './requests.ts';
import type { NamespaceSession } from './session.ts';
import type { CallOptions, VerifiedCheckpoint } from './types.ts';
import { whenCovered } from './when-covered.ts';

/**
 * The newest checkpoint, accepted; of a namespace that was just founded it is waited for.
 *
 * @throws ClientError codes of `LogView.admit`; `not-covered`
 */
export async function readCheckpoint(
  session: NamespaceSession,
  call: CallOptions,
): Promise<VerifiedCheckpoint> {
  const { context, namespace } = session;
  const ask = (): Promise<string> => fetchCheckpoint(context.transport, namespace, call);
  const note = await whenCovered(context, ask, call);
  return (await admitTree(session, note, 0, call)).admitted;
}
