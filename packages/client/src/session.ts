import type { HashFunction, NamespaceId } from '@basalt/protocol';
import { NAMESPACES_KEPT_MAX } from './limits.ts';
import { resolveLogTrust } from './log-trust.ts';
import { createLogView, type LogView } from './log-view.ts';
import type { ClientContext } from './options.ts';
import { fetchConsistency, fetchNamespace } from './requests.ts';
import type { CallOptions } from './types.ts';
import { createWriters, type Writers } from './writers.ts';

/** What this client knows about one namespace while it runs. */
export interface NamespaceSession {
  readonly namespace: NamespaceId;
  readonly context: ClientContext;
  readonly log: LogView;
  readonly writers: Writers;
  readonly hash: HashFunction;
}

export interface Sessions {
  /** @throws ClientError `no-trust`, `wrong-origin` and what the first request throws */
  open(namespace: NamespaceId, call: CallOptions): Promise<NamespaceSession>;
}

/** Sessions by namespace, the one that was quiet longest dropped first. */
export function createSessions(context: ClientContext): Sessions {
  const sessions = new Map<NamespaceId, Promise<NamespaceSession>>();
  return {
    open(namespace, call) {
      let session = sessions.get(namespace);
      if (session === undefined) {
        session = openSession(context, namespace, call);
        // A failure is not remembered: the next call tries again.
        session.catch(() => sessions.delete(namespace));
      } else {
        sessions.delete(namespace);
      }
      sessions.set(namespace, session);
      const oldest = sessions.keys().next();
      if (sessions.size > NAMESPACES_KEPT_MAX && !oldest.done) sessions.delete(oldest.value);
      return session;
    },
  };
}

async function openSession(
  context: ClientContext,
  namespace: NamespaceId,
  call: CallOptions,
): Promise<NamespaceSession> {
  const { transport, storage } = context;
  const trust = await resolveLogTrust(context, {
    namespace,
    call,
    askVerifierKey: async () => (await fetchNamespace(transport, namespace, call)).verifierKey,
  });
  const log = createLogView({
    trust,
    storage,
    freshness: context,
    fetchConsistency: (from, to, inner) =>
      fetchConsistency(transport, namespace, { from, to }, inner),
  });
  const { sha256 } = await context.provider(1);
  const parts = { namespace, context, log, hash: sha256 };
  return { ...parts, writers: createWriters(parts) };
}
