import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import fc from 'fast-check';
import { JSON_DEPTH_MAX } from '../src/limits.ts';
import { openTestServer, type TestServer } from './support/devnet.ts';
import { ADDRESS, REQUESTS } from './support/requests.ts';

const INTERNAL = -32603;
const RUNS = 25;

/** Words that mean something somewhere, so that random parameters come past the first decoder. */
const words: fc.Arbitrary<unknown> = fc.constantFrom(
  ...'0x 0x0 0x1 0x01 0xg 0X1 0xfffffffffffffffff latest pending earliest safe'.split(' '),
  ...'finalized newHeads logs syncing newPendingTransactions callTracer'.split(' '),
  '',
  `0x${'11'.repeat(20)}`,
  `0x${'00'.repeat(19)}01`,
  ADDRESS,
  `0x${'22'.repeat(32)}`,
  `0x${'ff'.repeat(32)}`,
  `0x${'60'.repeat(64)}`,
);

const atoms: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: words },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.string() },
);

const names = fc.constantFrom(
  ...'from to gas gasPrice maxFeePerGas maxPriorityFeePerGas value data input nonce'.split(' '),
  ...'accessList address storageKeys fromBlock toBlock topics blockHash blockNumber'.split(' '),
  ...'blockStateCalls calls stateOverrides blockOverrides balance code state'.split(' '),
  ...'stateDiff movePrecompileToAddress number time tracer tracerConfig limit'.split(' '),
  ...'timestamp prevRandao suggestedFeeRecipient type authorizationList types'.split(' '),
  ...'blobVersionedHashes validation traceTransfers primaryType domain message'.split(' '),
  '__proto__',
  'constructor',
  `0x${'11'.repeat(20)}`,
);

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atoms,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4 }),
  ),
}));

/** Calls that mine thousands of blocks are bounded by a limit of their own, not tried here. */
const SLOW = new Set(['evm_mine', 'hardhat_mine', 'anvil_mine', 'hardhat_reset', 'anvil_reset']);

suite('whatever comes in', () => {
  let opened: TestServer;

  before(async () => {
    opened = await openTestServer({ limits: { callMs: 500 } });
  });

  after(async () => {
    await opened.close();
  });

  test('every method answers any parameters with a result or a known error', async () => {
    for (const method of opened.server.methods()) {
      if (SLOW.has(method)) continue;
      await fc.assert(
        fc.asyncProperty(fc.array(anyValue, { maxLength: 4 }), async (params) => {
          const request = { jsonrpc: '2.0', id: 7, method, params };
          assertAnswer(await opened.server.handle(request), method);
        }),
        { numRuns: RUNS },
      );
    }
    assert.deepEqual(opened.problems, []);
  });

  test('every method answers parameters of the right kind', async () => {
    const address = `0x${'11'.repeat(20)}`;
    const likely = [address, `0x${'22'.repeat(32)}`, '0x1', 'latest', true, {}, []];
    for (const method of opened.server.methods()) {
      if (SLOW.has(method)) continue;
      for (const first of likely) {
        for (const second of [undefined, ...likely]) {
          const params = second === undefined ? [first] : [first, second];
          const request = { jsonrpc: '2.0', id: 7, method, params };
          assertAnswer(await opened.server.handle(request), `${method} ${JSON.stringify(params)}`);
        }
      }
    }
    assert.deepEqual(opened.problems, []);
  });

  test('requests that are right but for one place are answered', async () => {
    const mutated = fc
      .tuple(fc.constantFrom(...REQUESTS), fc.nat(), anyValue)
      .map(([[method, ...params], seed, value]) => ({
        method,
        params: mutate(params, seed, value),
      }));
    await fc.assert(
      fc.asyncProperty(mutated, async ({ method, params }) => {
        const request = { jsonrpc: '2.0', id: 7, method, params };
        const what = `${method} ${JSON.stringify(params)}`;
        assertAnswer(await opened.server.handle(request), what);
      }),
      { numRuns: 1_500 },
    );
    assert.deepEqual(opened.problems, []);
  });

  test('any JSON is answered by the rules of JSON-RPC', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const answer = await opened.server.handle(value);
        for (const each of Array.isArray(answer) ? answer : [answer]) {
          if (each !== undefined) assertAnswer(each, JSON.stringify(value));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('any text is answered with JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200, unit: 'binary' }), async (text) => {
        const answer = await opened.server.handleText(text);
        if (answer !== undefined) JSON.parse(answer);
      }),
      { numRuns: 500 },
    );
  });

  test('nesting deeper than any request needs is refused before it is parsed', async () => {
    const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const parsed = JSON.parse((await opened.server.handleText(deep(1_000_000))) ?? '') as {
      error: { code: number };
    };
    assert.equal(parsed.error.code, -32700);
    const allowed = await opened.server.handleText(deep(JSON_DEPTH_MAX));
    assert.doesNotMatch(allowed ?? '', /-32700/);
  });

  test('huge numbers and texts are refused, not computed with', async () => {
    const digits = `0x${'f'.repeat(1_000_000)}`;
    for (const method of ['eth_getBalance', 'eth_call', 'eth_getBlockByNumber', 'eth_getLogs']) {
      for (const params of [[digits], [{ gas: digits, fromBlock: digits }], [1e308], [-0]]) {
        const { code } = await opened.refused(method, ...params);
        assert.equal(code, -32602);
      }
    }
  });
});

/** The same with another value at one place, chosen by `seed` out of all places. */
function mutate(params: readonly unknown[], seed: number, value: unknown): unknown[] {
  const places: (readonly (string | number)[])[] = [];
  const walk = (at: unknown, path: readonly (string | number)[]): void => {
    if (path.length > 0) places.push(path);
    if (typeof at !== 'object' || at === null) return;
    const keys = Array.isArray(at) ? [...at.keys()] : Object.keys(at);
    for (const key of keys) walk((at as Record<string | number, unknown>)[key], [...path, key]);
  };
  walk(params, []);
  const path = places[seed % places.length] ?? [0];
  const copy = structuredClone(params) as unknown[];
  let at = copy as unknown as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1) ?? 0] = value;
  return copy;
}

function assertAnswer(answer: unknown, what: string): void {
  const { jsonrpc, error } = answer as { jsonrpc?: string; error?: { code: number } };
  assert.equal(jsonrpc, '2.0', what);
  const hasResult = Object.hasOwn(answer as object, 'result');
  assert.notEqual(hasResult, error !== undefined, what);
  assert.notEqual(error?.code, INTERNAL, `${what}: ${JSON.stringify(error)}`);
}
