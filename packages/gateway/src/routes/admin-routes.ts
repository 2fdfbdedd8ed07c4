import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { assertAdmin } from '../admin-token.ts';
import { assertMediaType, readBody } from '../http/body.ts';
import { PRIVATE_FIELDS } from '../http/security-fields.ts';
import { JSON_BODY_BYTES_MAX } from '../limits.ts';
import { JSON_TYPE } from '../media-types.ts';
import { sendResult } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import { PruneRequest } from '../schemas/requests.ts';
import { PruneResult } from '../schemas/responses.ts';
import type { Services } from '../services.ts';
import { assertKnown } from './chain-routes.ts';
import { parseJsonBody } from './fetch-route.ts';

/** Administration: everything here asks for the token first. */
export function addAdminRoutes(app: App, services: Services): void {
  const authorize = (request: IncomingMessage): void =>
    assertAdmin(request.headers.authorization, services.settings.adminToken);
  addPrune(app, services, authorize);
  addFlush(app, services, authorize);
  addConfig(app, services, authorize);
}

type Authorize = (request: IncomingMessage) => void;

function addPrune(app: App, services: Services, authorize: Authorize): void {
  const { ledger, settings } = services;
  addRoute(
    app,
    {
      method: 'post',
      path: '/admin/prune',
      tag: 'admin',
      summary: 'Delete payloads below an index; headers and proofs stay. 409 names what holds them',
      body: { [JSON_TYPE]: PruneRequest },
      responses: { 200: { description: 'How many', content: { [JSON_TYPE]: PruneResult } } },
      problems: [401, 409, 413, 415],
    },
    async ({ request, response }) => {
      authorize(request);
      assertMediaType(request, JSON_TYPE);
      const body = await readBody(request, JSON_BODY_BYTES_MAX, services.budget);
      body.release();
      const wanted = parseJsonBody(body.bytes, PruneRequest);
      const namespace = await services.namespaces.findId(wanted.namespace);
      await assertKnown(services, namespace);
      const pruned = await ledger.prunePayloads(namespace, wanted.before, services.pruneHolds);
      services.cache.clear();
      settings.onPrune?.(namespace, wanted.before);
      sendResult(response, 200, { pruned }, [], PRIVATE_FIELDS);
    },
  );
}

function addFlush(app: App, services: Services, authorize: Authorize): void {
  addRoute(
    app,
    {
      method: 'post',
      path: '/admin/flush',
      tag: 'admin',
      summary: 'Publish a checkpoint of everything committed, now',
      responses: { 200: { description: 'Done', content: { [JSON_TYPE]: z.object({}) } } },
      problems: [401],
    },
    async ({ request, response }) => {
      authorize(request);
      await services.ledger.flush();
      sendResult(response, 200, {}, [], PRIVATE_FIELDS);
    },
  );
}

function addConfig(app: App, services: Services, authorize: Authorize): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/admin/config',
      tag: 'admin',
      summary: 'Settings of this gateway, without secrets',
      responses: {
        200: { description: 'Settings', content: { [JSON_TYPE]: z.looseObject({}) } },
      },
      problems: [401],
    },
    ({ request, response }) => {
      authorize(request);
      const { adminToken, node, onPrune: _onPrune, ...shown } = services.settings;
      const { signer, ...described } = node ?? {};
      const value = {
        ...shown,
        openNamespaces: services.namespacesAreOpen(),
        hasAdminToken: adminToken !== undefined,
        signsCapabilities: signer !== undefined,
        ...described,
      };
      sendResult(response, 200, value, [], PRIVATE_FIELDS);
    },
  );
}
