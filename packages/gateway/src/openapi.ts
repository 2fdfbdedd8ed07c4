import { generateSpecs } from 'hono-openapi';
import type { App } from './route.ts';

/** The OpenAPI 3.1 document of the routes, written from the schemas that check the requests. */
export async function openApiDocument(app: App, version: string): Promise<unknown> {
  return generateSpecs(app, {
    excludeStaticFile: false,
    defaultValidationErrorResponse: false,
    documentation: {
      info: {
        title: 'Basalt',
        version,
        description:
          'A ledger of many independent, provable chains. GET needs nothing; a write needs the ' +
          'signature of the namespace’s key; /admin needs a token. HEAD answers as GET.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'blocks', description: 'Blocks by hash, submissions' },
        { name: 'chains', description: 'Namespaces by UUID or label' },
        { name: 'log', description: 'Tiles, checkpoints, the super-log' },
        { name: 'node', description: 'What this node is and how it is' },
        { name: 'admin', description: 'With a bearer token' },
      ],
      components: {
        securitySchemes: { admin: { type: 'http', scheme: 'bearer' } },
      },
    },
  });
}
