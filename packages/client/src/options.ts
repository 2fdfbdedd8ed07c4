import {
  type Clock,
  type CryptoProvider,
  type NoteKey,
  type PlainAlgorithmId,
  type Policy,
  ProtocolError,
  parseVerifierKey,
  type Random,
  type Scheduler,
} from '@basalt/protocol';
import { systemClock, systemRandom, systemScheduler } from './defaults.ts';
import { ClientError } from './errors.ts';
import type { Handshakes } from './handshake/handshakes.ts';
import type { NegotiatedSession } from './handshake/session-cache.ts';
import { RETRIES_DEFAULT, TIMEOUT_MS_DEFAULT } from './limits.ts';
import { type CheckpointStorage, createMemoryStorage } from './storage.ts';
import { createTransport, type FetchFunction, type Transport } from './transport.ts';

/**
 * Gives a provider for the checks of these signatures, all of one algorithm; without any, one for
 * hashing. It may load code first, or ask the browser's own cryptography (see `createWebProvider`).
 */
export type ProviderSource = (
  algorithm: PlainAlgorithmId,
  claims?: readonly KeyedClaim[],
) => CryptoProvider | Promise<CryptoProvider>;

/** One plain signature to check. */
export interface KeyedClaim {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export interface ExaminerOptions {
  /** Address of the node, e.g. `http://127.0.0.1:8080`; '' for the page's own origin. */
  readonly url: string;
  readonly fetch?: FetchFunction;
  /** `none` returns what the node says, unchecked, and says so. Default `full`. */
  readonly verify?: 'full' | 'none';
  /** A parsed tlog-policy: its logs are the pinned keys, its quorum must be met. */
  readonly policy?: Policy;
  /**
   * Refuse a checkpoint that the quorum of the policy cosigned longer ago than this
   * (`stale-checkpoint`): somebody in between may show a first-time reader an old one for ever. A
   * log to which nothing is added is not cosigned anew, so its checkpoint ages too. Needs a policy
   * with a quorum: nobody else says when. Without this the age is told, and nothing is refused.
   */
  readonly staleAfterSeconds?: number;
  /**
   * Verifier keys (vkey lines) of the logs to believe: a node's own (name = its origin, good for
   * all its logs) or single logs' (name = checkpoint origin). Without these and without a policy
   * the key is taken at first use and kept in `storage`.
   */
  readonly verifierKeys?: readonly string[];
  /** Default: memory, gone with the process. */
  readonly storage?: CheckpointStorage;
  /** Default: every suite in plain JavaScript, loaded when first needed. */
  readonly provider?: CryptoProvider | ProviderSource;
  /** Bearer token for a node that takes new namespaces from its administrators only. */
  readonly token?: string;
  /**
   * Reads may be answered by a cache with what is this many seconds older than its freshness
   * (`Cache-Control: max-stale`): quicker, and still there while the node is away. What comes is
   * checked as ever; it may be an older head or checkpoint. Without it a node or cache revalidates.
   */
  readonly staleOkSeconds?: number;
  /**
   * Handshakes with servers that know of them: requests then carry a session in place of
   * preferences. Without it nothing is negotiated. See `createHandshakes`.
   */
  readonly handshakes?: Handshakes;
  /** Attempts after the first; default 5. */
  readonly retries?: number;
  /** One attempt; default 30,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly scheduler?: Scheduler;
}

/** What every part of the client is given. */
export interface ClientContext {
  readonly transport: Transport;
  readonly verify: 'full' | 'none';
  readonly policy: Policy | undefined;
  readonly staleAfterSeconds: number | undefined;
  readonly pinnedKeys: readonly NoteKey[];
  readonly storage: CheckpointStorage;
  readonly provider: ProviderSource;
  readonly token: string | undefined;
  /** What was negotiated with the node; undefined where nothing was. */
  readonly session: () => Promise<NegotiatedSession | undefined>;
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
}

/** @throws ClientError kind `usage` with the code of what is wrong in an option */
export function createContext(options: ExaminerOptions): ClientContext {
  const { clock = systemClock, random = systemRandom, scheduler = systemScheduler } = options;
  const { provider = loadDefaultProvider } = options;
  const plain = createTransport({
    url: options.url.replace(/\/+$/, ''),
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    clock,
    scheduler,
    random,
    retries: options.retries ?? RETRIES_DEFAULT,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS_DEFAULT,
    staleOkSeconds: options.staleOkSeconds,
  });
  const { handshakes } = options;
  const storage = options.storage ?? createMemoryStorage();
  const source: ProviderSource = typeof provider === 'function' ? provider : () => provider;
  const parts = { transport: plain, storage, provider: source, clock, random };
  return {
    transport: handshakes === undefined ? plain : handshakes.wrap(parts),
    session: async () => await handshakes?.open(parts),
    verify: options.verify ?? 'full',
    policy: options.policy,
    staleAfterSeconds: staleLimit(options.policy, options.staleAfterSeconds),
    pinnedKeys: asUsage(() => (options.verifierKeys ?? []).map((line) => parseVerifierKey(line))),
    storage,
    provider: source,
    token: options.token,
    clock,
    random,
    scheduler,
  };
}

/** @throws ClientError `no-trust` where no witness would say how old a checkpoint is */
export function staleLimit(
  policy: Policy | undefined,
  staleAfterSeconds: number | undefined,
): number | undefined {
  if (staleAfterSeconds !== undefined && (policy?.quorum ?? 'none') === 'none') {
    const message = 'an age can be asked for only with a policy that has a quorum of witnesses';
    throw new ClientError('usage', 'no-trust', message);
  }
  return staleAfterSeconds;
}

/** Loaded apart, so that a page which brings a smaller provider leaves this one out. */
export async function loadDefaultProvider(): Promise<CryptoProvider> {
  return (await import('./default-provider.ts')).nobleProvider;
}

/** What `protocol` says about the caller's own input is a usage error. */
export function asUsage<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ClientError('usage', error.code, error.message, error.metadata, { cause: error });
  }
}
