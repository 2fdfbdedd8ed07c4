import type { IncomingMessage, ServerResponse } from 'node:http';
import { LedgerError } from '@basalt/ledger';
import {
  assert,
  type BlockHash,
  formatTlogProof,
  fromHex,
  type NamespaceId,
  parseNote,
  toHex,
} from '@basalt/protocol';
import { IMMUTABLE, SHORT } from '../cache-control.ts';
import { GatewayError } from '../errors.ts';
import type { HotPath } from '../hot-path.ts';
import { negotiateMediaType } from '../http/accept.ts';
import { holdAnswer } from '../http/memory-budget.ts';
import { Representation } from '../http/representation.ts';
import { sendRepresentation } from '../http/send.ts';
import { loadPayload } from '../immutable.ts';
import {
  BLOCK_TYPE,
  BYTES_TYPE,
  HEADER_TYPE,
  JSON_TYPE,
  shownType,
  TEXT_TYPE,
} from '../media-types.ts';
import { sendJson } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import * as requests from '../schemas/requests.ts';
import * as schemas from '../schemas/responses.ts';
import type { Services } from '../services.ts';
import { blockJson, proofView } from '../views.ts';

export function addBlockRoutes(app: App, services: Services, hot: HotPath): void {
  addWhole(app, services, hot);
  addParts(app, services, hot);
  addProof(app, services);
  addStatus(app, services);
}

function addWhole(app: App, services: Services, hot: HotPath): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/blocks/:hash',
      tag: 'blocks',
      summary: 'One block: wire form, or a view for people',
      params: requests.BlockParams,
      query: requests.ViewQuery,
      headers: { Range: 'one range of bytes of the wire form' },
      responses: {
        200: {
          description: 'The block; the header form where its payload was pruned',
          content: { [BLOCK_TYPE]: null, [JSON_TYPE]: schemas.BlockJson },
        },
        206: { description: 'A part of the wire form', content: { [BLOCK_TYPE]: null } },
      },
      problems: [406, 416],
    },
    async ({ request, response, params, query }) => {
      if (chooseType(request, query.view, [BLOCK_TYPE, JSON_TYPE]) === BLOCK_TYPE) {
        await sendFound(services, request, response, await hot.find(`/blocks/${params.hash}`));
        return;
      }
      const view = await services.ledger.block(fromHex(params.hash) as BlockHash);
      if (view === undefined) throw noBlock();
      holdAnswer(services, response, view.payload?.length ?? 0);
      const isPruned = view.payload === undefined;
      await sendJson(request, response, blockJson(view), {
        cacheControl: isPruned ? SHORT : IMMUTABLE,
        tag: `${params.hash}-json${isPruned ? '-pruned' : ''}`,
        negotiated: query.view === undefined,
      });
    },
  );
}

function addParts(app: App, services: Services, hot: HotPath): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/blocks/:hash/header',
      tag: 'blocks',
      summary: 'Log entry of a block: header, length, signature',
      params: requests.BlockParams,
      responses: { 200: { description: 'The entry', content: { [HEADER_TYPE]: null } } },
      problems: [416],
    },
    async ({ request, response, params }) => {
      await sendFound(services, request, response, await hot.find(`/blocks/${params.hash}/header`));
    },
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/blocks/:hash/payload',
      tag: 'blocks',
      summary: 'Payload of a block; with payload hash kind 1 a part comes with its chunk proof',
      params: requests.BlockParams,
      query: requests.PayloadQuery,
      headers: { Range: 'one range of bytes', 'If-Range': 'the entity tag of a part held already' },
      responses: {
        200: { description: 'The payload', content: { [BYTES_TYPE]: null } },
        206: { description: 'A part', content: { [BYTES_TYPE]: null } },
      },
      problems: [410, 416],
    },
    async ({ request, response, params, query }) => {
      if (query.type === undefined) {
        await sendFound(
          services,
          request,
          response,
          await hot.find(`/blocks/${params.hash}/payload`),
        );
        return;
      }
      const type = shownType(query.type);
      if (type === undefined) {
        throw new GatewayError('bad-request', 'expected a type that a browser does not run');
      }
      const hash = fromHex(params.hash) as BlockHash;
      await sendFound(services, request, response, await loadPayload(hash, type, services));
    },
  );
}

function addProof(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/blocks/:hash/proof',
      tag: 'blocks',
      summary: 'Inclusion proof under the newest checkpoint',
      params: requests.BlockParams,
      query: requests.ProofQuery,
      responses: {
        200: {
          description: 'The proof; as text a .tlog-proof file (c2sp.org/tlog-proof)',
          content: { [JSON_TYPE]: schemas.InclusionProofView, 'text/plain': null },
        },
      },
      problems: [406, 409],
    },
    async ({ request, response, params, query }) => {
      const place = await services.ledger.locate(fromHex(params.hash) as BlockHash);
      if (place === undefined) throw noBlock();
      await sendProof(services, request, response, place, query.format);
    },
  );
}

/** The inclusion proof of one block, as JSON or as a proof file. */
export async function sendProof(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  place: { readonly namespace: NamespaceId; readonly index: number },
  format: 'json' | 'tlog-proof' | undefined,
): Promise<void> {
  const accepted =
    format === undefined
      ? chooseType(request, undefined, [JSON_TYPE, 'text/plain'])
      : format === 'json'
        ? JSON_TYPE
        : 'text/plain';
  const proof = await services.ledger.inclusionProof(place.namespace, place.index);
  const tag = `${toHex(proof.root).slice(0, 32)}-${proof.size}-${proof.index}`;
  if (accepted === JSON_TYPE) {
    await sendJson(request, response, proofView(proof), {
      cacheControl: SHORT,
      tag,
      negotiated: format === undefined,
    });
    return;
  }
  const { index, hashes, checkpoint } = proof;
  // With the entry as extra data the file stands alone: it, a policy, and nothing else.
  const [extra] = await services.ledger.entries(place.namespace, index, 1);
  assert(extra !== undefined, 'an entry that has a proof is stored');
  const text = formatTlogProof({ index, proof: hashes, note: parseNote(checkpoint), extra });
  await sendRepresentation(
    request,
    response,
    new Representation({
      body: Buffer.from(text),
      mediaType: TEXT_TYPE,
      tag: `${tag}-tlog`,
      cacheControl: SHORT,
      ...(format === undefined ? { vary: 'Accept' } : {}),
      fields: ['Content-Disposition', `attachment; filename="${index}.tlog-proof"`],
    }),
  );
}

function addStatus(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/blocks/:hash/status',
      tag: 'blocks',
      summary: 'What became of a submitted block',
      params: requests.BlockParams,
      responses: {
        200: { description: 'Its status', content: { [JSON_TYPE]: schemas.StatusView } },
      },
    },
    async ({ request, response, params }) => {
      const { ledger } = services;
      const hash = fromHex(params.hash) as BlockHash;
      const place = await ledger.locate(hash);
      if (place !== undefined) {
        const { namespace, index } = place;
        const covered = ((await ledger.info(namespace))?.checkpointSize ?? 0) > index;
        const status = covered ? 'checkpointed' : 'committed';
        const value = { status, namespace, index, hash };
        await sendJson(request, response, value, { cacheControl: SHORT });
        return;
      }
      const pending = ledger.submission(hash);
      if (pending === undefined) throw noBlock();
      const { status, namespace, index } = pending;
      const reason =
        pending.status === 'rejected' ? { code: pending.code, message: pending.message } : {};
      const value = { status, namespace, index, hash, ...reason };
      await sendJson(request, response, value, { cacheControl: 'no-store' });
    },
  );
}

/** @throws GatewayError `not-acceptable` */
export function chooseType(
  request: IncomingMessage,
  view: 'json' | undefined,
  offered: readonly string[],
): string {
  if (view === 'json') return JSON_TYPE;
  const type = negotiateMediaType(request.headers.accept, offered);
  if (type !== undefined) return type;
  throw new GatewayError('not-acceptable', `expected Accept to allow ${offered.join(' or ')}`, {});
}

/** @throws LedgerError `unknown-block` */
export async function sendFound(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  representation: Representation | undefined,
): Promise<void> {
  if (representation === undefined) throw noBlock();
  holdAnswer(services, response, representation.identity.body.length);
  await sendRepresentation(request, response, representation);
}

function noBlock(): LedgerError {
  return new LedgerError('unknown-block', 'no block with this hash is here');
}
