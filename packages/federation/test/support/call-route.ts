import assert from 'node:assert/strict';
import type { Route } from '../../src/routes.ts';

export interface CalledRoute {
  readonly status: number;
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly text: string;
}

/** Calls a route as the gateway would: parameters of the path filled in, body bounded. */
export async function callRoute(
  routes: readonly Route[],
  method: 'GET' | 'POST',
  path: string,
  body: Uint8Array = new Uint8Array(0),
): Promise<CalledRoute> {
  for (const route of routes) {
    const params = method === route.method ? matchPath(route.path, path) : undefined;
    if (params === undefined) continue;
    assert.ok(body.length <= route.bodyBytesMax, 'the gateway would refuse so long a body');
    const {
      status,
      fields = [],
      body: answer = '',
    } = await route.handle({
      params,
      query: new URLSearchParams(),
      header: () => undefined,
      method,
      target: path,
      authority: 'node.example',
      body,
      remoteAddress: '127.0.0.1',
    });
    const text = typeof answer === 'string' ? answer : new TextDecoder().decode(answer);
    return {
      status,
      fields: new Map(fields.map(([name, value]) => [name.toLowerCase(), value])),
      text,
    };
  }
  return assert.fail(`no route for ${method} ${path}`);
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = given[i] as string;
    else if (part !== given[i]) return undefined;
  }
  return params;
}
