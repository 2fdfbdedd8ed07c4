import type { IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { type DescribeRouteOptions, describeRoute, resolver, validator } from 'hono-openapi';
import { z } from 'zod';
import { GatewayError } from './errors.ts';
import { Problem } from './schemas/responses.ts';

/** What a handler sees: Node's own objects, and the parameters as the schemas made them. */
export interface Exchange<Params, Query> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Params;
  readonly query: Query;
  /** The raw query, without its question mark. */
  readonly search: string;
}

export interface ResponseDoc {
  readonly description: string;
  /** Schema by media type; null for bytes. */
  readonly content?: Readonly<Record<string, z.ZodType | null>>;
}

export interface RouteSpec<Params extends z.ZodType, Query extends z.ZodType> {
  readonly method: 'get' | 'post';
  /** In hono's form, e.g. `/chains/:ns/head`. */
  readonly path: string;
  readonly tag: 'blocks' | 'chains' | 'log' | 'node' | 'admin';
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  /** Request fields worth telling, name and what it does. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Media types of the body; null for bytes. */
  readonly body?: Readonly<Record<string, z.ZodType | null>>;
  readonly responses: Readonly<Record<number, ResponseDoc>>;
  /** Statuses of problem documents beside 400, 404, 429 and 503, which every route has. */
  readonly problems?: readonly number[];
}

interface Bindings {
  readonly Bindings: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };
}

export type App = Hono<Bindings>;

export function createApp(): App {
  return new Hono<Bindings>({ strict: true });
}

/** One registered route, for Allow and for the names under which requests are counted. */
export interface RegisteredRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

/** Names of the routes that answered, for the metrics. */
const routeNames = new WeakMap<ServerResponse, string>();

export function routeName(response: ServerResponse): string {
  return routeNames.get(response) ?? 'none';
}

export function nameRoute(response: ServerResponse, name: string): void {
  routeNames.set(response, name);
}

/**
 * Registers a route with its schemas: they check the request and they write `/openapi.json`. The
 * handler answers through Node's response; what it throws becomes a problem document.
 */
export function addRoute<
  Params extends z.ZodType = z.ZodObject<Record<never, never>>,
  Query extends z.ZodType = z.ZodObject<Record<never, never>>,
>(
  app: App,
  spec: RouteSpec<Params, Query>,
  handler: (exchange: Exchange<z.output<Params>, z.output<Query>>) => unknown,
): void {
  const params = spec.params ?? z.object({});
  const query = spec.query ?? z.object({});
  const name = openApiPath(spec.path);
  app.on(
    spec.method.toUpperCase(),
    spec.path,
    describeRoute(describe(spec)),
    validator('param', params, refuse),
    validator('query', query, refuse),
    async (context) => {
      const { incoming, outgoing } = context.env;
      nameRoute(outgoing, name);
      const mark = (incoming.url ?? '').indexOf('?');
      await handler({
        request: incoming,
        response: outgoing,
        params: context.req.valid('param' as never) as z.output<Params>,
        query: context.req.valid('query' as never) as z.output<Query>,
        search: mark < 0 ? '' : (incoming.url ?? '').slice(mark + 1),
      });
      return RESPONSE_ALREADY_SENT;
    },
  );
}

/** `/chains/:ns/tile/:rest{.+}` as `/chains/{ns}/tile/{rest}`. */
export function openApiPath(path: string): string {
  return path.replaceAll(/:([A-Za-z]+)(?:\{[^}]*\})?/g, '{$1}');
}

interface Validation {
  readonly success: boolean;
  readonly error?: readonly {
    readonly message: string;
    readonly path?: readonly unknown[] | undefined;
  }[];
}

function refuse(result: Validation): void {
  if (result.success) return;
  const issue = result.error?.[0];
  const where = issue?.path?.join('.') ?? '';
  const subject = where === '' ? 'the request' : where;
  throw new GatewayError('bad-request', `${subject}: ${issue?.message ?? 'not in form'}`);
}

type Content = NonNullable<
  Extract<NonNullable<DescribeRouteOptions['requestBody']>, { content: unknown }>['content']
>;

function describe(spec: RouteSpec<z.ZodType, z.ZodType>): DescribeRouteOptions {
  const problems = [400, 404, 429, 503, ...(spec.problems ?? [])];
  const responses: Record<string, { description: string; content?: Content }> = {};
  for (const [status, doc] of Object.entries(spec.responses)) {
    responses[status] = {
      description: doc.description,
      ...(doc.content === undefined ? {} : { content: contentOf(doc.content) }),
    };
  }
  for (const status of problems) {
    responses[String(status)] ??= {
      description: 'Problem document (RFC 9457)',
      content: { 'application/problem+json': { schema: resolver(Problem) } },
    };
  }
  return {
    tags: [spec.tag],
    summary: spec.summary,
    responses,
    ...(spec.headers === undefined
      ? {}
      : {
          parameters: Object.entries(spec.headers).map(([name, description]) => ({
            in: 'header' as const,
            name,
            description,
            schema: { type: 'string' as const },
          })),
        }),
    ...(spec.body === undefined
      ? {}
      : { requestBody: { required: true, content: contentOf(spec.body) } }),
  };
}

function contentOf(types: Readonly<Record<string, z.ZodType | null>>): Content {
  const content: Content = {};
  for (const [type, schema] of Object.entries(types)) {
    // OpenAPI 3.1: bytes are told by the media type alone.
    content[type] = schema === null ? {} : { schema: resolver(schema) };
  }
  return content;
}
