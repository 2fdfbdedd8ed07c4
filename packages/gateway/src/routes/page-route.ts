import type { Ledger, NamespaceInfo } from '@basalt/ledger';
import { type BlockHash, blockHash, decodeEntry, type NamespaceId } from '@basalt/protocol';
import { StoreError } from '@basalt/store';
import { IMMUTABLE, SHORT } from '../cache-control.ts';
import { GatewayError } from '../errors.ts';
import { digestOf } from '../http/digest.ts';
import { formatLinks, type Link } from '../http/link.ts';
import { holdAnswer } from '../http/memory-budget.ts';
import { Representation } from '../http/representation.ts';
import { sendRepresentation } from '../http/send.ts';
import { PAGE_BYTES_MAX, PAGE_ROWS_DEFAULT } from '../limits.ts';
import { BLOCKS_TYPE, HEADER_TYPE, JSON_TYPE } from '../media-types.ts';
import { sendJson } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import * as requests from '../schemas/requests.ts';
import * as schemas from '../schemas/responses.ts';
import type { Services } from '../services.ts';
import { countWithinSession } from '../session/apply-session.ts';
import { headerView } from '../views.ts';
import { chooseType } from './block-routes.ts';

/** Pages aligned at this can be cached for ever once a checkpoint covers them. */
const ALIGNED_ROWS = 256;

/** A page that was read: how many rows it has tells where the next one begins. */
interface PageBytes {
  readonly body: Uint8Array;
  readonly rows: number;
  /** A payload was gone, so this page is not what it was. */
  readonly pruned: boolean;
}

export function addPageRoute(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/blocks',
      tag: 'chains',
      summary: 'Blocks by index: headers as JSON, or the blocks themselves',
      params: requests.NamespaceParams,
      query: requests.BlocksQuery,
      responses: {
        200: {
          description: 'One page; Link has first, prev, next, last; a binary page may be shorter',
          content: {
            [JSON_TYPE]: schemas.HeaderView.array(),
            [BLOCKS_TYPE]: null,
            [HEADER_TYPE]: null,
          },
        },
      },
      problems: [406, 410],
    },
    async ({ request, response, params, query }) => {
      const { ledger } = services;
      const info = await services.namespaces.find(params.ns);
      const from = query.from ?? 0;
      const asked = countWithinSession(request, 'pageRowsMax', query.count, PAGE_ROWS_DEFAULT);
      const count = Math.max(0, Math.min(asked, info.size - from));
      const type = chooseType(request, query.view, [JSON_TYPE, BLOCKS_TYPE, HEADER_TYPE]);
      const isHeaders = type === HEADER_TYPE || (type !== JSON_TYPE && query.payloads === '0');
      const extra = query.payloads === undefined ? '' : `&payloads=${query.payloads}`;
      const base = `/chains/${info.namespace}/blocks`;
      const target = (first: number): string => `${base}?from=${first}&count=${asked}${extra}`;
      if (type === JSON_TYPE) {
        const rows = await readHeaders(services, info, from, count);
        const cacheControl = cachingOf(info, from, asked, false);
        const links = pageLinks(target, info.size, from, asked, rows.length);
        const negotiated = query.view === undefined;
        return sendJson(request, response, rows, {
          cacheControl,
          links,
          negotiated,
          compress: true,
        });
      }
      const page = isHeaders
        ? await readEntries(ledger, info, from, count)
        : await readWire(ledger, info, from, count);
      holdAnswer(services, response, page.body.length);
      const links = pageLinks(target, info.size, from, asked, page.rows);
      const digest = digestOf(page.body);
      return sendRepresentation(
        request,
        response,
        new Representation({
          body: page.body,
          mediaType: isHeaders ? HEADER_TYPE : BLOCKS_TYPE,
          tag: digest.slice('sha-256=:'.length, -1),
          cacheControl: cachingOf(info, from, asked, page.pruned),
          compress: true,
          digest,
          ...(query.view === undefined ? { vary: 'Accept' } : {}),
          fields: ['Link', formatLinks(links)],
        }),
      );
    },
  );
}

function cachingOf(info: NamespaceInfo, from: number, count: number, pruned: boolean): string {
  const isAligned = from % ALIGNED_ROWS === 0 && count === ALIGNED_ROWS;
  // `last` of an immutable page would be wrong for ever, so its links leave it out.
  return isAligned && !pruned && from + count <= info.checkpointSize ? IMMUTABLE : SHORT;
}

function pageLinks(
  target: (from: number) => string,
  size: number,
  from: number,
  count: number,
  rows: number,
): Link[] {
  const links: Link[] = [{ target: target(0), rel: 'first' }];
  if (from > 0) links.push({ target: target(Math.max(0, from - count)), rel: 'prev' });
  const isAligned = from % ALIGNED_ROWS === 0 && count === ALIGNED_ROWS;
  // A full aligned page is cached for ever, so it names the next one before that has any row.
  const more = from + rows < size || (isAligned && rows === count);
  if (rows > 0 && more) links.push({ target: target(from + rows), rel: 'next' });
  if (!isAligned && count > 0 && size > 0) {
    links.push({ target: target(Math.floor((size - 1) / count) * count), rel: 'last' });
  }
  return links;
}

async function readHeaders(
  { ledger, crypto }: Services,
  info: NamespaceInfo,
  from: number,
  count: number,
): Promise<Record<string, unknown>[]> {
  if (count === 0) return [];
  const entries = await ledger.entries(info.namespace, from, count);
  const rows: Record<string, unknown>[] = [];
  for (const [i, bytes] of entries.entries()) {
    const entry = decodeEntry(bytes);
    const hash: BlockHash | undefined =
      entry.header.version === 2
        ? blockHash(entry, undefined, crypto.sha256)
        : (await ledger.blockAt(info.namespace, from + i))?.blockHash;
    if (hash === undefined) break;
    rows.push({ ...headerView(entry, hash), namespace: info.namespace, index: from + i });
  }
  return rows;
}

async function readEntries(
  ledger: Ledger,
  info: NamespaceInfo,
  from: number,
  count: number,
): Promise<PageBytes> {
  const entries = count === 0 ? [] : await ledger.entries(info.namespace, from, count);
  return { body: Buffer.concat(entries), rows: entries.length, pruned: false };
}

/** Whole blocks until the page is full: at least one, whatever its size. */
async function readWire(
  ledger: Ledger,
  info: NamespaceInfo,
  from: number,
  count: number,
): Promise<PageBytes> {
  const entries = count === 0 ? [] : await ledger.entries(info.namespace, from, count);
  const parts: Uint8Array[] = [];
  let length = 0;
  let rows = 0;
  let pruned = false;
  for (const bytes of entries) {
    if (length >= PAGE_BYTES_MAX) break;
    const { payloadLength } = decodeEntry(bytes).header;
    const payload =
      payloadLength === 0 ? NOTHING : await payloadAt(ledger, info.namespace, from + rows);
    // A block without its payload would not tell where the next one begins.
    if (payload === undefined) {
      pruned = true;
      if (rows > 0) break;
      throw prunedPage();
    }
    parts.push(bytes, payload);
    length += bytes.length + payload.length;
    rows++;
  }
  return { body: Buffer.concat(parts), rows, pruned };
}

const NOTHING = new Uint8Array(0);

/** Undefined where it was pruned. */
async function payloadAt(
  ledger: Ledger,
  namespace: NamespaceId,
  index: number,
): Promise<Uint8Array | undefined> {
  try {
    return await ledger.payload(namespace, index);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'pruned') return undefined;
    throw error;
  }
}

function prunedPage(): GatewayError {
  return new GatewayError(
    'pruned',
    'the first payload of this page was pruned; ask for the header form with payloads=0',
  );
}
