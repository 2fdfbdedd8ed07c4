import type { IncomingMessage, ServerResponse } from 'node:http';
import { LedgerError } from '@basalt/ledger';
import { forkProofHash, type NamespaceId, toHex } from '@basalt/protocol';
import { HEAD, IMMUTABLE, SHORT } from '../cache-control.ts';
import { GatewayError } from '../errors.ts';
import type { HotPath } from '../hot-path.ts';
import { digestOf } from '../http/digest.ts';
import { Representation } from '../http/representation.ts';
import { sendRepresentation } from '../http/send.ts';
import { NAMESPACE_SCAN_MAX } from '../limits.ts';
import { BYTES_TYPE, EVENTS_TYPE, JSON_TYPE, TEXT_TYPE } from '../media-types.ts';
import { sendJson } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import { ScanGate } from '../scan-gate.ts';
import * as requests from '../schemas/requests.ts';
import * as schemas from '../schemas/responses.ts';
import type { Services } from '../services.ts';

/** tlog-tiles (c2sp.org/tlog-tiles) per namespace and for the super-log, forks, events. */
export function addLogRoutes(app: App, services: Services, hot: HotPath): void {
  addCheckpoints(app, services);
  addTiles(app, services, hot);
  addForks(app, services);
  addEvents(app, services);
}

function addCheckpoints(app: App, services: Services): void {
  const responses = { 200: { description: 'Signed note', content: { 'text/plain': null } } };
  addRoute(
    app,
    {
      method: 'get',
      path: '/ns/:uuid/checkpoint',
      tag: 'log',
      summary: 'Newest checkpoint of a namespace (c2sp.org/tlog-checkpoint)',
      params: requests.LogParams,
      responses,
    },
    async ({ request, response, params }) => {
      const namespace = await logNamespace(services, params.uuid);
      await sendCheckpoint(request, response, await services.ledger.checkpoint(namespace));
    },
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/super/checkpoint',
      tag: 'log',
      summary: 'Newest checkpoint of the super-log',
      responses,
    },
    async ({ request, response }) => {
      await sendCheckpoint(request, response, await services.ledger.checkpoint('super'));
    },
  );
}

async function sendCheckpoint(
  request: IncomingMessage,
  response: ServerResponse,
  note: string | undefined,
): Promise<void> {
  if (note === undefined) throw new GatewayError('not-found', 'there is no checkpoint yet');
  const body = Buffer.from(note);
  const digest = digestOf(body);
  await sendRepresentation(
    request,
    response,
    new Representation({
      body,
      mediaType: TEXT_TYPE,
      tag: digest.slice('sha-256=:'.length, -1),
      cacheControl: HEAD,
      digest,
    }),
  );
}

/** Tile paths take UUIDs only: they are what tile clients build from an origin. */
async function logNamespace(services: Services, uuid: string): Promise<NamespaceId> {
  const namespace = await services.namespaces.findId(uuid);
  if (namespace === uuid) return namespace;
  throw new GatewayError('not-found', 'expected a namespace UUID in a log path');
}

function addTiles(app: App, services: Services, hot: HotPath): void {
  const responses = {
    200: {
      description: 'Full ones are immutable; partial ones may vanish',
      content: { [BYTES_TYPE]: null },
    },
  };
  const summary = 'Hash tile or entry bundle (c2sp.org/tlog-tiles)';
  addRoute(
    app,
    {
      method: 'get',
      path: '/ns/:uuid/tile/:rest{.+}',
      tag: 'log',
      summary,
      params: requests.TileParams,
      responses,
    },
    async ({ request, response, params }) => {
      await logNamespace(services, params.uuid);
      await sendTile(request, response, hot, `/ns/${params.uuid}/tile/${params.rest}`);
    },
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/super/tile/:rest{.+}',
      tag: 'log',
      summary: `${summary} of the super-log`,
      params: requests.SuperTileParams,
      responses,
    },
    async ({ request, response, params }) => {
      await sendTile(request, response, hot, `/super/tile/${params.rest}`);
    },
  );
}

/** Reached only by targets that the hot path did not take: with a query, or spelt differently. */
async function sendTile(
  request: IncomingMessage,
  response: ServerResponse,
  hot: HotPath,
  path: string,
): Promise<void> {
  const representation = await hot.find(path);
  if (representation === undefined) throw new GatewayError('not-found', 'no such tile');
  await sendRepresentation(request, response, representation);
}

function addForks(app: App, services: Services): void {
  const { ledger } = services;
  const gate = new ScanGate(services.clock, () => allForks(services));
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/forks',
      tag: 'chains',
      summary: 'Fork proofs held against a namespace',
      params: requests.NamespaceParams,
      responses: {
        200: { description: 'Their names', content: { [JSON_TYPE]: schemas.ForksView } },
      },
    },
    async ({ request, response, params }) => {
      const { namespace } = await services.namespaces.find(params.ns);
      const rows = (await ledger.forkProofs(namespace)).map((bytes) => {
        const hash = toHex(forkProofHash(bytes));
        return { hash, url: `/forks/${hash}?namespace=${namespace}` };
      });
      await sendJson(request, response, rows, { cacheControl: SHORT });
    },
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/forks/:hash',
      tag: 'chains',
      summary: 'A fork proof by its hash',
      params: requests.BlockParams,
      query: requests.ForkQuery,
      responses: { 200: { description: 'The proof', content: { [BYTES_TYPE]: null } } },
    },
    async ({ request, response, params, query }) => {
      const body = await findFork(services, gate, params.hash, query.namespace);
      const options = { body, mediaType: BYTES_TYPE, tag: params.hash, cacheControl: IMMUTABLE };
      const representation = new Representation({
        ...options,
        digest: digestOf(body),
        ranges: true,
      });
      await sendRepresentation(request, response, representation);
    },
  );
}

async function findFork(
  services: Services,
  gate: ScanGate<ReadonlyMap<string, Uint8Array>>,
  hash: string,
  where: string | undefined,
): Promise<Uint8Array> {
  if (where !== undefined) {
    const namespace = await services.namespaces.findId(where);
    const found = await forkIn(services, namespace, hash);
    if (found !== undefined) return found;
  }
  const scan = gate.run();
  if (scan === undefined) {
    throw new GatewayError('overloaded', 'expected ?namespace=, or a later try', {}, [
      'Retry-After',
      '5',
    ]);
  }
  const found = (await scan).get(hash);
  if (found !== undefined) return found;
  throw new LedgerError('unknown-block', 'no fork proof with this hash is here');
}

async function allForks({ ledger }: Services): Promise<ReadonlyMap<string, Uint8Array>> {
  const forks = new Map<string, Uint8Array>();
  let looked = 0;
  for await (const { namespace } of ledger.namespaces()) {
    for (const bytes of await ledger.forkProofs(namespace)) {
      forks.set(toHex(forkProofHash(bytes)), bytes);
    }
    if (++looked >= NAMESPACE_SCAN_MAX) break;
  }
  return forks;
}

async function forkIn(
  { ledger }: Services,
  namespace: NamespaceId,
  hash: string,
): Promise<Uint8Array | undefined> {
  const proofs = await ledger.forkProofs(namespace);
  return proofs.find((bytes) => toHex(forkProofHash(bytes)) === hash);
}

function addEvents(app: App, services: Services): void {
  const responses = {
    200: { description: 'block, checkpoint, fork, lagged', content: { [EVENTS_TYPE]: null } },
  };
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/events',
      tag: 'chains',
      summary: 'Live events of one namespace',
      params: requests.NamespaceParams,
      headers: { 'Last-Event-ID': 'resume behind this event' },
      responses,
    },
    async ({ request, response, params }) => {
      const { namespace } = await services.namespaces.find(params.ns);
      await services.streams.serve(request, response, namespace);
    },
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/events',
      tag: 'chains',
      summary: 'Live events of all namespaces',
      responses,
    },
    async ({ request, response }) => services.streams.serve(request, response, undefined),
  );
}
