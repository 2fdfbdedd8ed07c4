import { z } from 'zod';
import type { ExtensionRequest, RouteExtension } from '../extension.ts';
import { readBody } from '../http/body.ts';
import { DATA_FIELDS } from '../http/security-fields.ts';
import { type App, addRoute, type Exchange } from '../route.ts';
import type { Services } from '../services.ts';
import { charge } from '../submit.ts';

const NO_BODY = new Uint8Array(0);
const AnyParams = z.record(z.string(), z.string());

/** Routes of other rooms, behind the same bounds as the gateway's own. */
export function addExtensionRoutes(
  app: App,
  services: Services,
  extensions: readonly RouteExtension[],
): void {
  for (const extension of extensions) {
    const { method, path, summary, bodyBytesMax } = extension;
    addRoute(
      app,
      {
        method: method === 'GET' ? 'get' : 'post',
        path,
        tag: 'node',
        summary,
        params: AnyParams,
        ...(bodyBytesMax === 0 ? {} : { body: { 'application/octet-stream': null } }),
        responses: { 200: { description: 'As the summary says' } },
      },
      (exchange) => answer(services, extension, exchange),
    );
  }
}

async function answer(
  services: Services,
  extension: RouteExtension,
  { request, response, params, search }: Exchange<Record<string, string>, unknown>,
): Promise<void> {
  charge(services, request, extension.cost);
  const { bodyBytesMax, method } = extension;
  const body =
    bodyBytesMax === 0
      ? { bytes: NO_BODY, release: () => undefined }
      : await readBody(request, bodyBytesMax, services.budget);
  try {
    const asked: ExtensionRequest = {
      params,
      query: new URLSearchParams(search),
      header: (name) => {
        const value = request.headers[name];
        return Array.isArray(value) ? value.join(', ') : value;
      },
      method,
      target: request.url ?? '/',
      authority: request.headers.host ?? '',
      body: body.bytes,
      remoteAddress: request.socket.remoteAddress ?? '',
    };
    const { status, fields = [], body: content = '', events } = await extension.handle(asked);
    if (events !== undefined) {
      await services.streams.stream(request, response, events);
      return;
    }
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const head = [...DATA_FIELDS, ...fields.flat(), 'Content-Length', String(bytes.length)];
    response.writeHead(status, head);
    response.end(request.method === 'HEAD' ? undefined : bytes);
  } finally {
    body.release();
  }
}
