import type { Clock, NoteSuites } from '@basalt/protocol';
import type { RouteRequest } from '../routes.ts';
import { PeerError } from './errors.ts';
import type { NodeId } from './node-id.ts';
import type { PathList } from './path-list.ts';
import { parsePath } from './path-list.ts';
import type { PeerBook } from './peer-book.ts';
import type { ReplayGuard } from './replay-guard.ts';
import { PATH_FIELD } from './sign-request.ts';
import { type Caller, isSigned, verifyRequest } from './verify-request.ts';

export interface AuthenticateParts {
  readonly suites: NoteSuites;
  readonly replays: ReplayGuard;
  readonly clock: Clock;
  readonly book: PeerBook;
  readonly authorities: () => readonly string[];
  readonly ownId: NodeId;
  /** `accept_unsigned_relay` of the seed: take calls without a signature, and of any key. */
  readonly acceptUnsigned: boolean;
  /** `max_relay_hops` of the seed. */
  readonly hopsMax: number;
}

/** A call that was let in. */
export interface IncomingCall {
  /** undefined: unsigned, by whomever. */
  readonly caller: Caller | undefined;
  readonly path: PathList;
  /** This node is in the path already: the call goes round in a circle and is dropped. */
  readonly isLoop: boolean;
}

/**
 * Lets a peer call in, or says why not.
 * @throws PeerError the codes of `verifyRequest`, `too-many-hops`, `bad-request`
 */
export function authenticate(request: RouteRequest, parts: AuthenticateParts): IncomingCall {
  const { acceptUnsigned, book, clock, ownId, hopsMax } = parts;
  let caller: Caller | undefined;
  if (isSigned(request) || !acceptUnsigned) {
    caller = verifyRequest(request, {
      suites: parts.suites,
      replays: parts.replays,
      nowMs: clock.nowMs(),
      authorities: parts.authorities(),
      ...(acceptUnsigned ? {} : { isKnown: (key) => book.isKnown(key) }),
    });
  }
  const path = parsePath(request.header(PATH_FIELD));
  if (path.length > hopsMax) {
    throw new PeerError('too-many-hops', `expected at most ${hopsMax} hops`, {
      hops: path.length,
    });
  }
  return { caller, path, isLoop: path.includes(ownId) };
}
