import { type Clock, equalBytes, fromBase64, toHex } from '@basalt/protocol';
import type { CacheStats } from './cache-types.ts';
import { freshSeconds, isStorable } from './freshness.ts';
import { compareHeads, readHeadClaim } from './head-order.ts';
import { bodyBytesMax, isContentAddressed, type Resource } from './resource.ts';
import type { ResponseStore } from './response-store.ts';
import {
  endToEndFields,
  type Field,
  fieldOf,
  listOf,
  type StoredResponse,
  strongTag,
} from './stored.ts';
import type { UpstreamTransport } from './upstreams.ts';
import { UpstreamError, type UpstreamReply, type Upstreams } from './upstreams.ts';
import { varyOf } from './vary.ts';
import { type VerifyParts, verifyBody } from './verify-body.ts';

/** What asking upstream came to. */
export type Outcome =
  | {
      readonly type: 'answer';
      readonly stored: StoredResponse;
      readonly body: Uint8Array;
      /** Kept for the next one. */
      readonly isKept: boolean;
      /** Meant for one client: another request may not have it. */
      readonly isPrivate: boolean;
      readonly upstreamStatus: number;
      /** Cache-Status of caches behind this one. */
      readonly before: string | undefined;
      readonly detail?: string;
    }
  | { readonly type: 'failed'; readonly code: string; readonly reply?: UpstreamReply };

export interface Held {
  readonly stored: StoredResponse;
  readonly body: Uint8Array;
}

export interface Question {
  readonly target: string;
  readonly resource: Resource;
  /** Fields that go upstream, without preconditions. */
  readonly sent: readonly Field[];
  readonly held: Held | undefined;
  readonly mayStore: boolean;
  readonly isPopular: boolean;
}

export interface FetchParts extends VerifyParts {
  readonly store: ResponseStore;
  readonly upstreams: Upstreams;
  readonly transport: UpstreamTransport;
  readonly clock: Clock;
  readonly stats: CacheStats;
  /** What changes is asked for where writes go. */
  readonly readsOwnWrites: boolean;
}

type Judged =
  | { readonly is: 'good'; readonly outcome: Outcome }
  /** Ask the next upstream; `spare` serves if none has better. */
  | { readonly is: 'refused'; readonly code: string; readonly spare?: Outcome };

/** Asks upstreams one after the other until one gives an answer that nothing speaks against. */
export async function fetchThrough(question: Question, parts: FetchParts): Promise<Outcome> {
  let failed: Outcome = { type: 'failed', code: 'unreachable' };
  let spare: Outcome | undefined;
  const isPinned = parts.readsOwnWrites && !isContentAddressed(question.resource);
  const { upstreams } = parts;
  for (const url of isPinned ? upstreams.configured() : upstreams.order()) {
    try {
      const judged = await askOne(url, question, parts);
      if (judged.is === 'good') return judged.outcome;
      failed = { type: 'failed', code: judged.code };
      if (judged.code !== 'not-found') parts.upstreams.refused(url);
      // A doubtful answer is more than "not here".
      if (isDoubtful(judged.spare)) spare = judged.spare;
      spare ??= judged.spare;
    } catch (error) {
      if (error instanceof UpstreamError) {
        if (error.code === 'stream') return streams(url, parts);
        failed = { type: 'failed', code: error.code };
      } else if (error instanceof RefusedReply) {
        failed = { type: 'failed', code: 'upstream-error', reply: error.reply };
      } else {
        throw error;
      }
      parts.stats.upstreamErrors++;
      parts.upstreams.report(url, false);
    }
  }
  // Neither is proven: both go out of the cache, and readers find out which is false.
  if (isDoubtful(spare)) forgetRelatives(question, parts);
  return spare ?? failed;
}

/** By its address, not by a fault: readers of such addresses must not make a good upstream rest. */
function streams(url: string, { upstreams }: FetchParts): Outcome {
  upstreams.report(url, true);
  return { type: 'failed', code: 'stream' };
}

function isDoubtful(spare: Outcome | undefined): boolean {
  return spare?.type === 'answer' && spare.detail !== undefined;
}

/** 5xx, and 429: another upstream may do better. */
class RefusedReply extends Error {
  readonly reply: UpstreamReply;

  constructor(reply: UpstreamReply) {
    super(`status ${reply.status}`);
    this.reply = reply;
  }
}

async function askOne(url: string, question: Question, parts: FetchParts): Promise<Judged> {
  const { held } = question;
  const tag = held === undefined ? undefined : strongTag(held.stored.fields);
  const startMs = parts.clock.nowMs();
  let reply = await call(url, question, parts, tag);
  if (reply.status === 304 && held !== undefined) {
    const confirmed = strongTag(reply.fields) ?? tag;
    if (tag !== undefined && confirmed === tag) {
      return { is: 'good', outcome: confirm(held, question, reply, parts, startMs) };
    }
    // RFC 9111 section 4.3.4: another form was confirmed than the one that is held.
    parts.stats.refusedAnswers++;
    reply = await call(url, question, parts, undefined);
  }
  if (reply.status === 304) return { is: 'refused', code: 'not-modified' };
  parts.upstreams.report(url, true);
  if (reply.status === 200) return judge(question, reply, parts, startMs);
  const outcome = keep(question, reply, parts, startMs);
  const isAbsent = reply.status === 404 || reply.status === 410;
  if (isAbsent && isContentAddressed(question.resource)) {
    return { is: 'refused', code: 'not-found', spare: outcome };
  }
  return { is: 'good', outcome };
}

async function call(
  url: string,
  { target, resource, sent }: Question,
  { transport, stats, upstreams }: FetchParts,
  tag: string | undefined,
): Promise<UpstreamReply> {
  stats.upstreamRequests++;
  const condition: Field[] = tag === undefined ? [] : [['if-none-match', tag]];
  const fields = [...sent, ...condition];
  const bytesMax = bodyBytesMax(resource);
  const reply = await transport({ url, method: 'GET', target, fields, bytesMax });
  stats.upstreamBytes += reply.body.length;
  if (reply.status >= 500 || reply.status === 429) throw new RefusedReply(reply);
  upstreams.measured(url, reply.firstByteSeconds);
  return reply;
}

async function judge(
  question: Question,
  reply: UpstreamReply,
  parts: FetchParts,
  startMs: number,
): Promise<Judged> {
  const { resource, held } = question;
  const refuse = (code: string, spare?: Outcome): Judged => {
    parts.stats.refusedAnswers++;
    return spare === undefined ? { is: 'refused', code } : { is: 'refused', code, spare };
  };
  if (!digestHolds(reply, parts)) return refuse('digest');
  const verdict = await verifyBody(resource, reply.fields, reply.body, parts);
  if (verdict.is === 'false') return refuse(verdict.why);
  if (verdict.is === 'conflict') {
    return refuse(verdict.why, pass(question, reply, parts, startMs, verdict.why));
  }
  if (held !== undefined) {
    const tag = strongTag(held.stored.fields);
    const isSame = equalBytes(held.body, reply.body);
    if (tag !== undefined && tag === strongTag(reply.fields) && !isSame) {
      parts.store.remove(question.target);
      return refuse('entity-tag', pass(question, reply, parts, startMs, 'entity-tag'));
    }
    const before = readHeadClaim(resource, held.stored.fields, held.body);
    const offered = readHeadClaim(resource, reply.fields, reply.body);
    if (before !== undefined && offered !== undefined) {
      const order = compareHeads(before, offered, startMs - held.stored.confirmedMs);
      if (order !== 'forward') return refuse(order);
    }
  }
  return { is: 'good', outcome: keep(question, reply, parts, startMs) };
}

/** Repr-Digest (RFC 9530) covers the coded form, which is what lies in the cache. */
function digestHolds({ fields, body }: UpstreamReply, { hashes }: FetchParts): boolean {
  const told = /(?:^|[\s,])sha-256=:([A-Za-z0-9+/]{43}=):/.exec(
    listOf(fields, 'repr-digest') ?? '',
  );
  return told === null || equalBytes(fromBase64(told[1] as string), hashes.sha256(body));
}

function describe(
  { target, sent }: Question,
  { status, fields, body }: UpstreamReply,
  { clock, hashes }: FetchParts,
  startMs: number,
): StoredResponse {
  const nowMs = clock.nowMs();
  const told = Number(fieldOf(fields, 'age') ?? 0);
  return {
    target,
    status,
    fields: endToEndFields(fields),
    vary: varyOf(sent, fields),
    bodyBytes: body.length,
    bodyHash: toHex(hashes.sha256(body)),
    confirmedMs: nowMs,
    // Without the apparent age of section 4.2.3: a clock that is ten minutes off would make every
    // head stale, and all caches on the way send Age.
    initialAgeSeconds: (told >= 0 ? told : 0) + Math.max(0, nowMs - startMs) / 1000,
  };
}

function confirm(
  held: Held,
  question: Question,
  reply: UpstreamReply,
  parts: FetchParts,
  startMs: number,
): Outcome {
  parts.stats.revalidated++;
  const fresh = endToEndFields(reply.fields).filter(([name]) => !name.startsWith('content-'));
  const renewed = new Set(fresh.map(([name]) => name));
  const { fields } = held.stored;
  const merged = [...fields.filter(([name]) => !renewed.has(name)), ...fresh];
  const asIf = { status: held.stored.status, fields: reply.fields, body: held.body };
  const { confirmedMs, initialAgeSeconds } = describe(question, asIf, parts, startMs);
  const stored = { ...held.stored, fields: merged, confirmedMs, initialAgeSeconds };
  const isKept = question.mayStore && isStorable(stored.status, merged);
  if (isKept) parts.store.confirm(held.stored, stored);
  else parts.store.remove(question.target);
  return {
    type: 'answer',
    stored,
    body: held.body,
    isKept,
    isPrivate: isPrivate(stored),
    upstreamStatus: 304,
    before: listOf(reply.fields, 'cache-status'),
  };
}

function keep(
  question: Question,
  reply: UpstreamReply,
  parts: FetchParts,
  startMs: number,
): Outcome {
  const { target, resource, mayStore, isPopular } = question;
  const outcome = pass(question, reply, parts, startMs);
  const isKept =
    mayStore &&
    isStorable(reply.status, reply.fields) &&
    parts.store.put(outcome.stored, reply.body, isPopular && reply.status === 200);
  // Gone upstream, or no more to be kept: what was held goes too. Other refusals (406) speak of the
  // request: with one of those anybody could empty the cache.
  const isOfTarget = reply.status === 200 || reply.status === 404 || reply.status === 410;
  if (!isKept && mayStore && isOfTarget) parts.store.remove(target);
  if (isKept && resource.kind === 'tile' && resource.width === 256) {
    for (let width = 1; width < 256; width++) parts.store.remove(`${target}.p/${width}`);
  }
  return { ...outcome, isKept };
}

function pass(
  question: Question,
  reply: UpstreamReply,
  parts: FetchParts,
  startMs: number,
  detail?: string,
): Outcome & { readonly type: 'answer' } {
  const stored = describe(question, reply, parts, startMs);
  return {
    type: 'answer',
    stored,
    body: reply.body,
    isKept: false,
    isPrivate: isPrivate(stored),
    upstreamStatus: reply.status,
    before: listOf(reply.fields, 'cache-status'),
    ...(detail === undefined ? {} : { detail }),
  };
}

function isPrivate({ status, fields }: StoredResponse): boolean {
  // Redirects and refusals are the same for all who ask alike, unless they say otherwise.
  return freshSeconds(status === 200 ? 200 : 404, fields) === undefined;
}

function forgetRelatives({ target, resource }: Question, { store, held }: FetchParts): void {
  store.remove(target);
  if (resource.kind !== 'tile') return;
  const { log, level, index } = resource;
  const isBundle = level === 'entries';
  held.forget(log, isBundle ? 0 : level + 1, isBundle ? index : Math.floor(index / 256));
}
