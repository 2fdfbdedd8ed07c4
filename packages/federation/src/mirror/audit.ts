import {
  type Checkpoint,
  decodeBlock,
  decodeBundle,
  entriesPath,
  equalBytes,
  fromUtf8,
  leafHash,
  type NamespaceId,
  type NoteKey,
  type NoteSuites,
  openCheckpoint,
  ProtocolError,
  type Random,
  TILE_WIDTH,
  tilePath,
  tileWidth,
  verifyInclusion,
} from '@basalt/protocol';
import { countMember, jsonObject } from '../peer/json-body.ts';
import { type PeerCaller, requireOk } from '../peer/peer-caller.ts';
import type { TransportReply } from '../peer/transport.ts';
import { Lie } from '../relay/lie.ts';
import {
  BLOCK_ANSWER_BYTES_MAX,
  NOTE_ANSWER_BYTES_MAX,
  TILE_ANSWER_BYTES_MAX,
} from '../relay/limits.ts';
import { BLOCKS_TYPE, requireOwnPayload } from '../relay/log-reader.ts';
import { inclusionOver, type TileSource } from '../relay/tree-access.ts';
import { AUDIT_SAMPLES, AUDIT_SAMPLES_MAX } from './limits.ts';
import { lineHash } from './mirrored-log.ts';

export interface AuditRequest {
  /** Address of the mirror. */
  readonly url: string;
  readonly namespace: NamespaceId;
  /** Key of the log; its name is the log's origin line. */
  readonly logKey: NoteKey;
  readonly mirrorKey: NoteKey;
  /** Entries to read; default 16. */
  readonly samples?: number;
}

export interface AuditParts {
  readonly caller: PeerCaller;
  readonly suites: NoteSuites;
  readonly random: Random;
}

/** What was looked at. */
export interface AuditReport {
  readonly size: number;
  readonly minimumIndex: number;
  /** Whether the mirror says that what it has now it keeps for ever. */
  readonly keepsPayloads: boolean;
  readonly indexes: readonly number[];
}

/**
 * Takes a mirror at its word: reads random entries and payloads below the size that it cosigned
 * and proves each against that checkpoint. One missing entry in n is found with probability
 * 1 - (1 - 1/n)^samples, so a mirror that lacks a tenth shows it in 16 reads four times out of
 * five.
 *
 * @throws Lie `missing-data`, `altered-block`, `bad-tile`, `bad-signature`, with the cosigned note
 *   as evidence; PeerError when it cannot be asked
 */
export async function auditMirror(parts: AuditParts, request: AuditRequest): Promise<AuditReport> {
  const { url, logKey } = request;
  const base = `/mirror/${lineHash(logKey.name)}`;
  const { note, checkpoint } = await readClaim(parts, request, base);
  const { minimum, keepsPayloads } = await readExtent(parts, url, base);
  const span = checkpoint.size - minimum;
  const count = span <= 0 ? 0 : Math.min(request.samples ?? AUDIT_SAMPLES, AUDIT_SAMPLES_MAX);
  const indexes = Array.from({ length: count }, () => minimum + below(parts.random, span));
  for (const index of indexes) {
    try {
      await checkEntry(parts, request, { base, checkpoint, index });
    } catch (error) {
      throw withClaim(error, { url, note, index, base });
    }
  }
  return { size: checkpoint.size, minimumIndex: minimum, keepsPayloads, indexes };
}

async function readClaim(
  { caller, suites }: AuditParts,
  { url, logKey, mirrorKey }: AuditRequest,
  base: string,
): Promise<{ note: string; checkpoint: Checkpoint }> {
  const target = `${base}/checkpoint`;
  const bytesMax = NOTE_ANSWER_BYTES_MAX;
  const reply = requireOk(await caller.read({ url, target, accept: 'text/plain', bytesMax }), url);
  const note = fromUtf8(reply.body);
  try {
    const options = { origin: logKey.name, witnesses: [mirrorKey] };
    const { checkpoint, verified } = openCheckpoint(note, [logKey], suites, options);
    if (!verified.some(({ key }) => key === mirrorKey)) {
      throw new ProtocolError('invalid-signature', 'expected the cosignature of the mirror');
    }
    return { note, checkpoint };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new Lie('bad-signature', url, error.message, { note }, { cause: error });
  }
}

/** Payloads below the minimum were let go by a policy that the mirror tells. */
async function readExtent(
  { caller }: AuditParts,
  url: string,
  base: string,
): Promise<{ minimum: number; keepsPayloads: boolean }> {
  const reply = requireOk(await caller.read({ url, target: `${base}/extent` }), url);
  const extent = jsonObject(reply.body, 'bad-answer');
  const minimum = countMember(extent, 'minimumIndex', 'bad-answer');
  return { minimum, keepsPayloads: extent['keepsPayloads'] === true };
}

async function checkEntry(
  { caller }: AuditParts,
  { url, namespace }: AuditRequest,
  at: { readonly base: string; readonly checkpoint: Checkpoint; readonly index: number },
): Promise<void> {
  const { base, checkpoint, index } = at;
  const { size, root } = checkpoint;
  const read = async (target: string, bytesMax: number, accept?: string): Promise<Uint8Array> => {
    const asked =
      accept === undefined ? { url, target, bytesMax } : { url, target, bytesMax, accept };
    return held(await caller.read(asked), url, target).body;
  };
  const tile = Math.floor(index / TILE_WIDTH);
  const width = tileWidth(0, tile, size);
  const bundle = await read(
    `${base}/${entriesPath({ index: tile, width })}`,
    BLOCK_ANSWER_BYTES_MAX,
  );
  const entry = decodeBundle(bundle, width)[index % TILE_WIDTH] as Uint8Array;
  const tiles: TileSource = (level, number, hashes) =>
    read(`${base}/${tilePath({ level, index: number, width: hashes })}`, TILE_ANSWER_BYTES_MAX);
  const proof = await inclusionOver(index, size, tiles);
  verifyInclusion({ leafHash: leafHash(entry), index, size, root, proof });
  const target = `/chains/${namespace}/blocks?from=${index}&count=1`;
  const block = decodeBlock(await read(target, BLOCK_ANSWER_BYTES_MAX, BLOCKS_TYPE));
  if (!equalBytes(block.entry.bytes, entry)) {
    throw new Lie('altered-block', url, `two different blocks ${index}`, { target });
  }
  requireOwnPayload(url, block);
}

/** An answer, from a node that says to have it. @throws Lie `missing-data` */
function held(reply: TransportReply, url: string, target: string): TransportReply {
  if (reply.status === 404 || reply.status === 410) {
    throw new Lie('missing-data', url, `${target} is not there`, {
      target,
      status: String(reply.status),
    });
  }
  if (reply.isCut) throw new Lie('endless-body', url, `${target} does not end`, { target });
  return requireOk(reply, `${url}${target}`);
}

/** The claim goes with what refutes it, so that others can judge. */
function withClaim(
  error: unknown,
  { url, note, index, base }: { url: string; note: string; index: number; base: string },
): unknown {
  const evidence = { note, index: String(index), log: base };
  if (error instanceof Lie) {
    return new Lie(error.reason, url, error.message, { ...error.evidence, ...evidence });
  }
  if (!(error instanceof ProtocolError)) return error;
  const message = `entry ${index} is not under the cosigned root: ${error.message}`;
  return new Lie('altered-block', url, message, evidence, { cause: error });
}

/** Uniform enough: 2^48 values over the span. */
function below(random: Random, span: number): number {
  const bytes = random.bytes(6);
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return value % span;
}
