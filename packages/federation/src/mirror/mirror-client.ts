import type { Ledger } from '@basalt/ledger';
import {
  concatBytes,
  consistencyProof,
  formatAddCheckpoint,
  fromUtf8,
  type Hash32,
  type NamespaceId,
  type NoteKey,
  type NoteSuites,
  ProtocolError,
  parseCheckpoint,
  parseNote,
  parseSignatureLines,
  utf8,
  verifyNote,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import type { PeerCaller } from '../peer/peer-caller.ts';
import type { TransportReply } from '../peer/transport.ts';
import { ownTiles } from '../relay/own-log.ts';
import { overTiles, subtreeProofOver } from '../relay/tree-access.ts';
import {
  encodeAddEntriesHead,
  encodePackage,
  packageRanges,
  parseMirrorInfo,
} from './add-entries.ts';
import { PACKAGES_MAX, PUSH_REQUESTS_MAX } from './limits.ts';

export interface MirrorPushParts {
  readonly ledger: Ledger;
  readonly caller: PeerCaller;
  readonly suites: NoteSuites;
}

export interface MirrorTarget {
  /** Address of the mirror. */
  readonly url: string;
  /** Its cosigner key: only a signature of it counts. */
  readonly key: NoteKey;
}

/** What a mirror has said that it holds durably. */
export interface MirrorReceipt {
  readonly size: number;
  /** The log's note with the mirror's cosignature. */
  readonly note: string;
}

/**
 * Brings a log of this node to a mirror and gets its cosignature (c2sp.org/tlog-mirror): pending
 * checkpoint first, then packages of at most 256 entries, at most 32 in a request.
 *
 * @throws PeerError `unreachable`, `refused`, `bad-answer`
 */
export async function pushToMirror(
  parts: MirrorPushParts,
  { url, key }: MirrorTarget,
  namespace: NamespaceId,
): Promise<MirrorReceipt> {
  const note = await parts.ledger.checkpoint(namespace);
  if (note === undefined) throw new PeerError('not-found', 'the log has no checkpoint yet');
  const { origin, size } = parseCheckpoint(parseNote(note).text);
  const post = (target: string, body: Uint8Array, mediaType: string): Promise<TransportReply> =>
    parts.caller.send({ url, method: 'POST', target, body, mediaType, accept: '*/*' });
  await proposeCheckpoint(parts.ledger, namespace, note, (body) =>
    post('/mirror/add-checkpoint', body, 'text/plain; charset=utf-8'),
  );
  let start = 0;
  // The first request learns where the mirror is: no package, and a start that may be too low.
  for (let requests = 0; requests < PUSH_REQUESTS_MAX; requests++) {
    const body =
      requests === 0
        ? encodeAddEntriesHead({ origin, uploadStart: size, uploadEnd: size, ticket: NO_TICKET })
        : await uploadBody(parts.ledger, namespace, { origin, start, size });
    const reply = await post('/mirror/add-entries', body, 'application/octet-stream');
    if (reply.status === 200) return receipt(note, size, fromUtf8(reply.body), key, parts.suites);
    if (reply.status !== 202 && reply.status !== 409) {
      throw new PeerError('refused', `${url}: add-entries: status ${reply.status}`);
    }
    const { treeSize, nextEntry } = parseMirrorInfo(fromUtf8(reply.body));
    const isStuck = requests > 0 && nextEntry <= start;
    if (treeSize !== size || isStuck) {
      throw new PeerError('refused', `${url}: the mirror is at ${nextEntry} of ${treeSize}`);
    }
    start = Math.min(nextEntry, size);
  }
  throw new PeerError('refused', `${url}: more than ${PUSH_REQUESTS_MAX} requests; push again`);
}

const NO_TICKET = new Uint8Array(0);

/** Offers the checkpoint; a 409 tells from which size the mirror wants the proof. */
async function proposeCheckpoint(
  ledger: Ledger,
  namespace: NamespaceId,
  note: string,
  post: (body: Uint8Array) => Promise<TransportReply>,
): Promise<void> {
  const { size } = parseCheckpoint(parseNote(note).text);
  let oldSize = 0;
  for (let attempt = 0; attempt < 3; attempt++) {
    const proof = await ownConsistency(ledger, namespace, oldSize, size);
    const reply = await post(utf8(formatAddCheckpoint({ oldSize, proof, note: parseNote(note) })));
    if (reply.status === 200) return;
    const told = Number(fromUtf8(reply.body).trim());
    if (reply.status !== 409 || !Number.isSafeInteger(told) || told > size) {
      throw new PeerError('refused', `add-checkpoint: status ${reply.status}`);
    }
    oldSize = told;
  }
  throw new PeerError('refused', 'add-checkpoint: the pending checkpoint keeps moving');
}

function ownConsistency(
  ledger: Ledger,
  namespace: NamespaceId,
  from: number,
  to: number,
): Promise<Hash32[]> {
  return overTiles(to, ownTiles(ledger, namespace), (read) => consistencyProof(from, to, read));
}

async function uploadBody(
  ledger: Ledger,
  namespace: NamespaceId,
  { origin, start, size }: { origin: string; start: number; size: number },
): Promise<Uint8Array> {
  const head = { origin, uploadStart: start, uploadEnd: size, ticket: NO_TICKET };
  const parts = [encodeAddEntriesHead(head)];
  const tiles = ownTiles(ledger, namespace);
  for (const range of packageRanges(start, size)) {
    if (parts.length > PACKAGES_MAX) break;
    const entries = await ledger.entries(namespace, range.start, range.end - range.start);
    const subtree = { start: range.aligned, end: range.end, size };
    parts.push(encodePackage(entries, await subtreeProofOver(subtree, tiles)));
  }
  return concatBytes(...parts);
}

/** The mirror's line under our note. @throws PeerError `bad-answer` when it is not its signature */
function receipt(
  note: string,
  size: number,
  lines: string,
  key: NoteKey,
  suites: NoteSuites,
): MirrorReceipt {
  try {
    parseSignatureLines(lines);
    const cosigned = note + lines;
    verifyNote(cosigned, [key], suites);
    return { size, note: cosigned };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PeerError('bad-answer', `no cosignature of ${key.name}: ${error.message}`);
  }
}
