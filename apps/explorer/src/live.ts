import { ClientError, type Examiner, type NodeEvent } from '@basalt/client';

export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly untilMs: number };

/** The page's one event stream; browsers allow six connections to a node, so parts share it. */
export interface Live {
  readonly state: LiveState;
  /** Calls back for each event until the returned function is called. */
  on(listener: (event: NodeEvent) => void): () => void;
  onState(listener: (state: LiveState) => void): void;
}

/** Starts to listen; it goes on for as long as the page is open. */
export function startLive(client: Examiner): Live {
  const listeners = new Set<(event: NodeEvent) => void>();
  const stateListeners = new Set<(state: LiveState) => void>();
  let state: LiveState = { kind: 'connecting' };
  const setState = (next: LiveState): void => {
    state = next;
    for (const listener of stateListeners) listener(next);
  };
  const onDisconnect = (_error: unknown, delayMs: number): void =>
    setState({ kind: 'lost', untilMs: Date.now() + delayMs });
  const listen = async (): Promise<void> => {
    for await (const event of client.events({ onDisconnect })) {
      if (event.kind === 'connected') setState({ kind: 'live' });
      for (const listener of listeners) listener(event);
    }
  };
  const listenAgain = (): void => {
    listen().catch((error: unknown) => {
      // The node refused the stream (too many readers, say); the client retries all else itself.
      if (!(error instanceof ClientError)) throw error;
      onDisconnect(error, REFUSED_PAUSE_MS);
      setTimeout(listenAgain, REFUSED_PAUSE_MS);
    });
  };
  listenAgain();
  return {
    get state() {
      return state;
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onState(listener) {
      stateListeners.add(listener);
      listener(state);
    },
  };
}

const REFUSED_PAUSE_MS = 10_000;
