import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { GatewayError } from './errors.ts';
import type { HotPath } from './hot-path.ts';
import { DATA_FIELDS, PRIVATE_FIELDS } from './http/security-fields.ts';
import { type App, createApp, openApiPath } from './route.ts';
import { addAdminRoutes } from './routes/admin-routes.ts';
import { addBlockRoutes } from './routes/block-routes.ts';
import { addChainRoutes } from './routes/chain-routes.ts';
import { addExtensionRoutes } from './routes/extension-routes.ts';
import { addFetchRoute } from './routes/fetch-route.ts';
import { addHandshakeRoutes } from './routes/handshake-routes.ts';
import { addLogRoutes } from './routes/log-routes.ts';
import { addNodeRoutes } from './routes/node-routes.ts';
import { addPageRoute } from './routes/page-route.ts';
import { addProofRoutes } from './routes/proof-routes.ts';
import { addSearchRoute } from './routes/search-route.ts';
import { addSnapshotRoutes } from './routes/snapshot-routes.ts';
import { addSubmitRoutes } from './routes/submit-routes.ts';
import { addTransactionRoutes } from './routes/transaction-routes.ts';
import type { Services } from './services.ts';

export type NodeListener = (
  request: IncomingMessage,
  response: ServerResponse,
) => void | Promise<void>;

/** Everything that is not prepared: the router with its routes. */
export function createRoutes(services: Services, hot: HotPath): App {
  const app = createApp();
  const writeFields = services.settings.allowCrossOriginWrites
    ? [...DATA_FIELDS, 'Cache-Control', 'no-store']
    : PRIVATE_FIELDS;
  addSubmitRoutes(app, services, writeFields);
  addHandshakeRoutes(app, services, writeFields);
  addFetchRoute(app, services, DATA_FIELDS);
  addBlockRoutes(app, services, hot);
  addChainRoutes(app, services);
  addSearchRoute(app, services);
  addPageRoute(app, services);
  addProofRoutes(app, services);
  addSnapshotRoutes(app, services);
  addTransactionRoutes(app, services);
  addLogRoutes(app, services, hot);
  addNodeRoutes(app, services);
  addAdminRoutes(app, services);
  addExtensionRoutes(app, services, services.extensions);
  const allowed = createAllowTable(app);
  app.notFound((context) => {
    const methods = allowed(context.req.path);
    if (methods.length === 0) throw new GatewayError('not-found', 'no resource has this address');
    throw new GatewayError('method-not-allowed', `expected one of ${methods.join(', ')}`, {}, [
      'Allow',
      methods.join(', '),
    ]);
  });
  return app;
}

/** Node's listener for the router; `fail` answers what a route throws. */
export function createListener(
  app: App,
  fail: (request: IncomingMessage, response: ServerResponse, error: unknown) => void,
): NodeListener {
  app.onError((error, context) => {
    fail(context.env.incoming, context.env.outgoing, error);
    return RESPONSE_ALREADY_SENT;
  });
  const listener = getRequestListener(
    (request, env) => app.fetch(request, env),
    // Other users of this process keep their own Request and Response; `fail` below answers a
    // target that cannot be made into a URL.
    { overrideGlobalObjects: false, hostname: 'localhost', errorHandler: () => undefined },
  );
  return async (request, response) => {
    await listener(request, response);
    if (!response.headersSent && !response.destroyed) fail(request, response, badRequest());
  };
}

function badRequest(): GatewayError {
  return new GatewayError('bad-request', 'expected a request target and host that can be read');
}

/** For each path the methods of its routes, with HEAD beside GET. */
function createAllowTable(app: App): (path: string) => string[] {
  const table = app.routes
    .filter((route) => route.method === 'GET' || route.method === 'POST')
    .map((route) => {
      const pattern = openApiPath(route.path)
        .split('/')
        .map((part) => (part === '{rest}' ? '.+' : part.startsWith('{') ? '[^/]+' : escape(part)))
        .join('/');
      return { method: route.method, pattern: new RegExp(`^${pattern}$`) };
    });
  return (path) => {
    const methods = new Set<string>();
    for (const { method, pattern } of table) {
      if (!pattern.test(path)) continue;
      methods.add(method);
      if (method === 'GET') methods.add('HEAD');
    }
    return methods.size === 0 ? [] : [...methods, 'OPTIONS'].sort();
  };
}

function escape(part: string): string {
  return part.replaceAll('.', '\\.');
}
