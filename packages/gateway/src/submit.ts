import type { IncomingMessage } from 'node:http';
import type { Consistency, NamespaceInfo, SubmitOutcome } from '@basalt/ledger';
import {
  type Block,
  type BlockHash,
  decodeBlockPrefix,
  fromHex,
  type NamespaceId,
  ProtocolError,
} from '@basalt/protocol';
import { assertAdmin } from './admin-token.ts';
import { GatewayError } from './errors.ts';
import { parseEntityTags } from './http/entity-tag.ts';
import { formatLinks } from './http/link.ts';
import { parsePrefer, type WaitPreference } from './http/prefer.ts';
import { type Problem, problemOfCode } from './http/problem.ts';
import type { Services } from './services.ts';

const CONSISTENCY: Record<WaitPreference, Consistency> = {
  'respond-async': 'eventual',
  durable: 'durable',
  'wait-checkpoint': 'immediate',
};

export interface Wish {
  readonly consistency: Consistency;
  /** The preference that was honoured, for Preference-Applied. */
  readonly applied: WaitPreference | undefined;
  readonly ifHead: BlockHash | undefined;
}

/** How long to wait and for which head: Prefer, If-Match. @throws GatewayError `bad-request` */
export function readWish(request: IncomingMessage, usual: Consistency): Wish {
  const { prefer } = request.headers;
  const applied = parsePrefer(Array.isArray(prefer) ? prefer.join(',') : prefer);
  return {
    consistency: applied === undefined ? usual : CONSISTENCY[applied],
    applied,
    ifHead: readIfHead(request.headers['if-match']),
  };
}

export function appliedFields(wish: Wish): readonly string[] {
  return wish.applied === undefined ? [] : ['Preference-Applied', wish.applied];
}

function readIfHead(value: string | undefined): BlockHash | undefined {
  if (value === undefined) return undefined;
  const tags = parseEntityTags(value);
  const tag = tags === undefined || tags === '*' || tags.length !== 1 ? undefined : tags[0];
  const hash = /^"([0-9a-f]{64})"$/.exec(tag?.opaque ?? '')?.[1];
  if (tag === undefined || tag.weak || hash === undefined) {
    throw new GatewayError('bad-request', 'expected If-Match with the hash of one head in quotes');
  }
  return fromHex(hash) as BlockHash;
}

/**
 * The wire blocks of a body.
 *
 * @throws ProtocolError the codes of the block decoder; `malformed` without any block; GatewayError
 *   `body-too-large` beyond `blocksMax`
 */
export function readBlocks(bytes: Uint8Array, blocksMax: number): Block[] {
  const blocks: Block[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (blocks.length === blocksMax) {
      throw new GatewayError('body-too-large', `expected at most ${blocksMax} blocks`, {
        blocksMax,
      });
    }
    const { block, end } = decodeBlockPrefix(bytes, offset);
    blocks.push(block);
    offset = end;
  }
  if (blocks.length === 0) throw new ProtocolError('malformed', 'expected at least one block');
  return blocks;
}

/**
 * Takes tokens beside the request's own: one for each block, which is a signature to check.
 *
 * @throws GatewayError `too-many-requests`
 */
export function charge(services: Services, request: IncomingMessage, tokens: number): void {
  const bucket = services.bucketOf(request.socket);
  if (bucket.take(tokens, services.clock)) return;
  const seconds = bucket.secondsUntil(tokens, services.clock);
  throw new GatewayError('too-many-requests', 'too much work asked from this address', {}, [
    'Retry-After',
    String(seconds),
  ]);
}

/**
 * A page can send a body without a media type to any address and needs no preflight for it: what it
 * wants to write is refused by where it comes from. Programs name no origin.
 *
 * @throws GatewayError `cross-origin`
 */
export function assertOwnOrigin(services: Services, request: IncomingMessage): void {
  if (services.settings.allowCrossOriginWrites) return;
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none') return;
  const isOwn = origin === undefined || origin.replace(/^https?:\/\//, '') === host;
  if (site === undefined && isOwn) return;
  throw new GatewayError('cross-origin', 'expected no page of another origin to submit blocks');
}

/**
 * A block at index 0 of a namespace that is not here would create it: that needs an open node or
 * the admin token.
 *
 * @throws GatewayError `unauthorized`
 */
export async function assertMayCreate(
  services: Services,
  request: IncomingMessage,
  blocks: readonly Block[],
): Promise<void> {
  if (services.namespacesAreOpen()) return;
  const created = new Set<NamespaceId>();
  for (const { entry } of blocks) {
    if (entry.header.index === 0) created.add(entry.header.namespace);
  }
  for (const namespace of created) {
    if ((await services.ledger.info(namespace)) !== undefined) continue;
    assertAdmin(request.headers.authorization, services.settings.adminToken);
  }
}

/** The problem document of a refused block, with what its writer needs to go on. */
export async function problemOfOutcome(
  services: Services,
  outcome: Extract<SubmitOutcome, { status: 'rejected' }>,
): Promise<Problem> {
  const { namespace, code } = outcome;
  const info = HEAD_TELLING.has(code) ? await services.ledger.info(namespace) : undefined;
  const isFork = code === 'fork' || code === 'namespace-frozen';
  const forks = `/chains/${namespace}/forks`;
  const links = isFork ? ['Link', formatLinks([{ target: forks, rel: 'describedby' }])] : [];
  return problemOfCode(
    code,
    outcome.message,
    {
      namespace,
      index: outcome.index,
      hash: hexOf(outcome.blockHash),
      ...headOf(info),
      ...(isFork ? { forkProofs: forks } : {}),
    },
    links,
  );
}

/** Codes after which a writer needs the head to rebase. */
const HEAD_TELLING: ReadonlySet<string> = new Set([
  'broken-chain',
  'invalid-index',
  'head-moved',
  'fork',
  'timestamp-regression',
]);

function headOf(info: NamespaceInfo | undefined): Record<string, string | number> {
  if (info === undefined) return {};
  return { headIndex: info.size - 1, headHash: hexOf(info.headHash) };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
