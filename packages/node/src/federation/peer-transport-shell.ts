import { createFetchTransport, type PeerTransport } from '@basalt/federation';
import type { Logger } from '@basalt/telemetry';
import { systemScheduler } from '../system-shell.ts';

/** The way to other nodes, over HTTP; each call is a line of the part `peers` at level debug. */
export function createPeerTransport(logger: Logger): PeerTransport {
  const told = logger.child({ part: 'peers' });
  const nowMs = (): number => performance.now();
  const call = createFetchTransport({
    fetch: globalThis.fetch,
    scheduler: systemScheduler,
    nowMs,
  });
  return async (request) => {
    if (!told.isEnabled('debug')) return await call(request);
    const { url, method, target } = request;
    const startMs = nowMs();
    const tell = (what: { status: number } | { reason: string }): void =>
      told.debug('called', { url, method, target, ...what, milliseconds: nowMs() - startMs });
    try {
      const reply = await call(request);
      tell({ status: reply.status });
      return reply;
    } catch (error) {
      tell({ reason: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  };
}
