import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { LedgerError } from '@basalt/ledger';
import {
  CHUNK_BYTES,
  ERROR_CODES,
  HASH_KIND,
  hashPayload,
  ProtocolError,
  type ProtocolErrorCode,
  verifyChunk,
} from '@basalt/protocol';
import { StoreError } from '@basalt/store';
import { CHUNK_PROOFS_MAX, createChunkProver } from '../src/chunk-proof.ts';
import { GATEWAY_STATUS, GatewayError, type GatewayErrorCode } from '../src/errors.ts';
import { digestOf } from '../src/http/digest.ts';
import { encodeProblem, problemOf } from '../src/http/problem.ts';
import { Representation } from '../src/http/representation.ts';
import { loadStaticFiles } from '../src/static-files.ts';
import { provider } from './support/ledger.ts';

function field(fields: readonly string[], name: string): string | undefined {
  const at = fields.findIndex((value, i) => i % 2 === 0 && value.toLowerCase() === name);
  return at < 0 ? undefined : fields[at + 1];
}

suite('representations', () => {
  const body = Buffer.from('all work and no play '.repeat(200));

  test('each coding has its own tag, length and digest, and the same bytes inside', async () => {
    const representation = new Representation({
      body,
      mediaType: 'application/json',
      tag: 't',
      cacheControl: 'no-cache',
      compress: true,
      digest: digestOf(body),
    });
    const gzip = await representation.coded('gzip');
    const zstd = await representation.coded('zstd');
    const br = await representation.coded('br');
    assert.ok(gzip !== undefined && zstd !== undefined && br !== undefined);
    assert.deepEqual(brotliDecompressSync(br.body), body);
    assert.deepEqual(gunzipSync(gzip.body), body);
    assert.deepEqual(zstdDecompressSync(zstd.body), body);
    const forms = [representation.identity, zstd, br, gzip];
    assert.deepEqual(
      forms.map((form) => form.etag),
      ['"t"', '"t-zstd"', '"t-br"', '"t-gzip"'],
    );
    assert.deepEqual(
      representation.etags,
      forms.map((form) => form.etag),
    );
    for (const form of forms) {
      assert.equal(field(form.fields, 'content-length'), String(form.body.length));
      assert.equal(field(form.fields, 'etag'), form.etag);
      assert.equal(field(form.fields, 'vary'), 'Accept-Encoding');
      assert.equal(field(form.fields, 'repr-digest'), digestOf(form.body));
    }
    assert.equal(await representation.coded('gzip'), gzip, 'coded once');
    assert.ok(representation.sizeBytes >= 4 * body.length);
  });

  test('what does not shrink is sent as it is', async () => {
    const random = Buffer.from(
      Array.from({ length: 4_096 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 0xff),
    );
    const options = { body: random, mediaType: 'x/y', tag: 't', cacheControl: 'x', compress: true };
    const dense = new Representation({ ...options, body: provider.sha512(random) });
    assert.equal(dense.compressible, false, 'too short to be coded');
    const long = Buffer.concat(Array.from({ length: 64 }, (_, i) => provider.sha512(Buffer.of(i))));
    assert.equal(await new Representation({ ...options, body: long }).coded('gzip'), undefined);
  });

  test('a 304 carries what a cache needs and no length', () => {
    const representation = new Representation({
      body,
      mediaType: 'x/y',
      tag: 't',
      cacheControl: 'public',
      vary: 'Accept',
      digest: digestOf(body),
    });
    const fields = representation.notModifiedFields('"t"');
    assert.equal(field(fields, 'etag'), '"t"');
    assert.equal(field(fields, 'vary'), 'Accept');
    assert.equal(field(fields, 'cache-control'), 'public');
    assert.equal(field(fields, 'content-length'), undefined);
    assert.equal(field(fields, 'content-type'), undefined);
  });
});

suite('chunk proofs', () => {
  for (const length of [1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES + 7, 8 * CHUNK_BYTES]) {
    test(`every aligned part of ${length} bytes verifies with the protocol alone`, () => {
      const payload = Uint8Array.from({ length }, (_, i) => i * 7);
      const payloadHash = hashPayload(payload, HASH_KIND.sha256Tree, provider);
      const prove = createChunkProver(payload, provider.sha256);
      for (let start = 0; start < length; start += CHUNK_BYTES) {
        for (let end = start + CHUNK_BYTES; ; end += CHUNK_BYTES) {
          const stop = Math.min(end, length);
          const text = prove(start, stop);
          assert.ok(text !== undefined);
          let rest = Buffer.from(text, 'base64');
          for (let at = start; at < stop; at += CHUNK_BYTES) {
            const count = rest[0]!;
            const proof = Array.from({ length: count }, (_, i) =>
              rest.subarray(1 + 32 * i, 33 + 32 * i),
            );
            rest = rest.subarray(1 + 32 * count);
            const chunk = payload.subarray(at, Math.min(at + CHUNK_BYTES, length));
            const chunkIndex = at / CHUNK_BYTES;
            const payloadLength = length;
            verifyChunk({ chunk, chunkIndex, payloadLength, payloadHash, proof });
            const wrong = Uint8Array.from(chunk);
            wrong[0]! ^= 1;
            assert.throws(() =>
              verifyChunk({ chunk: wrong, chunkIndex, payloadLength, payloadHash, proof }),
            );
          }
          assert.equal(rest.length, 0);
          if (stop === length) break;
        }
      }
    });
  }

  test('parts without a whole chunk, or with too many, have none', () => {
    const payload = new Uint8Array((CHUNK_PROOFS_MAX + 2) * CHUNK_BYTES);
    const prove = createChunkProver(payload, provider.sha256);
    assert.equal(prove(1, CHUNK_BYTES), undefined);
    assert.equal(prove(0, CHUNK_BYTES - 1), undefined);
    assert.ok(prove(0, CHUNK_PROOFS_MAX * CHUNK_BYTES) !== undefined);
    assert.equal(prove(0, (CHUNK_PROOFS_MAX + 1) * CHUNK_BYTES), undefined);
  });
});

suite('problem documents, RFC 9457', () => {
  test('every code of the protocol has a status of the 400s', () => {
    for (const code of Object.keys(ERROR_CODES) as ProtocolErrorCode[]) {
      const { status } = problemOf(new ProtocolError(code, 'x'));
      assert.ok(status >= 400 && status < 500, `${code}: ${status}`);
    }
  });

  test('the table of the contract', () => {
    const table: Readonly<Record<string, number>> = {
      malformed: 400,
      'version-mismatch': 400,
      'payload-too-large': 413,
      'wrong-namespace': 404,
      'unknown-namespace': 404,
      'broken-chain': 409,
      'invalid-index': 409,
      fork: 409,
      'namespace-frozen': 423,
      'invalid-signature': 422,
      'payload-mismatch': 422,
      'timestamp-regression': 422,
      'wrong-writer': 422,
    };
    for (const [code, status] of Object.entries(table)) {
      assert.equal(problemOf(new ProtocolError(code as ProtocolErrorCode, 'x')).status, status);
    }
    assert.equal(problemOf(new LedgerError('head-moved', 'x')).status, 412);
    const full = problemOf(new LedgerError('queue-full', 'x'));
    assert.equal(full.status, 503);
    assert.deepEqual(full.fields, ['Retry-After', '1']);
    assert.equal(problemOf(new LedgerError('read-only', 'x')).status, 503);
    assert.equal(problemOf(new StoreError('pruned', 'x')).status, 410);
    assert.equal(problemOf(new StoreError('disk-full', 'x')).code, 'read-only');
    for (const [code, status] of Object.entries(GATEWAY_STATUS)) {
      assert.equal(problemOf(new GatewayError(code as GatewayErrorCode, 'x')).status, status);
    }
  });

  test('inner faults tell nothing, and metadata cannot overwrite the members', () => {
    for (const error of [
      new Error('the password is x'),
      'x',
      undefined,
      new StoreError('io', 'y'),
    ]) {
      const problem = problemOf(error);
      assert.equal(problem.status, 500);
      assert.doesNotMatch(encodeProblem(problem), /password|"y"/);
    }
    const error = new GatewayError('bad-request', 'detail', {
      status: 200,
      code: 'fine',
      extra: 1,
    });
    assert.deepEqual(JSON.parse(encodeProblem(problemOf(error))), {
      type: 'urn:basalt:error:bad-request',
      title: 'bad request',
      status: 400,
      detail: 'detail',
      code: 'bad-request',
      extra: 1,
    });
  });
});

test('static files are read once, with their types and hashes, and links are left out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basalt explorer '));
  try {
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'assets', 'main-Ab3_x9Zq.js'), 'export {};');
    writeFileSync(join(folder, '.secret'), 'x');
    symlinkSync('/etc/hostname', join(folder, 'link.txt'));
    const files = loadStaticFiles(folder);
    assert.deepEqual([...files.keys()].sort(), ['/', '/assets/main-Ab3_x9Zq.js']);
    const page = files.get('/')!.identity.fields;
    assert.equal(field(page, 'content-type'), 'text/html; charset=utf-8');
    assert.equal(field(page, 'cache-control'), 'no-cache');
    assert.match(field(page, 'content-security-policy')!, /default-src 'none'; script-src 'self'/);
    const script = files.get('/assets/main-Ab3_x9Zq.js')!.identity.fields;
    assert.match(field(script, 'cache-control')!, /immutable/);
    const below = loadStaticFiles(folder, '/dashboard/');
    assert.deepEqual([...below.keys()].sort(), [
      '/dashboard/',
      '/dashboard/assets/main-Ab3_x9Zq.js',
    ]);
    assert.throws(() => loadStaticFiles(join(folder, 'absent')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
