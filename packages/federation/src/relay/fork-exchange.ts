import { PeerError } from '../peer/errors.ts';
import { arrayMember, asObject, hexMember, jsonObject } from '../peer/json-body.ts';
import { type PeerCaller, requireOk } from '../peer/peer-caller.ts';
import { ExpiringMap } from './expiring-map.ts';
import { FORK_TYPE, type ForkKeeper } from './fork-keeper.ts';
import {
  FORK_LIST_BYTES_MAX,
  FORKS_EXCHANGED_MAX,
  FORKS_GIVEN_MS,
  FORKS_LISTED_MAX,
  SEEN_MAX,
} from './limits.ts';

export interface ForkExchangeParts {
  readonly forks: ForkKeeper;
  readonly caller: PeerCaller;
  readonly clock: { nowMs(): number };
}

const LIST = '/fork-proofs';

/**
 * Brings what two nodes know of forks together, in both directions. Proofs are told when they are
 * found; this is for who was away then, and for followers that the one they follow does not know.
 */
export class ForkExchange {
  readonly #parts: ForkExchangeParts;
  /** `<url> <hash>` of proofs that a node was brought: one that refuses them is not asked again. */
  readonly #given = new ExpiringMap<true>(SEEN_MAX, FORKS_GIVEN_MS);
  /** The same of proofs that were got there: one that is refused here must not hide the next. */
  readonly #asked = new ExpiringMap<true>(SEEN_MAX, FORKS_GIVEN_MS);

  constructor(parts: ForkExchangeParts) {
    this.#parts = parts;
  }

  /** @throws PeerError; Lie never: a proof that does not hold is left lying */
  async with(url: string): Promise<void> {
    const { forks, caller, clock } = this.#parts;
    const reply = await caller.read({ url, target: LIST, bytesMax: FORK_LIST_BYTES_MAX });
    // A node that does not list them, such as one without federation.
    if (reply.status === 404 || reply.status === 405) return;
    const list = jsonObject(requireOk(reply, url).body, 'bad-answer');
    const theirs = arrayMember(list, 'forks', FORKS_LISTED_MAX, 'bad-answer').map((item) =>
      hexMember(asObject(item, 'bad-answer'), 'hash', 32, 'bad-answer'),
    );
    const nowMs = clock.nowMs();
    const unknown = theirs.filter(
      (hash) => !forks.isKnown(hash) && !this.#asked.has(`${url} ${hash}`, nowMs),
    );
    for (const hash of unknown.slice(0, FORKS_EXCHANGED_MAX)) {
      this.#asked.set(`${url} ${hash}`, true, nowMs);
      const proof = await caller.read({ url, target: `${LIST}?hash=${hash}` });
      if (proof.status === 200) await forks.receive(proof.body);
    }
    const isNew = (hash: string): boolean => !this.#given.has(`${url} ${hash}`, nowMs);
    const missing = forks.known().filter((hash) => !theirs.includes(hash) && isNew(hash));
    for (const hash of missing.slice(0, FORKS_EXCHANGED_MAX)) {
      this.#given.set(`${url} ${hash}`, true, nowMs);
      const body = await forks.proof(hash);
      if (body === undefined) continue;
      const call = { url, method: 'POST', target: '/forks', mediaType: FORK_TYPE, body } as const;
      await caller.send(call);
    }
  }
}

/** For `GET /fork-proofs`. @throws PeerError `not-found` */
export async function readForkProof(forks: ForkKeeper, hash: string): Promise<Uint8Array> {
  const proof = /^[0-9a-f]{64}$/.test(hash) ? await forks.proof(hash) : undefined;
  if (proof === undefined) throw new PeerError('not-found', 'no fork proof of that hash is here');
  return proof;
}
