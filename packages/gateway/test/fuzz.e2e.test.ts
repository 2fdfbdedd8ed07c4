import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { BATCH_TYPE, BLOCK_TYPE, BLOCKS_TYPE } from '../src/media-types.ts';
import { ChainWriter } from './support/ledger.ts';
import { ask, post, type Served, serve } from './support/serve.ts';

let served: Served;
let chain: ChainWriter;
before(async () => {
  served = await serve({
    adminToken: 'secret',
    headersTimeoutMs: 500,
    requestTimeoutMs: 800,
    timeoutCheckMs: 50,
    rateLoopback: { perSecond: 1e6, burst: 1e6 },
  });
  chain = new ChainWriter(90);
  for (let i = 0; i < 10; i++) chain.add(Buffer.from(`x${i}`));
  const body = Buffer.concat(chain.blocks.slice(0, 8).map((_, i) => chain.wire(i)));
  await post(served.port, '/blocks/batch', BLOCKS_TYPE, body, { prefer: 'wait-checkpoint' });
});
after(async () => {
  // Whatever was thrown at it, it still works.
  assert.equal((await ask(served.port, `/blocks/${chain.hash(1)}`)).status, 200);
  await served.close();
});

/** Bytes on a bare socket; the status lines that came back before it closed, or a failure. */
function exchange(bytes: Buffer): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(served.port, '127.0.0.1', () => socket.end(bytes));
    let text = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`it hangs: ${JSON.stringify(bytes.toString('latin1'))}`));
    }, 5_000);
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      const lines = text.matchAll(/(?:^|\n)HTTP\/1\.1 (\d{3}) /g);
      resolve(Array.from(lines, (found) => Number(found[1])));
    });
  });
}

function assertNoFault(statuses: readonly number[], what: string): void {
  for (const status of statuses) assert.ok(status < 500 || status === 503, `${status} for ${what}`);
}

const known = fc.constantFrom(
  'blocks',
  'batch',
  'fetch',
  'chains',
  'head',
  'keys',
  'proof',
  'proofs',
  'ns',
  'tile',
  'entries',
  'super',
  'checkpoint',
  'snapshots',
  'forks',
  'events',
  'metrics',
  'admin',
  'prune',
  '0',
  '1',
  '000',
  'x001',
  '000.p',
  '..',
  '.',
  '',
  '%2e',
  '%2f',
  '%00',
  '%c0%ae',
  '.well-known',
  'basalt',
  '00'.repeat(32),
  '9007199254740991',
  '18446744073709551616',
  '-1',
  '1e9',
);
const oddValue = fc.oneof(known, fc.string({ unit: 'binary-ascii', maxLength: 12 }));
const mostly = (...values: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: oddValue },
  );
/** Paths of the contract with something in the places of their parameters. */
const place = fc
  .tuple(
    fc.constantFrom(
      '/blocks',
      '/blocks/batch',
      '/blocks/fetch',
      '/blocks/@h',
      '/blocks/@h/header',
      '/blocks/@h/payload',
      '/blocks/@h/proof',
      '/blocks/@h/status',
      '/chains',
      '/chains/@n',
      '/chains/@n/head',
      '/chains/@n/blocks',
      '/chains/@n/blocks/@i',
      '/chains/@n/keys',
      '/chains/@n/proof',
      '/chains/@n/proofs',
      '/chains/@n/consistency',
      '/chains/@n/super',
      '/chains/@n/snapshots/@i',
      '/chains/@n/snapshots/@i/chunks',
      '/chains/@n/snapshots/@i/chunks/@i',
      '/chains/@n/forks',
      '/forks/@h',
      '/snapshots',
      '/snapshots/@i',
      '/ns/@n/checkpoint',
      '/ns/@n/tile/0/@t',
      '/ns/@n/tile/entries/@t',
      '/ns/@n/tile/@i/@t',
      '/super/checkpoint',
      '/super/tile/0/@t',
      '/metrics',
      '/openapi.json',
      '/.well-known/basalt',
      '/admin/config',
      '/admin/prune',
      '/healthz',
      '/',
    ),
    mostly('{hash}'),
    mostly('{chain}', '{chain}', 'chain-90'),
    mostly('0', '1', '7'),
    mostly('000.p/1', '000.p/8', '000'),
  )
  .map(([path, hash, name, index, tile]) =>
    path
      .replace('@h', () => hash)
      .replace('@n', () => name)
      .replace('@i', () => index)
      .replace('@t', () => tile),
  );
const anyPlace = fc
  .array(oddValue, { maxLength: 6 })
  .map((parts) => parts.map((part) => `/${part}`).join(''));
const parameter = fc.tuple(
  fc.constantFrom('from', 'to', 'count', 'index', 'indexes', 'view', 'format', 'type', 'proofs'),
  fc.oneof(
    known,
    fc.constantFrom('json', 'tlog-proof', '1,2,3', 'text/html', '1,1', ','),
    fc.string(),
  ),
);
const target = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: place }, { weight: 1, arbitrary: anyPlace }),
    fc.array(parameter, { maxLength: 3 }),
  )
  .map(([path, query]) => {
    const pairs = query.map((pair) => pair.join('=')).join('&');
    return query.length === 0 ? path : `${path}?${pairs}`;
  });
const mildField = fc.constantFrom(
  'Range: bytes=0-0',
  'Range: bytes=-1',
  'Range: bytes=5-1',
  'If-Match: *',
  'If-Match: "x"',
  'If-None-Match: *',
  'If-None-Match: W/"',
  'If-Range: "x"',
  'Accept: application/json',
  'Accept: text/plain',
  'Accept: */*',
  'Accept: nothing/else',
  'Accept-Encoding: zstd',
  'Accept-Encoding: gzip;q=2',
  'Prefer: durable',
  'Prefer: respond-async',
  'Content-Type: text/plain',
  `Content-Type: ${BLOCK_TYPE}`,
  `Accept: ${BLOCKS_TYPE}`,
  'Content-Type: application/json',
  'Last-Event-ID: x',
  'Authorization: Bearer secret',
  'Upgrade: websocket',
);
const wildField = fc.oneof(
  fc.constantFrom(
    'Expect: 100-continue',
    'Transfer-Encoding: chunked',
    'Content-Length: 0',
    'Content-Length: 3',
    'Host: y',
    'Content-Encoding: gzip',
    'Connection: close, upgrade',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
);
const fields = fc
  .tuple(
    fc.array(mildField, { maxLength: 3 }),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(wildField, { maxLength: 2 }) },
    ),
  )
  .map((lists) => lists.flat());
const body = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.constant('{"hashes":["{hash}"],"proofs":true}') },
  { weight: 2, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 30 }) },
);
const method = fc.oneof(
  { weight: 8, arbitrary: fc.constant('GET') },
  { weight: 6, arbitrary: fc.constantFrom('HEAD', 'POST') },
  { weight: 1, arbitrary: fc.constantFrom('OPTIONS', 'PUT', 'TRACE', 'CONNECT', 'get', '') },
);

test('any request line and fields: an answer, never a fault, never a hang', async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      method,
      target,
      fields,
      body,
      fc.boolean(),
      async (verb, path, extra, content, isHonest) => {
        const fill = (text: string): string =>
          text.replaceAll('{chain}', chain.namespace).replaceAll('{hash}', chain.hash(2));
        const line = fill(path);
        // Event streams have no end of their own; the tests of events look at them.
        if (/\/events/.test(line) && verb === 'GET') return;
        const sent = fill(content);
        // Half of them say how long they are; for the others the rest is a second request.
        const length = isHonest && sent !== '' ? [`Content-Length: ${sent.length}`] : [];
        const head = [`${verb} ${line} HTTP/1.1`, 'Host: x', ...length, ...extra];
        const text = `${head.join('\r\n')}\r\nConnection: close\r\n\r\n${sent}`;
        const statuses = await exchange(Buffer.from(text, 'latin1'));
        assertNoFault(statuses, JSON.stringify(text));
        for (const status of statuses) seen.add(status);
      },
    ),
    { numRuns: 1_500 },
  );
  // The questions are good enough to reach what lies behind the door.
  for (const status of [200, 304, 400, 404, 405]) {
    assert.ok(seen.has(status), `no ${status} among ${[...seen].join()}`);
  }
});

test('any bytes at all: a status or a closed connection', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      assertNoFault(await exchange(Buffer.from(bytes)), Buffer.from(bytes).toString('hex'));
    }),
    { numRuns: 100 },
  );
});

test('mutated real blocks are refused with a code, or are the block', async () => {
  const wire = Buffer.from(chain.wire(8));
  const mutation = fc.record({
    at: fc.nat(wire.length - 1),
    value: fc.nat(255),
    cut: fc.option(fc.nat(wire.length)),
    extra: fc.uint8Array({ maxLength: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(mutation, fc.boolean(), async ({ at, value, cut, extra }, batch) => {
      const changed = Buffer.from(wire);
      changed[at] = value;
      const body = Buffer.concat([changed.subarray(0, cut ?? changed.length), extra]);
      const path = batch ? '/blocks/batch' : '/blocks';
      const answer = await post(served.port, path, batch ? BLOCKS_TYPE : BLOCK_TYPE, body);
      assertNoFault([answer.status], body.toString('hex'));
      const isSame = body.equals(wire) || body.equals(Buffer.from(chain.wire(8)));
      if (!batch && !isSame) assert.ok(answer.status >= 400, `${answer.status}`);
      if (batch && answer.status === 200 && !isSame) {
        const { outcomes } = answer.json<{ outcomes: { status: string }[] }>();
        for (const outcome of outcomes) assert.notEqual(outcome.status, 'accepted');
      }
      if (answer.status >= 400) assert.equal(typeof answer.json()['code'], 'string');
    }),
    { numRuns: 300 },
  );
});

test('any JSON as a question: an answer or 400', async () => {
  const hash = fc.oneof(fc.constant('00'.repeat(32)), fc.constant('{hash}'), fc.string());
  const question = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc
      .record({ hashes: fc.array(hash), proofs: fc.anything(), payloads: fc.anything() })
      .map((value) => {
        try {
          return JSON.stringify(value) ?? '';
        } catch {
          return '{}';
        }
      }),
  );
  await fc.assert(
    fc.asyncProperty(question, async (text) => {
      const body = text.replaceAll('{hash}', chain.hash(3));
      const answer = await post(served.port, '/blocks/fetch', 'application/json', body);
      if (answer.status === 200) assert.equal(answer.headers['content-type'], BATCH_TYPE);
      else assert.equal(answer.status, 400, body);
      const prune = await post(served.port, '/admin/prune', 'application/json', body, {
        authorization: 'Bearer secret',
      });
      assert.ok([400, 404].includes(prune.status), `${prune.status} for ${body}`);
    }),
    { numRuns: 200 },
  );
});
