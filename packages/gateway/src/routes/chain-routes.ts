import type { NamespaceInfo } from '@basalt/ledger';
import { type NamespaceId, toHex } from '@basalt/protocol';
import { HEAD, IMMUTABLE, SHORT } from '../cache-control.ts';
import { GatewayError } from '../errors.ts';
import type { Link } from '../http/link.ts';
import { holdAnswer } from '../http/memory-budget.ts';
import { wireRepresentation } from '../immutable.ts';
import { PAGE_ROWS_DEFAULT, ROWS_PER_TOKEN } from '../limits.ts';
import { BLOCK_TYPE, JSON_TYPE } from '../media-types.ts';
import { sendJson } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import * as requests from '../schemas/requests.ts';
import * as schemas from '../schemas/responses.ts';
import type { Services } from '../services.ts';
import { countWithinSession } from '../session/apply-session.ts';
import { charge } from '../submit.ts';
import { blockJson, namespaceView } from '../views.ts';
import { chooseType, sendFound, sendProof } from './block-routes.ts';

export function addChainRoutes(app: App, services: Services): void {
  addList(app, services);
  addDetail(app, services);
  addHead(app, services);
  addBlockAt(app, services);
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/proof',
      tag: 'chains',
      summary: 'Inclusion proof of the block at an index',
      params: requests.NamespaceParams,
      query: requests.ChainProofQuery,
      responses: {
        200: {
          description: 'The proof; as text a .tlog-proof file',
          content: { [JSON_TYPE]: schemas.InclusionProofView, 'text/plain': null },
        },
      },
      problems: [406, 409],
    },
    async ({ request, response, params, query }) => {
      const namespace = await services.namespaces.findId(params.ns);
      const place = { namespace, index: query.index };
      await assertKnown(services, namespace);
      await sendProof(services, request, response, place, query.format);
    },
  );
}

function addList(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains',
      tag: 'chains',
      summary: 'Namespaces, in order of creation',
      query: requests.PageQuery,
      responses: {
        200: {
          description: 'One page; Link has the next',
          content: { [JSON_TYPE]: schemas.NamespaceView.array() },
        },
      },
    },
    async ({ request, response, query }) => {
      const from = query.from ?? 0;
      const count = countWithinSession(request, 'pageRowsMax', query.count, PAGE_ROWS_DEFAULT);
      // The ledger walks from the first one on, so a deep page costs more than a shallow one.
      charge(services, request, Math.ceil((from + count) / ROWS_PER_TOKEN));
      const rows: NamespaceInfo[] = [];
      let position = 0;
      let more = false;
      for await (const info of services.ledger.namespaces()) {
        if (position++ < from) continue;
        more = rows.length === count;
        if (more) break;
        rows.push(info);
      }
      const page = (first: number): string => `/chains?from=${first}&count=${count}`;
      const links: Link[] = [{ target: page(0), rel: 'first' }];
      if (from > 0) links.push({ target: page(Math.max(0, from - count)), rel: 'prev' });
      if (more && count > 0) links.push({ target: page(from + count), rel: 'next' });
      const value = rows.map(namespaceView);
      await sendJson(request, response, value, { cacheControl: SHORT, links, compress: true });
    },
  );
}

function addDetail(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns',
      tag: 'chains',
      summary: 'One namespace, its keys and its verifier key',
      params: requests.NamespaceParams,
      responses: {
        200: { description: 'The namespace', content: { [JSON_TYPE]: schemas.NamespaceDetail } },
      },
    },
    async ({ request, response, params }) => {
      const { ledger } = services;
      const info = await services.namespaces.find(params.ns);
      const keys = await ledger.keyState(info.namespace);
      const verifierKey = ledger.verifierKey(info.namespace);
      const value = {
        ...namespaceView(info),
        // A vkey is `<name>+<id>+<key>`, and the name of our key is the origin.
        origin: verifierKey.slice(0, verifierKey.indexOf('+')),
        verifierKey,
        closedAt: keys?.closed?.index,
        continuedBy: keys?.closed?.next,
        keys: (keys?.periods ?? []).map((period) => ({
          from: period.fromIndex,
          fromTimestampMs: period.fromTimestampMs,
          algorithm: period.algorithm,
          publicKey: period.publicKey,
          keyId: period.keyId,
        })),
      };
      await sendJson(request, response, value, { cacheControl: SHORT });
    },
  );
}

function addHead(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/head',
      tag: 'chains',
      summary: 'The newest block; its entity tag serves If-Match of a submission',
      params: requests.NamespaceParams,
      query: requests.ViewQuery,
      responses: {
        200: {
          description: 'The head',
          content: { [JSON_TYPE]: schemas.HeadView, [BLOCK_TYPE]: null },
        },
      },
      problems: [406, 412],
    },
    async ({ request, response, params, query }) => {
      const { ledger } = services;
      const info = await services.namespaces.find(params.ns);
      const hash = toHex(info.headHash);
      const index = info.size - 1;
      if (chooseType(request, query.view, [JSON_TYPE, BLOCK_TYPE]) === BLOCK_TYPE) {
        const view = await ledger.blockAt(info.namespace, index);
        if (view === undefined) return sendFound(services, request, response, undefined);
        const wire = wireRepresentation(view, `${toHex(view.blockHash)}-wire`, HEAD);
        return sendFound(services, request, response, wire);
      }
      const { namespace, size, timestampMs } = info;
      const value = { namespace, index, hash, size, timestampMs };
      return sendJson(request, response, value, {
        cacheControl: HEAD,
        tag: hash,
        negotiated: query.view === undefined,
      });
    },
  );
}

function addBlockAt(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/blocks/:index',
      tag: 'chains',
      summary: 'The block at an index',
      params: requests.IndexParams,
      query: requests.ViewQuery,
      responses: {
        200: {
          description: 'The block; immutable below the checkpoint',
          content: { [BLOCK_TYPE]: null, [JSON_TYPE]: schemas.BlockJson },
        },
      },
      problems: [406, 416],
    },
    async ({ request, response, params, query }) => {
      const { ledger } = services;
      const info = await services.namespaces.find(params.ns);
      const view = await ledger.blockAt(info.namespace, params.index);
      if (view === undefined) return sendFound(services, request, response, undefined);
      // Above the checkpoint nobody has signed the position yet.
      const isSettled = params.index < info.checkpointSize && view.payload !== undefined;
      const cacheControl = isSettled ? IMMUTABLE : SHORT;
      const tag = toHex(view.blockHash);
      if (chooseType(request, query.view, [BLOCK_TYPE, JSON_TYPE]) === BLOCK_TYPE) {
        const wire = wireRepresentation(view, tag, cacheControl);
        return sendFound(services, request, response, wire);
      }
      holdAnswer(services, response, view.payload?.length ?? 0);
      return sendJson(request, response, blockJson(view), {
        cacheControl,
        tag: `${tag}-json${view.payload === undefined ? '-pruned' : ''}`,
        negotiated: query.view === undefined,
      });
    },
  );
}

/** @throws GatewayError `not-found` */
export async function assertKnown(services: Services, namespace: NamespaceId): Promise<void> {
  if ((await services.ledger.info(namespace)) !== undefined) return;
  throw new GatewayError('not-found', `no block of namespace ${namespace} is here`);
}
