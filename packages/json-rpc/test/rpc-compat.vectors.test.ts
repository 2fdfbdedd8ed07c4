import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { importChainRlp } from '@basalt/execution';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { createJsonRpcServer, type JsonRpcServer } from '../src/index.ts';
import { clock, openTestChain, type TestChain } from './support/chain.ts';
import { differences, shapeDifferences } from './support/shape.ts';

interface Case {
  readonly method: string;
  readonly name: string;
  readonly specOnly: boolean;
  readonly exchanges: readonly { readonly request: unknown; readonly response: unknown }[];
}

/**
 * Of the cases marked as compared by shape alone, those whose values depend on what a client is:
 * what it deletes, and which other cases filled its pool before. All others are equal as well.
 */
const SHAPE_ONLY: ReadonlySet<string> = new Set([
  'get-capabilities',
  'build-block-from-mempool',
  'get-content',
  'get-status',
]);

const FILE = ['rpc-tests', 'rpc-compat.ndjson.gz'] as const;
const CASES = 155;

/**
 * The case that sends it is not among the stored ones, but the pool of other cases holds it: it
 * stands in the block of `build-block-from-mempool`.
 */
const LEGACY_TRANSACTION =
  'f86c808401a213988261a894aa000000000000000000000000000000000000000a8255448718e5bb3abd109f' +
  'a073fbe7ff7e74339e7cc61fb3cb3f7630cd3f1d5fef653d7297654b2d22894daea042a188d30f35f19408c7' +
  '3c803bc1e9e17ce129c457e31fd2a368b54507af2f4c';

/** Time of the block after the head, for the pool. */
const NEXT_TIMESTAMP = 552n;

suite('stored cases of the execution APIs', { skip: skipReason(...FILE) }, () => {
  let server: JsonRpcServer;
  let opened: TestChain;
  const cases = readCases();

  before(async () => {
    const document = JSON.parse(readVector('genesis.json').toString('utf8')) as unknown;
    opened = await openTestChain(document, () => NEXT_TIMESTAMP);
    const { chain, pool, recoverer } = opened;
    await importChainRlp(chain, readVector('chain.rlp'), { recoverer });
    await pool.add(Buffer.from(LEGACY_TRANSACTION, 'hex'));
    server = createJsonRpcServer({ chain, pool, clock, clientVersion: 'basalt/test' });
  });

  after(async () => {
    await server.stop();
    await opened.close();
  });

  test('all of them are there', () => assert.equal(cases.length, CASES));

  for (const { method, name, specOnly, exchanges } of cases) {
    const isShape = specOnly && SHAPE_ONLY.has(name);
    test(`${method} ${name}${isShape ? ' (shape)' : ''}`, async () => {
      for (const { request, response } of exchanges) {
        const found = await server.handle(request);
        const compare = isShape ? shapeDifferences : differences;
        assert.deepEqual(compare(found, response), []);
      }
    });
  }

  test('the comparison notices a changed value, a missing field and another type', async () => {
    const request = {
      jsonrpc: '2.0',
      id: 1,
      method: 'eth_getBlockByNumber',
      params: ['0x2a', true],
    };
    const found = (await server.handle(request)) as { result: Record<string, unknown> };
    const { size, ...rest } = found.result;
    assert.equal(typeof size, 'string');
    for (const wrong of [{ ...found.result, size: '0x1' }, rest, { ...found.result, size: 1 }]) {
      assert.notDeepEqual(differences({ ...found, result: wrong }, found), []);
    }
    for (const wrong of [rest, { ...found.result, size: 1 }]) {
      assert.notDeepEqual(shapeDifferences({ ...found, result: wrong }, found), []);
    }
  });
});

function readVector(name: string): Buffer {
  return readFileSync(conformanceFile('rpc-tests', name) ?? '');
}

function readCases(): readonly Case[] {
  const path = conformanceFile(...FILE);
  if (path === undefined) return [];
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Case);
}
