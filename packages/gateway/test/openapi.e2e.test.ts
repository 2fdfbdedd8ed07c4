import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ALGORITHM, fromHex, utf8 } from '@basalt/protocol';
import { CAPABILITIES_TAG } from '../src/index.ts';
import { BLOCK_TYPE } from '../src/media-types.ts';
import { ChainWriter, provider, seededSigner } from './support/ledger.ts';
import { ask, post, type Served, serve } from './support/serve.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** The contract, path by path. */
const CONTRACT: readonly string[] = [
  'POST /blocks',
  'POST /blocks/batch',
  'POST /blocks/fetch',
  'GET /blocks/{hash}',
  'GET /blocks/{hash}/header',
  'GET /blocks/{hash}/payload',
  'GET /blocks/{hash}/proof',
  'GET /blocks/{hash}/status',
  'GET /chains',
  'GET /namespaces',
  'GET /chains/{ns}',
  'GET /chains/{ns}/head',
  'GET /chains/{ns}/blocks',
  'GET /chains/{ns}/blocks/{index}',
  'GET /chains/{ns}/keys',
  'GET /chains/{ns}/proof',
  'GET /chains/{ns}/proofs',
  'GET /chains/{ns}/consistency',
  'GET /chains/{ns}/super',
  'GET /chains/{ns}/snapshots/{height}',
  'GET /chains/{ns}/snapshots/{height}/chunks',
  'GET /chains/{ns}/snapshots/{height}/chunks/{chunk}',
  'GET /snapshots',
  'GET /snapshots/{height}',
  'GET /transactions/{hash}/proof',
  'GET /chains/{ns}/forks',
  'GET /forks/{hash}',
  'GET /chains/{ns}/events',
  'GET /events',
  'GET /ns/{uuid}/checkpoint',
  'GET /ns/{uuid}/tile/{rest}',
  'GET /super/checkpoint',
  'GET /super/tile/{rest}',
  'GET /.well-known/basalt',
  'POST /handshake',
  'GET /openapi.json',
  'GET /metrics',
  'GET /livez',
  'GET /readyz',
  'GET /healthz',
  'GET /',
  'POST /admin/prune',
  'POST /admin/flush',
  'GET /admin/config',
];

let served: Served;
let document: Document;
before(async () => {
  served = await serve({
    node: { version: '1.2.3', roles: ['origin'], algorithms: [1, 3], signer: seededSigner(9) },
  });
  document = (await ask(served.port, '/openapi.json')).json<Document>();
});
after(() => served.close());

suite('the OpenAPI document', () => {
  const operations = (): [string, Operation][] =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    );

  test('it is 3.1 and describes exactly the contract', () => {
    assert.match(document.openapi, /^3\.1\.\d$/);
    assert.equal(document.info.title, 'Basalt');
    assert.equal(document.info.version, '1.2.3');
    assert.deepEqual(
      operations()
        .map(([name]) => name)
        .sort(),
      CONTRACT.toSorted(),
    );
  });

  test('operations are named once and say what they take and give', () => {
    const ids = operations().map(([, operation]) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const [name, operation] of operations()) {
      assert.ok(operation.summary.length > 5, name);
      const named = Array.from(name.matchAll(/\{(\w+)\}/g), (found) => found[1]!);
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      assert.deepEqual(inPath.map((parameter) => parameter.name).sort(), named.sort(), name);
      for (const parameter of inPath) assert.equal(parameter.required, true, name);
      const successes = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
      assert.ok(successes.length > 0, name);
      for (const response of Object.values(operation.responses)) {
        assert.ok(response.description.length > 0, name);
      }
      assert.ok('429' in operation.responses, name);
      const takesBody = name.startsWith('POST') && !name.endsWith('/flush');
      assert.equal(operation.requestBody !== undefined, takesBody, name);
    }
  });

  test('every reference leads to a schema, and every schema is one', () => {
    const schemas = document.components.schemas;
    let references = 0;
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, member] of Object.entries(value)) {
        if (key === '$ref' && typeof member === 'string') {
          references++;
          const name = /^#\/components\/schemas\/(\w+)$/.exec(member)?.[1];
          assert.ok(name !== undefined && Object.hasOwn(schemas, name), member);
        } else walk(member);
      }
    };
    walk(document);
    assert.ok(references > 40, `${references} references`);
    for (const [name, schema] of Object.entries(schemas)) {
      const keys = Object.keys(schema);
      assert.ok(keys.includes('type') || keys.includes('$ref'), name);
    }
  });

  test('what the document says of the JSON is what comes', async () => {
    const chain = new ChainWriter(80, 'described');
    await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0));
    const schemas = document.components.schemas as Record<
      string,
      { properties: object; required: string[] }
    >;
    const table: readonly [string, string][] = [
      ['/chains/described/head', 'Head'],
      ['/chains/described', 'NamespaceDetail'],
      [`/blocks/${chain.hash(0)}?view=json`, 'Block'],
      [`/blocks/${chain.hash(0)}/proof`, 'InclusionProof'],
      [`/blocks/${chain.hash(0)}/status`, 'Status'],
      ['/chains/described/proofs?indexes=0', 'MultiProof'],
      ['/chains/described/keys?proofs=1', 'KeyBlocks'],
      ['/chains/described/snapshots/1', 'Snapshot'],
      ['/snapshots', 'Snapshot'],
      ['/.well-known/basalt', 'Capabilities'],
      ['/healthz', 'Health'],
      ['/nowhere', 'Problem'],
    ];
    for (const [path, name] of table) {
      const value = (await ask(served.port, path)).json();
      const schema = schemas[name]!;
      for (const key of schema.required) assert.ok(key in value, `${path} has ${key}`);
      const known = Object.keys(schema.properties);
      const isLoose = ['Capabilities', 'Health', 'Problem'].includes(name);
      if (!isLoose)
        for (const key of Object.keys(value)) assert.ok(known.includes(key), `${path} ${key}`);
    }
  });
});

suite('what a node tells of itself', () => {
  test('the capability document is signed, and a changed one is not', async () => {
    const answer = await ask(served.port, '/.well-known/basalt');
    assert.match(answer.headers['cache-control'] as string, /max-age=300/);
    interface Signed {
      readonly signature: { readonly publicKey: string; readonly value: string };
      readonly openNamespaces: boolean;
    }
    const { signature, ...rest } = answer.json<Signed>();
    assert.equal(rest.openNamespaces, true);
    const suite1 = provider.suite(ALGORITHM.ed25519);
    const verify = (text: string): boolean =>
      suite1.verify(
        Buffer.from(signature.value, 'base64'),
        utf8(CAPABILITIES_TAG + text),
        fromHex(signature.publicKey),
      );
    assert.equal(verify(JSON.stringify(rest)), true);
    assert.equal(verify(JSON.stringify({ ...rest, openNamespaces: false })), false);
  });

  test('metrics parse line by line and count what happened', async () => {
    for (let i = 0; i < 3; i++) await ask(served.port, '/nothing/here');
    const answer = await ask(served.port, '/metrics');
    assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    const types = new Map<string, string>();
    const values = new Map<string, number>();
    for (const line of answer.body.toString().trimEnd().split('\n')) {
      const heading = /^# (HELP|TYPE) (basalt_[a-z_]+) (.+)$/.exec(line);
      if (heading !== null) {
        if (heading[1] === 'TYPE') types.set(heading[2]!, heading[3]!);
        continue;
      }
      const sample =
        /^(basalt_[a-z_]+)(\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)*\})? (NaN|[+-]Inf|[0-9.e+-]+)$/.exec(
          line,
        );
      assert.ok(sample !== null, line);
      const family = sample[1]!.replace(/_(bucket|sum|count)$/, '');
      assert.ok(types.has(sample[1]!) || types.get(family) === 'histogram', line);
      values.set(sample[1]! + (sample[2] ?? ''), Number(sample[3]));
    }
    const missed = 'basalt_http_requests_total{method="GET",route="none",status="404"}';
    assert.ok(values.get(missed)! >= 3);
  });

  test('a stream is counted when it ends, and its length is no latency', async () => {
    const controller = new AbortController();
    const address = `http://127.0.0.1:${served.port}`;
    const answer = await fetch(`${address}/events`, { signal: controller.signal });
    await answer.body?.getReader().read();
    controller.abort();
    const counted = 'basalt_http_requests_total{method="GET",route="/events",status="200"} 1';
    let text = '';
    for (let i = 0; i < 100 && !text.includes(counted); i++) {
      text = (await ask(served.port, '/metrics')).body.toString();
    }
    assert.ok(text.includes(counted));
    assert.ok(text.includes('basalt_http_request_duration_seconds_count{route="none"}'));
    assert.equal(/duration_seconds_count\{route="\/events"\} [1-9]/.test(text), false);
  });

  test('metrics can ask for the token', async () => {
    const guarded = await serve({ adminToken: 'secret', protectMetrics: true });
    try {
      assert.equal((await ask(guarded.port, '/metrics')).status, 401);
      const authorization = 'Bearer secret';
      const answer = await ask(guarded.port, '/metrics', { headers: { authorization } });
      assert.equal(answer.status, 200);
    } finally {
      await guarded.close();
    }
  });

  test('the dashboard is below its own path, with the same policy as the explorer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'basalt page '));
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>dashboard</title>');
    const page = await serve({ dashboardFolder: folder });
    try {
      const answer = await ask(page.port, '/dashboard/');
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-security-policy'] as string, /connect-src 'self'/);
      assert.equal((await ask(page.port, '/dashboard/?from=mail')).status, 200);
      const short = await ask(page.port, '/dashboard');
      assert.equal(short.status, 308);
      assert.equal(short.headers.location, '/dashboard/');
      assert.equal((await ask(page.port, '/')).headers['content-type'], 'application/json');
    } finally {
      rmSync(folder, { recursive: true });
      await page.close();
    }
    const without = await serve({});
    try {
      assert.equal((await ask(without.port, '/dashboard')).status, 404);
      assert.equal((await ask(without.port, '/dashboard/')).status, 404);
    } finally {
      await without.close();
    }
  });

  test('the explorer page comes with its policy and its hashes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'basalt page '));
    writeFileSync(join(folder, 'index.html'), `<!doctype html>${' '.repeat(2_000)}`);
    const page = await serve({ explorerFolder: folder });
    try {
      rmSync(folder, { recursive: true });
      const answer = await ask(page.port, '/');
      assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
      assert.match(answer.headers['content-security-policy'] as string, /frame-ancestors 'none'/);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      const etag = answer.headers['etag'] as string;
      const again = await ask(page.port, '/', { headers: { 'if-none-match': etag } });
      assert.equal(again.status, 304);
      const coded = await ask(page.port, '/', { headers: { 'accept-encoding': 'gzip' } });
      assert.equal(coded.headers['content-encoding'], 'gzip');
      assert.equal((await ask(page.port, '/index.html')).status, 404);
    } finally {
      await page.close();
    }
  });
});
