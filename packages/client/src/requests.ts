import {
  type BasicStrategy,
  type Block,
  decodeBlock,
  decodeBlockPrefix,
  decodeEntryPrefix,
  type Hash32,
  type NamespaceId,
  NOTE_BYTES_MAX,
  parseNamespaceId,
} from '@basalt/protocol';
import { ClientError, refusal, refuseUnless } from './errors.ts';
import {
  asArray,
  asObject,
  base64Field,
  countField,
  hashField,
  hashListField,
  type JsonObject,
  parseJson,
  textField,
  timeField,
} from './json.ts';
import { BATCH_BLOCKS_MAX, PAGE_BYTES_MAX } from './limits.ts';
import type { Reply, Transport } from './transport.ts';
import type { BlockProof, BlockReference, CallOptions } from './types.ts';

/**
 * The questions of the HTTP contract, each read into a value of the right form. Nothing here is
 * believed: callers check what comes out.
 */

export const BLOCK_TYPE = 'application/x-olocus-block';
export const BLOCKS_TYPE = 'application/x-basalt-blocks';
const HEADER_TYPE = 'application/x-basalt-header';
const JSON_TYPE = 'application/json';

/** What a node says about a namespace; unverified. */
export interface NamespaceSummary {
  readonly namespace: NamespaceId;
  readonly label: string;
  /** As told, e.g. `{ kind: 'per-writer', ... }`. */
  readonly strategy: unknown;
  readonly size: number;
  /** Hex; undefined for a namespace without blocks. */
  readonly headHash: string | undefined;
  readonly timestampMs: number;
  readonly checkpointSize: number;
  readonly frozenAt: number | undefined;
}

/** More of one namespace; unverified. */
export interface NamespaceDetail extends NamespaceSummary {
  readonly origin: string;
  /** Verifier key line of its checkpoints. */
  readonly verifierKey: string;
}

/** One page of a list that has more behind `next`. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Path of the next page. */
  readonly next: string | undefined;
}

async function fetchJson(
  transport: Transport,
  path: string,
  call: CallOptions,
): Promise<JsonObject> {
  const reply = await transport.request(path, {
    headers: { accept: JSON_TYPE },
    signal: call.signal,
  });
  return asObject(parseJson(reply.body), 'the whole');
}

export async function fetchNamespaces(
  transport: Transport,
  path: string,
  call: CallOptions,
): Promise<Page<NamespaceSummary>> {
  const reply = await transport.request(path, {
    headers: { accept: JSON_TYPE },
    signal: call.signal,
  });
  const value = parseJson(reply.body);
  const list = Array.isArray(value) ? value : asObject(value, 'the whole')['namespaces'];
  const items = asArray(list, 'namespaces', 1_000).map((item) =>
    readSummary(asObject(item, 'a namespace')),
  );
  return { items, next: nextLink(reply.headers.get('link')) };
}

/** What to search namespaces for; each part narrows it. */
export interface NamespaceSearch {
  /** Words, each the beginning of a word of label, topic or region; at most 8. */
  readonly words?: string;
  /** Beginning of the label, without regard to case. */
  readonly prefix?: string;
  /** A part of the strategy. */
  readonly kind?: BasicStrategy['kind'];
  /** Unix milliseconds: namespaces that may hold records of then or later. */
  readonly sinceMs?: number;
  /** Unix milliseconds: time shards that begin before. */
  readonly untilMs?: number;
}

/** Path of the first page of a search. */
export function searchPath(search: NamespaceSearch, count: number): string {
  const params = new URLSearchParams({ count: String(count) });
  const { words, prefix, kind, sinceMs, untilMs } = search;
  const given = { search: words, prefix, kind, since: sinceMs, until: untilMs };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) params.set(name, String(value));
  }
  return `/namespaces?${params.toString()}`;
}

export async function fetchNamespace(
  transport: Transport,
  idOrLabel: string,
  call: CallOptions,
): Promise<NamespaceDetail> {
  const object = await fetchJson(transport, `/chains/${encodeURIComponent(idOrLabel)}`, call);
  const summary = readSummary(object);
  return {
    ...summary,
    origin: textField(object, 'origin'),
    verifierKey: textField(object, 'verifierKey'),
  };
}

function readSummary(object: JsonObject): NamespaceSummary {
  const headHash = object['headHash'];
  const frozenAt = object['frozenAt'];
  return {
    namespace: refuseUnless(() => parseNamespaceId(textField(object, 'namespace'))),
    label: textField(object, 'label'),
    strategy: object['strategy'],
    size: countField(object, 'size'),
    headHash: typeof headHash === 'string' ? headHash : undefined,
    timestampMs: timeField(object, 'timestampMs'),
    checkpointSize: countField(object, 'checkpointSize'),
    frozenAt: typeof frozenAt === 'number' ? frozenAt : undefined,
  };
}

/** A block in wire form; header form where its payload was pruned. */
export async function fetchBlock(
  transport: Transport,
  reference: BlockReference,
  call: CallOptions,
): Promise<Block> {
  const path = blockPath(reference);
  return readBlock(transport, path, call);
}

/** The head in wire form. */
export function fetchHead(
  transport: Transport,
  namespace: NamespaceId,
  call: CallOptions,
): Promise<Block> {
  return readBlock(transport, `/chains/${namespace}/head`, call, true);
}

async function readBlock(
  transport: Transport,
  path: string,
  call: CallOptions,
  isFresh = false,
): Promise<Block> {
  const reply = await transport.request(path, {
    headers: { accept: BLOCK_TYPE },
    bytesMax: PAGE_BYTES_MAX,
    signal: call.signal,
    isFresh,
  });
  return refuseUnless(() => decodeBlock(reply.body));
}

export function blockPath(reference: BlockReference): string {
  return typeof reference === 'string'
    ? `/blocks/${reference}`
    : `/chains/${reference.namespace}/blocks/${reference.index}`;
}

/**
 * Blocks from `from` on, header forms where the payloads were pruned; the node may end a page
 * early.
 */
export async function fetchBlocks(
  transport: Transport,
  namespace: NamespaceId,
  range: { readonly from: number; readonly count: number },
  call: CallOptions,
): Promise<Block[]> {
  const path = `/chains/${namespace}/blocks?from=${range.from}&count=${range.count}`;
  const ask = (target: string, accept: string): Promise<Reply> =>
    transport.request(target, {
      headers: { accept },
      bytesMax: PAGE_BYTES_MAX,
      signal: call.signal,
    });
  try {
    return readBlocks((await ask(path, BLOCKS_TYPE)).body, range.count);
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'pruned') throw error;
    return readEntries((await ask(`${path}&payloads=0`, HEADER_TYPE)).body, range.count);
  }
}

function readEntries(bytes: Uint8Array, blocksMax: number): Block[] {
  const blocks: Block[] = [];
  for (let offset = 0; offset < bytes.length && blocks.length < blocksMax; ) {
    const start = offset;
    const { entry, end } = refuseUnless(() => decodeEntryPrefix(bytes, start));
    const isEmpty = entry.header.payloadLength === 0;
    blocks.push({ entry, payload: isEmpty ? new Uint8Array(0) : undefined });
    offset = end;
  }
  return blocks;
}

export async function fetchKeyBlocks(
  transport: Transport,
  namespace: NamespaceId,
  blocksMax: number,
  call: CallOptions,
): Promise<Block[]> {
  const reply = await transport.request(`/chains/${namespace}/keys`, {
    headers: { accept: BLOCKS_TYPE },
    bytesMax: PAGE_BYTES_MAX,
    signal: call.signal,
    isFresh: true,
  });
  return readBlocks(reply.body, blocksMax);
}

function readBlocks(bytes: Uint8Array, blocksMax: number): Block[] {
  const blocks: Block[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (blocks.length === blocksMax) {
      throw refusal('bad-response', `expected at most ${blocksMax} blocks`, { blocksMax });
    }
    const start = offset;
    const { block, end } = refuseUnless(() => decodeBlockPrefix(bytes, start));
    blocks.push(block);
    offset = end;
  }
  return blocks;
}

export async function fetchProof(
  transport: Transport,
  reference: BlockReference,
  call: CallOptions,
): Promise<BlockProof> {
  const path =
    typeof reference === 'string'
      ? `/blocks/${reference}/proof`
      : `/chains/${reference.namespace}/proof?index=${reference.index}`;
  return readProof(await fetchJson(transport, path, call));
}

export function readProof(object: JsonObject): BlockProof {
  return {
    namespace: refuseUnless(() => parseNamespaceId(textField(object, 'namespace'))),
    index: countField(object, 'index'),
    size: countField(object, 'size'),
    root: hashField(object, 'root'),
    leafHash: hashField(object, 'leafHash'),
    hashes: hashListField(object, 'hashes'),
    checkpoint: textField(object, 'checkpoint'),
  };
}

/** A compact proof of several leaves under one checkpoint. */
export interface ServedMultiProof {
  readonly checkpoint: string;
  /** Encoded by `protocol`. */
  readonly proof: Uint8Array;
}

export async function fetchMultiProof(
  transport: Transport,
  namespace: NamespaceId,
  indexes: readonly number[],
  call: CallOptions,
): Promise<ServedMultiProof> {
  const path = `/chains/${namespace}/proofs?indexes=${indexes.join(',')}`;
  const object = await fetchJson(transport, path, call);
  return { checkpoint: textField(object, 'checkpoint'), proof: base64Field(object, 'proof') };
}

export async function fetchConsistency(
  transport: Transport,
  namespace: NamespaceId,
  sizes: { readonly from: number; readonly to: number },
  call: CallOptions,
): Promise<Hash32[]> {
  const path = `/chains/${namespace}/consistency?from=${sizes.from}&to=${sizes.to}`;
  return hashListField(await fetchJson(transport, path, call), 'hashes');
}

/**
 * The newest signed note.
 *
 * @throws ClientError `not-covered` where a namespace is so new that it has none
 */
export async function fetchCheckpoint(
  transport: Transport,
  namespace: NamespaceId | 'super',
  call: CallOptions,
): Promise<string> {
  const path = namespace === 'super' ? '/super/checkpoint' : `/ns/${namespace}/checkpoint`;
  try {
    return await fetchNote(transport, path, call);
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'not-found') throw error;
    throw new ClientError('rejected', 'not-covered', error.message, error.metadata);
  }
}

/** A signed note as it is now, wherever it lies. */
export async function fetchNote(
  transport: Transport,
  path: string,
  call: CallOptions,
): Promise<string> {
  const reply = await transport.request(path, {
    headers: { accept: 'text/plain' },
    bytesMax: NOTE_BYTES_MAX,
    signal: call.signal,
    isFresh: true,
  });
  return new TextDecoder().decode(reply.body);
}

/** What became of a submitted block. */
export interface SubmitOutcome {
  readonly status: 'accepted' | 'duplicate' | 'queued' | 'rejected';
  readonly index: number;
  /** Hex. */
  readonly hash: string;
  readonly code: string | undefined;
  readonly message: string | undefined;
}

export function readOutcomes(body: Uint8Array): SubmitOutcome[] {
  const object = asObject(parseJson(body), 'the whole');
  return asArray(object['outcomes'], 'outcomes', BATCH_BLOCKS_MAX).map((item) => {
    const outcome = asObject(item, 'an outcome');
    const { code, message } = outcome;
    return {
      status: readStatus(textField(outcome, 'status')),
      index: countField(outcome, 'index'),
      hash: textField(outcome, 'hash'),
      code: typeof code === 'string' ? code : undefined,
      message: typeof message === 'string' ? message : undefined,
    };
  });
}

function readStatus(status: string): SubmitOutcome['status'] {
  switch (status) {
    case 'accepted':
    case 'duplicate':
    case 'queued':
    case 'rejected':
      return status;
    default:
      throw refusal('bad-response', 'expected a known status of a block', { status });
  }
}

/** The target of `rel="next"` (RFC 8288), a path on the same node. */
export function nextLink(link: string | null): string | undefined {
  if (link === null) return undefined;
  for (const match of link.matchAll(/<([^>]*)>((?:\s*;\s*[^,;]+)*)/g)) {
    if (!/;\s*rel="?next"?\s*(?:;|$)/.test(`${match[2]};`)) continue;
    const target = match[1] ?? '';
    // Only paths: a node must not send its readers elsewhere.
    return target.startsWith('/') && !target.startsWith('//') ? target : undefined;
  }
  return undefined;
}
