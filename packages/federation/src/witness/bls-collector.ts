import {
  fromBase64,
  fromUtf8,
  type HashFunction,
  parseCheckpoint,
  parseNote,
} from '@basalt/protocol';
import type { PeerTransport } from '../peer/transport.ts';
import {
  type BlsCommittee,
  type BlsWitness,
  encodeBlsAggregate,
  isBlsCosignature,
} from './bls-cosignature.ts';
import { BLS_SHARE_BYTES_MAX } from './limits.ts';
import { originHash } from './state.ts';

export interface BlsCollectorParts {
  readonly committee: BlsCommittee;
  /** Monitoring prefix of a member, undefined for one that is not asked. */
  readonly urlOf: (member: BlsWitness) => string | undefined;
  readonly transport: PeerTransport;
  readonly sha256: HashFunction;
}

/**
 * Asks the members for their shares over a note that they have cosigned, and makes one aggregate of
 * the good ones: what `ChainCheckpointsComponents.aggregate` takes.
 *
 * @returns a function that gives undefined when nobody gave a share
 */
export function createBlsCollector(
  parts: BlsCollectorParts,
): (note: string) => Promise<Uint8Array | undefined> {
  const { committee } = parts;
  return async (note) => {
    const { text } = parseNote(note);
    const hash = originHash(parseCheckpoint(text).origin, parts.sha256);
    const shares = new Map<number, Uint8Array>();
    await Promise.all(
      committee.members.map(async (member, place) => {
        const share = await fetchShare(parts, member, hash).catch(() => undefined);
        if (share !== undefined && isBlsCosignature(share, text, member, committee)) {
          shares.set(place, share);
        }
      }),
    );
    return shares.size === 0 ? undefined : encodeBlsAggregate(shares, committee);
  };
}

async function fetchShare(
  { transport, urlOf }: BlsCollectorParts,
  member: BlsWitness,
  hash: string,
): Promise<Uint8Array | undefined> {
  const url = urlOf(member);
  if (url === undefined) return undefined;
  const reply = await transport({
    url,
    method: 'GET',
    target: `/${hash}/bls`,
    fields: {},
    bytesMax: BLS_SHARE_BYTES_MAX,
  });
  if (reply.status !== 200 || reply.isCut) return undefined;
  return fromBase64(fromUtf8(reply.body).trim());
}
