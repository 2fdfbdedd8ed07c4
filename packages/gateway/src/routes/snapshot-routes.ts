import { encodeSnapshotManifest, type SnapshotProof, TILE_WIDTH, toHex } from '@basalt/protocol';
import { IMMUTABLE, SHORT } from '../cache-control.ts';
import { digestOf } from '../http/digest.ts';
import { Representation } from '../http/representation.ts';
import { sendRepresentation } from '../http/send.ts';
import { ROWS_PER_TOKEN } from '../limits.ts';
import { BYTES_TYPE, JSON_TYPE } from '../media-types.ts';
import { sendJson } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import * as requests from '../schemas/requests.ts';
import * as schemas from '../schemas/responses.ts';
import type { Services } from '../services.ts';
import { charge } from '../submit.ts';

/** Snapshots, and the chunks of which another node makes a copy that begins at one. */
export function addSnapshotRoutes(app: App, services: Services): void {
  addSnapshots(app, services);
  addManifest(app, services);
  addChunks(app, services);
}

function addSnapshots(app: App, services: Services): void {
  const { ledger } = services;
  const responses = {
    200: { description: 'The snapshot', content: { [JSON_TYPE]: schemas.SnapshotJson } },
  };
  const summary = 'What a node needs to append and verify with nothing older';
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/snapshots/:height',
      tag: 'chains',
      summary,
      params: requests.HeightParams,
      responses,
      problems: [409],
    },
    async ({ request, response, params }) => {
      const { namespace } = await services.namespaces.find(params.ns);
      const view = await ledger.snapshot(namespace, params.height);
      return sendJson(request, response, view, snapshotOptions(view));
    },
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/snapshots',
      tag: 'log',
      summary: `${summary} (super-log, newest checkpoint)`,
      responses,
      problems: [409],
    },
    async ({ request, response }) => {
      const namespace = ledger.superNamespace();
      const { checkpointSize = 0 } = (await ledger.info(namespace)) ?? {};
      const view = await ledger.snapshot(namespace, checkpointSize);
      return sendJson(request, response, view, snapshotOptions(view));
    },
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/snapshots/:height',
      tag: 'log',
      summary: `${summary} (super-log)`,
      params: requests.SuperHeightParams,
      responses,
      problems: [409],
    },
    async ({ request, response, params }) => {
      const view = await ledger.snapshot(ledger.superNamespace(), params.height);
      return sendJson(request, response, view, snapshotOptions(view));
    },
  );
}

/** A tree of one size has one root for ever, but only a checkpoint makes that a promise. */
function snapshotOptions(view: SnapshotProof): { cacheControl: string; tag: string } {
  return { cacheControl: SHORT, tag: `${toHex(view.root)}-${view.height}` };
}

function addManifest(app: App, services: Services): void {
  const { ledger } = services;
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/snapshots/:height/chunks',
      tag: 'chains',
      summary: 'What a copy consists of that ends at this height: a manifest that makes its root',
      params: requests.HeightParams,
      query: requests.ManifestQuery,
      responses: { 200: { description: 'The manifest', content: { [BYTES_TYPE]: null } } },
      problems: [409, 410, 422, 423],
    },
    async ({ request, response, params, query }) => {
      const { namespace } = await services.namespaces.find(params.ns);
      charge(services, request, Math.ceil(query.blocks / (TILE_WIDTH * ROWS_PER_TOKEN)));
      const manifest = await ledger.snapshotManifest(namespace, params.height, query.blocks);
      return sendRepresentation(
        request,
        response,
        bytesOf(encodeSnapshotManifest(manifest), false),
      );
    },
  );
}

function addChunks(app: App, services: Services): void {
  const { ledger } = services;
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/snapshots/:height/chunks/:chunk',
      tag: 'chains',
      summary: 'One chunk of a copy: a key block with its proof, or a bundle of entries',
      params: requests.ChunkParams,
      query: requests.ChunkQuery,
      responses: {
        200: {
          description: 'Checked with the manifest alone; at most 2.2 MB',
          content: { [BYTES_TYPE]: null },
        },
      },
      problems: [409, 410],
    },
    async ({ request, response, params, query }) => {
      const { namespace } = await services.namespaces.find(params.ns);
      const { height, chunk } = params;
      const bytes = await ledger.snapshotChunk(namespace, height, query.from, chunk);
      return sendRepresentation(request, response, bytesOf(bytes, true));
    },
  );
}

/** Everything about a snapshot follows from blocks under a checkpoint, so it never changes. */
function bytesOf(body: Uint8Array, isChunk: boolean): Representation {
  const digest = digestOf(body);
  return new Representation({
    body,
    mediaType: BYTES_TYPE,
    tag: digest.slice('sha-256=:'.length, -1),
    cacheControl: IMMUTABLE,
    // Hashes do not shrink; entries share their namespace, key and lengths.
    compress: isChunk,
    ranges: !isChunk,
    digest,
  });
}
