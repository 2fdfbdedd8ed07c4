import { EXPOSITION_MEDIA_TYPE } from '@basalt/telemetry';
import { z } from 'zod';
import { assertAdmin } from '../admin-token.ts';
import { DOCUMENT } from '../cache-control.ts';
import { capabilities } from '../capabilities.ts';
import { GatewayError } from '../errors.ts';
import { Representation } from '../http/representation.ts';
import { DATA_FIELDS, PRIVATE_FIELDS } from '../http/security-fields.ts';
import { sendBytes, sendRepresentation } from '../http/send.ts';
import { JSON_TYPE } from '../media-types.ts';
import { openApiDocument } from '../openapi.ts';
import { plain, sendJson, sendResult } from '../respond.ts';
import { type App, addRoute } from '../route.ts';

import * as schemas from '../schemas/responses.ts';
import type { Services } from '../services.ts';

export function addNodeRoutes(app: App, services: Services): void {
  addDocuments(app, services);
  addMetrics(app, services);
  addHealth(app, services);
}

function addDocuments(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/',
      tag: 'node',
      summary: 'The explorer page where the node has one, else where to go on',
      responses: {
        200: {
          description: 'The page, or links',
          content: { 'text/html': null, [JSON_TYPE]: z.looseObject({ name: z.string() }) },
        },
      },
    },
    ({ request, response }) =>
      sendJson(
        request,
        response,
        {
          name: 'basalt',
          chains: '/chains',
          capabilities: '/.well-known/basalt',
          openapi: '/openapi.json',
        },
        { cacheControl: DOCUMENT },
      ),
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/.well-known/basalt',
      tag: 'node',
      summary: 'What this node is and can do; signed where the node has a key for it',
      responses: {
        200: { description: 'The document', content: { [JSON_TYPE]: schemas.Capabilities } },
      },
    },
    ({ request, response }) =>
      sendJson(request, response, capabilities(services), { cacheControl: DOCUMENT }),
  );
  const version = services.settings.node?.version ?? '0.0.0';
  /** Written once, at the first question: it takes tens of milliseconds. */
  let document: Promise<Representation> | undefined;
  addRoute(
    app,
    {
      method: 'get',
      path: '/openapi.json',
      tag: 'node',
      summary: 'This document',
      responses: {
        200: { description: 'OpenAPI 3.1', content: { [JSON_TYPE]: z.looseObject({}) } },
      },
    },
    async ({ request, response }) => {
      document ??= openApiDocument(app, version).then((value) => {
        const body = Buffer.from(JSON.stringify(plain(value)));
        const tag = `${version}-${body.length}`;
        const options = { body, mediaType: JSON_TYPE, tag, cacheControl: DOCUMENT };
        return new Representation({ ...options, compress: true });
      });
      await sendRepresentation(request, response, await document);
    },
  );
}

function addMetrics(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/metrics',
      tag: 'node',
      summary: 'Metrics in the Prometheus text format',
      responses: { 200: { description: 'Metrics', content: { 'text/plain': null } } },
      problems: [401],
    },
    ({ request, response }) => {
      const { protectMetrics, adminToken } = services.settings;
      if (protectMetrics) assertAdmin(request.headers.authorization, adminToken);
      const fields = ['Content-Type', EXPOSITION_MEDIA_TYPE, ...PRIVATE_FIELDS];
      sendBytes(response, 200, fields, services.metrics.expose());
    },
  );
}

function addHealth(app: App, services: Services): void {
  const content = { [JSON_TYPE]: schemas.Health };
  const responses = { 200: { description: 'Well', content } };
  const fields = ['Cache-Control', 'no-store'];
  const state = (): Record<string, unknown> => {
    const reason = services.ledger.readOnlyReason();
    const problem = services.ledger.checkpointProblem();
    return {
      status: services.isStopping() ? 'stopping' : 'ok',
      writes: reason === undefined && !services.isStopping(),
      ...(reason === undefined ? {} : { readOnlyReason: reason }),
      ...(problem === undefined ? {} : { checkpointProblem: problem }),
    };
  };
  addRoute(
    app,
    {
      method: 'get',
      path: '/livez',
      tag: 'node',
      summary: 'The process answers',
      responses,
    },
    ({ response }) => sendResult(response, 200, state(), fields, DATA_FIELDS),
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/readyz',
      tag: 'node',
      summary:
        'Requests may be sent here: the ledger can be read, nothing is being caught up with, ' +
        'checkpoints come out, the disk has room',
      responses,
    },
    async ({ response }) => {
      if (services.isStopping()) throw new GatewayError('stopping', 'this node is stopping');
      const health = services.health?.();
      if (health?.isReady === false) {
        const failing = health.checks.filter((check) => check.state === 'failing');
        throw new GatewayError('overloaded', failing.map(({ words }) => words).join(' '));
      }
      try {
        await services.ledger.checkpoint('super');
      } catch {
        throw new GatewayError('overloaded', 'the ledger cannot be read');
      }
      sendResult(response, 200, state(), fields, DATA_FIELDS);
    },
  );
  addHealthDetail(app, services, state);
}

function addHealthDetail(app: App, services: Services, state: () => Record<string, unknown>): void {
  const content = { [JSON_TYPE]: schemas.Health };
  const responses = { 200: { description: 'Well', content } };
  const fields = ['Cache-Control', 'no-store'];
  addRoute(
    app,
    {
      method: 'get',
      path: '/healthz',
      tag: 'node',
      summary: 'For people: version, age, whether writes are taken',
      responses,
    },
    ({ response }) => {
      const uptimeSeconds = Math.round((services.clock.nowMs() - services.startedMs) / 1_000);
      const version = services.settings.node?.version ?? '0.0.0';
      const health = services.health?.();
      const value = {
        ...state(),
        version,
        uptimeSeconds,
        eventStreams: services.streams.count,
        ...(health === undefined ? {} : { health }),
      };
      sendResult(response, 200, value, fields, DATA_FIELDS);
    },
  );
}
