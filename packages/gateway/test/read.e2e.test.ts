import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Ledger } from '@basalt/ledger';
import {
  decodeBlockPrefix,
  decodeBundle,
  decodeEntryPrefix,
  entriesPath,
  fromHex,
  leafHash,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  TILE_WIDTH,
  TileBuilder,
  tileHashReader,
  tilePath,
  treeRoot,
  verifyConsistency,
} from '@basalt/protocol';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { BLOCK_TYPE, BLOCKS_TYPE, HEADER_TYPE } from '../src/media-types.ts';
import { ChainWriter, createTestLedger } from './support/ledger.ts';
import { type Answer, ask, post, type Served, serve, until } from './support/serve.ts';

const BLOCKS = 600;
let served: Served;
let chain: ChainWriter;

before(async () => {
  served = await serve();
  chain = new ChainWriter(1, 'readings');
  for (let i = 1; i < BLOCKS; i++) chain.add(Buffer.from(`reading ${i} `.repeat(4)));
  for (let from = 0; from < BLOCKS; from += 256) {
    const wires = chain.blocks.slice(from, from + 256).map((_, i) => chain.wire(from + i));
    const body = Buffer.concat(wires);
    const answer = await post(served.port, '/blocks/batch', BLOCKS_TYPE, body);
    assert.equal(answer.status, 200);
  }
  await served.ledger.flush();
});
after(() => served.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(served.port, path, { headers });

suite('conditional requests over HTTP', () => {
  test('a block: 304 for its tag, 412 for another, HEAD as GET', async () => {
    const path = `/blocks/${chain.hash(3)}`;
    const etag = `"${chain.hash(3)}"`;
    for (const round of ['cold', 'prepared']) {
      const whole = await get(path);
      assert.equal(whole.status, 200, round);
      assert.equal(whole.headers['etag'], etag);
      assert.deepEqual(whole.body, Buffer.from(chain.wire(3)));
      assert.match(whole.headers['cache-control'] as string, /immutable/);
      const known = await get(path, { 'if-none-match': `"x", W/${etag}` });
      assert.equal(known.status, 304);
      assert.equal(known.body.length, 0);
      assert.equal(known.headers['etag'], etag);
      assert.equal(known.headers['cache-control'], whole.headers['cache-control']);
      assert.equal((await get(path, { 'if-match': '"x"' })).status, 412);
      const head = await ask(served.port, path, { method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(head.body.length, 0);
      for (const field of ['content-length', 'etag', 'content-type', 'repr-digest']) {
        assert.equal(head.headers[field], whole.headers[field], field);
      }
    }
  });

  test('ranges: parts, If-Range, several, none to be had', async () => {
    const path = `/blocks/${chain.hash(5)}`;
    const bytes = Buffer.from(chain.wire(5));
    const etag = `"${chain.hash(5)}"`;
    const table: readonly [Record<string, string>, number, Buffer | undefined][] = [
      [{ range: 'bytes=0-9' }, 206, bytes.subarray(0, 10)],
      [{ range: 'bytes=10-' }, 206, bytes.subarray(10)],
      [{ range: 'bytes=-4' }, 206, bytes.subarray(-4)],
      [{ range: 'bytes=0-9', 'if-range': etag }, 206, bytes.subarray(0, 10)],
      [{ range: 'bytes=0-9', 'if-range': '"old"' }, 200, bytes],
      [{ range: 'bytes=0-1,5-6' }, 200, bytes],
      [{ range: 'lines=1-2' }, 200, bytes],
      [{ range: 'bytes=0-9', 'if-none-match': etag }, 304, Buffer.alloc(0)],
      [{ range: 'bytes=99999-' }, 416, undefined],
    ];
    for (const [headers, status, body] of table) {
      const answer = await get(path, headers);
      assert.equal(answer.status, status, JSON.stringify(headers));
      if (body !== undefined) assert.deepEqual(answer.body, body);
      if (status === 416) assert.equal(answer.headers['content-range'], `bytes */${bytes.length}`);
    }
    const part = await get(path, { range: 'bytes=2-5' });
    assert.equal(part.headers['content-range'], `bytes 2-5/${bytes.length}`);
    assert.equal(part.headers['content-length'], '4');
    assert.equal(part.headers['etag'], etag);
    const head = await ask(served.port, path, { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    assert.equal(head.status, 200, 'Range has a meaning for GET alone');
  });

  test('views: Accept and ?view, each with its own tag, and 406', async () => {
    const path = `/blocks/${chain.hash(2)}`;
    const json = await get(path, { accept: 'application/json' });
    assert.equal(json.headers['etag'], `"${chain.hash(2)}-json"`);
    assert.match(json.headers['vary'] as string, /Accept/);
    const view = json.json();
    assert.equal(view['hash'], chain.hash(2));
    assert.equal(view['payloadText'], 'reading 2 '.repeat(4));
    assert.deepEqual((await get(`${path}?view=json`)).json(), view);
    const wire = await get(path, { accept: `${BLOCK_TYPE}, application/json;q=0.1` });
    assert.deepEqual(wire.body, Buffer.from(chain.wire(2)));
    assert.equal((await get(path, { accept: 'image/png' })).status, 406);
    assert.equal((await get(`${path}?view=xml`)).status, 400);
    const known = await get(path, { accept: 'application/json', 'if-none-match': '*' });
    assert.equal(known.status, 304);
  });

  test('payloads are shown as asked where that is harmless', async () => {
    const path = `/blocks/${chain.hash(2)}/payload`;
    const text = await get(`${path}?type=text/plain`);
    assert.equal(text.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(text.headers['x-content-type-options'], 'nosniff');
    assert.match(text.headers['content-security-policy'] as string, /sandbox/);
    assert.equal((await get(`${path}?type=text/html`)).status, 400);
    assert.equal((await get(path)).headers['content-type'], 'application/octet-stream');
  });

  test('a head changes its tag with each block', async () => {
    const head = await get('/chains/readings/head');
    assert.equal(head.headers['etag'], `"${chain.hash(BLOCKS - 1)}"`);
    assert.match(head.headers['cache-control'] as string, /max-age=1, stale-while-revalidate/);
    const same = await get('/chains/readings/head', {
      'if-none-match': head.headers['etag'],
    });
    assert.equal(same.status, 304);
    const wire = await get('/chains/readings/head', { accept: BLOCK_TYPE });
    assert.deepEqual(wire.body, Buffer.from(chain.wire(BLOCKS - 1)));
    assert.notEqual(wire.headers['etag'], head.headers['etag']);
  });
});

suite('pages', () => {
  const linksOf = (answer: Answer): Record<string, string> =>
    Object.fromEntries(
      Array.from(
        (answer.headers['link'] as string).matchAll(/<([^>]+)>; rel="(\w+)"/g),
        (found) => [found[2]!, found[1]!],
      ),
    );

  test('following next from the first page shows every block once, in order', async () => {
    for (const accept of [BLOCKS_TYPE, HEADER_TYPE, 'application/json']) {
      let path: string | undefined = '/chains/readings/blocks?from=0&count=170';
      const seen: number[] = [];
      while (path !== undefined) {
        const page: Answer = await get(path, { accept });
        assert.equal(page.status, 200);
        if (accept === 'application/json') {
          for (const row of page.json<{ index: number; hash: string }[]>()) {
            assert.equal(row.hash, chain.hash(row.index));
            seen.push(row.index);
          }
        } else {
          for (let offset = 0; offset < page.body.length; ) {
            const read =
              accept === BLOCKS_TYPE
                ? decodeBlockPrefix(page.body, offset)
                : decodeEntryPrefix(page.body, offset);
            const entry = 'block' in read ? read.block.entry : read.entry;
            seen.push(entry.header.index);
            offset = read.end;
          }
        }
        path = linksOf(page)['next'];
      }
      assert.deepEqual(
        seen,
        Array.from({ length: BLOCKS }, (_, i) => i),
        accept,
      );
    }
  });

  test('links, aligned pages and the end', async () => {
    const page = await get('/chains/readings/blocks?from=50&count=50');
    const links = linksOf(page);
    const base = `/chains/${chain.namespace}/blocks`;
    assert.deepEqual(links, {
      first: `${base}?from=0&count=50`,
      prev: `${base}?from=0&count=50`,
      next: `${base}?from=100&count=50`,
      last: `${base}?from=550&count=50`,
    });
    assert.doesNotMatch(page.headers['cache-control'] as string, /immutable/);
    const aligned = await get('/chains/readings/blocks?from=256&count=256');
    assert.match(aligned.headers['cache-control'] as string, /immutable/);
    const open = await get('/chains/readings/blocks?from=512&count=256');
    assert.doesNotMatch(open.headers['cache-control'] as string, /immutable/);
    const beyond = await get('/chains/readings/blocks?from=10000');
    assert.deepEqual(beyond.json(), []);
    assert.equal((await get('/chains/readings/blocks')).json<unknown[]>().length, 50);
    const list = await get('/chains?count=1');
    assert.equal(list.json<unknown[]>().length, 1);
    assert.equal(linksOf(list)['next'], '/chains?from=1&count=1');
  });

  for (const query of [
    'count=1001',
    'from=-1',
    'from=1e3',
    'from=01',
    'from=',
    'from=9007199254740992',
    'from=1&from=2',
    'payloads=2',
  ]) {
    test(`?${query} is refused`, async () => {
      const answer = await get(`/chains/readings/blocks?${query}`);
      assert.equal(answer.status, 400);
      assert.equal(answer.json()['code'], 'bad-request');
    });
  }

  test('lists and bundles are coded where asked, never single blocks', async () => {
    const path = '/chains/readings/blocks?from=0&count=256';
    const plain = await get(path);
    assert.equal(plain.headers['content-encoding'], undefined);
    const tags = new Set([plain.headers['etag']]);
    const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync };
    for (const [coding, decode] of Object.entries(decoders)) {
      const coded = await get(path, { 'accept-encoding': coding });
      assert.equal(coded.headers['content-encoding'], coding);
      assert.match(coded.headers['vary'] as string, /Accept-Encoding/);
      assert.deepEqual(decode(coded.body), plain.body);
      tags.add(coded.headers['etag']);
    }
    assert.equal(tags.size, 4, 'each form has its own tag');
    const bundle = `/ns/${chain.namespace}/tile/entries/000`;
    const zstd = await get(bundle, { 'accept-encoding': 'br, gzip, zstd' });
    assert.equal(zstd.headers['content-encoding'], 'zstd');
    assert.deepEqual(zstdDecompressSync(zstd.body), (await get(bundle)).body);
    const tag = zstd.headers['etag'] as string;
    const again = await get(bundle, { 'accept-encoding': 'zstd', 'if-none-match': tag });
    assert.equal(again.status, 304);
    const block = await get(`/blocks/${chain.hash(1)}`, { 'accept-encoding': 'gzip, zstd' });
    assert.equal(block.headers['content-encoding'], undefined);
  });
});

suite('tiles and proofs', () => {
  test('the checkpoint, the tiles and the bundles are one tree', async () => {
    const note = await get(`/ns/${chain.namespace}/checkpoint`);
    assert.equal(note.headers['content-type'], 'text/plain; charset=utf-8');
    const { size, root, origin } = parseCheckpoint(parseNote(note.body).text);
    assert.equal(size, BLOCKS);
    assert.equal(origin, `test.example/log/ns/${chain.namespace}`);
    const tiles = new Map<string, Uint8Array>();
    const fetchTile = async (level: number, index: number, width: number): Promise<void> => {
      const answer = await get(`/ns/${chain.namespace}/${tilePath({ level, index, width })}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.length, 32 * width);
      const immutable = /immutable/.test(answer.headers['cache-control'] as string);
      assert.equal(immutable, width === TILE_WIDTH);
      tiles.set(`${level}/${index}`, answer.body);
    };
    for (const index of [0, 1]) await fetchTile(0, index, TILE_WIDTH);
    await fetchTile(0, 2, BLOCKS - 512);
    await fetchTile(1, 0, 2);
    const read = tileHashReader(size, (level, index) => tiles.get(`${level}/${index}`)!);
    assert.deepEqual(treeRoot(size, read), root);
    for (const [index, width] of [
      [0, 256],
      [2, BLOCKS - 512],
    ] as const) {
      const bundle = await get(`/ns/${chain.namespace}/${entriesPath({ index, width })}`);
      const entries = decodeBundle(bundle.body);
      assert.equal(entries.length, width);
      for (const [i, entry] of entries.entries()) {
        const slot = tiles.get(`0/${index}`)!.subarray(32 * i, 32 * i + 32);
        assert.deepEqual(Buffer.from(leafHash(entry)), Buffer.from(slot));
      }
    }
  });

  test('tiles that are not there, or are spelt otherwise', async () => {
    const base = `/ns/${chain.namespace}/tile`;
    const absent = ['0/002', '0/002.p/89', '0/009', '2/000', 'entries/002', 'entries/002.p/89'];
    for (const path of absent) assert.equal((await get(`${base}/${path}`)).status, 404, path);
    const misspelt = [
      '0/0',
      '0/0000',
      '00/000',
      '0/x000/000',
      '0/000.p/256',
      '0/000.p/0',
      '0/000.p/01',
      '7/000',
      '64/000',
      '-1/000',
      'entries/0',
      '0/000/',
      '0/000.p',
      'data/000',
      '0/x1/000',
      '0/1000',
    ];
    for (const path of misspelt) {
      assert.equal((await get(`${base}/${path}`)).status, 400, path);
    }
    assert.equal((await get(`/ns/${chain.namespace.toUpperCase()}/tile/0/000`)).status, 400);
    assert.equal((await get(`/ns/readings/tile/0/000`)).status, 404);
    const unknown = '00000000-0000-4000-8000-000000000000';
    assert.equal((await get(`/ns/${unknown}/tile/0/000`)).status, 404);
    assert.equal((await get(`/ns/${unknown}/checkpoint`)).status, 404);
    assert.equal((await get(`${base}/0/000?x=1`)).status, 200, 'a query does not hide a tile');
  });

  test('consistency, proof files, snapshots and the super-log', async () => {
    const proof = await get('/chains/readings/consistency?from=256&to=600');
    assert.match(proof.headers['cache-control'] as string, /immutable/);
    const { hashes } = proof.json<{ hashes: string[] }>();
    const root = async (height: number) =>
      fromHex((await get(`/chains/readings/snapshots/${height}`)).json<{ root: string }>().root);
    verifyConsistency({
      fromSize: 256,
      fromRoot: await root(256),
      toSize: 600,
      toRoot: await root(600),
      proof: hashes.map((hash) => fromHex(hash)),
    });
    const file = await get('/chains/readings/proof?index=7', { accept: 'text/plain' });
    assert.match(file.headers['content-disposition'] as string, /7\.tlog-proof/);
    const parsed = parseTlogProof(file.body);
    assert.equal(parsed.index, 7);
    const entry = await get('/chains/readings/blocks?from=7&count=1&payloads=0', {
      accept: 'application/x-basalt-header',
    });
    assert.deepEqual(
      parsed.extra,
      new Uint8Array(entry.body),
      'the file holds the entry it proves',
    );
    const superNote = await until(async () => {
      const answer = await get('/super/checkpoint');
      return answer.status === 200 && answer;
    });
    const { size, origin } = parseCheckpoint(parseNote(superNote.body).text);
    assert.equal(origin, 'test.example/log/super');
    const edge = size % TILE_WIDTH;
    assert.equal((await get(`/super/tile/0/000.p/${edge}`)).body.length, 32 * edge);
    assert.equal((await get('/snapshots/1')).status, 200);
    const shown = await until(async () => {
      const answer = await get('/chains/readings/super');
      return answer.status === 200 && answer;
    });
    assert.equal(shown.json()['namespace'], chain.namespace);
    for (const path of [
      'proof?index=600',
      'consistency?from=5&to=4',
      'consistency?from=1&to=601',
      'snapshots/601',
      'proofs?indexes=600',
    ]) {
      const answer = await get(`/chains/readings/${path}`);
      assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
    }
  });
});

test('a log of the Tessera project is served byte for byte', {
  skip: skipReason('tessera-testlog', 'log.json'),
}, async () => {
  interface Log {
    readonly entries: readonly string[];
    readonly checkpoints: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  }
  const text = readFileSync(conformanceFile('tessera-testlog', 'log.json')!, 'utf8');
  const log = JSON.parse(text) as Log;
  const entries = log.entries.map((entry) => Buffer.from(entry));
  const files = filesOf(log);
  const builder = new TileBuilder();
  for (const entry of entries) builder.append(leafHash(entry));
  const all = builder.partialTile(0);
  const real = await createTestLedger();
  // Its entries are not blocks, so no ledger would take them: what is shown is the gateway's part,
  // paths and encodings, over a log that says what theirs says.
  const theirs: Ledger = Object.assign(Object.create(real) as Ledger, {
    checkpoint: async () => log.checkpoints['checkpoint'],
    tile: async (_: string, level: number, index: number, width: number) =>
      level === 0 && index === 0 && width <= entries.length
        ? all.subarray(0, 32 * width)
        : undefined,
    entries: async (_: string, from: number, count: number) => entries.slice(from, from + count),
  });
  const mirror = await serve({}, theirs);
  try {
    const base = '/ns/00000000-0000-4000-8000-000000000000';
    const note = await ask(mirror.port, `${base}/checkpoint`);
    assert.equal(note.body.toString(), log.checkpoints['checkpoint']);
    assert.ok(files.size >= 30, `${files.size} files`);
    for (const [path, bytes] of files) {
      const answer = await ask(mirror.port, `${base}/${path}`);
      assert.equal(answer.status, 200, path);
      assert.deepEqual(answer.body, bytes, path);
    }
  } finally {
    await mirror.close();
    await real.close();
  }
});

/** Tiles and bundles of the vectors by their path. */
function filesOf(log: Readonly<Record<string, unknown>>): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      const path = /tile\/.+$/.exec(key)?.[0];
      if (path !== undefined && typeof member === 'string') {
        files.set(path, Buffer.from(member, 'base64'));
      } else walk(member);
    }
  };
  walk(log);
  return files;
}
