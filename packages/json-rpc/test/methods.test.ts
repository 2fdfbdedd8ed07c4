import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { openTestServer, type TestServer } from './support/devnet.ts';
import { ADDRESS, OTHER } from './support/requests.ts';

const CONTRACT = `0x${'c0'.repeat(20)}`;
/** Logs its call data and stores 1; fails without call data. */
const LOGGER = '0x366007575f5ffd5b365f5f37365fa060015f5500';

interface Receipt {
  readonly status: string;
  readonly gasUsed: string;
  readonly logs: readonly { readonly data: string; readonly logIndex: string }[];
}

suite('methods over a devnet', () => {
  let opened: TestServer;
  let ask: TestServer['ask'];

  before(async () => {
    opened = await openTestServer({ limits: { filterIdleMs: 60_000 } });
    ({ ask } = opened);
    await ask('hardhat_setCode', CONTRACT, LOGGER);
  });

  after(async () => {
    assert.deepEqual(opened.problems, []);
    await opened.close();
  });

  async function call(data: string): Promise<string> {
    const request = { from: ADDRESS, to: CONTRACT, input: data, gas: '0x30d40' };
    return (await ask('eth_sendTransaction', request)) as string;
  }

  test('a transaction, its receipt, its log, its traces', async () => {
    const hash = await call('0xabcd');
    const receipt = (await ask('eth_getTransactionReceipt', hash)) as Receipt;
    assert.equal(receipt.status, '0x1');
    assert.deepEqual(
      receipt.logs.map(({ data, logIndex }) => [data, logIndex]),
      [['0xabcd', '0x0']],
    );
    const calls = (await ask('debug_traceTransaction', hash, {
      tracer: 'callTracer',
      tracerConfig: { withLog: true },
    })) as { gasUsed: string; logs: { data: string }[] };
    assert.equal(calls.gasUsed, receipt.gasUsed);
    assert.deepEqual(
      calls.logs.map(({ data }) => data),
      ['0xabcd'],
    );
    const struct = (await ask('debug_traceTransaction', hash)) as {
      gas: number;
      structLogs: { op: string }[];
    };
    assert.equal(struct.gas, Number(receipt.gasUsed));
    assert.ok(struct.structLogs.some(({ op }) => op === 'SSTORE'));
    const pre = (await ask('debug_traceTransaction', hash, {
      tracer: 'prestateTracer',
      tracerConfig: { diffMode: true },
    })) as { post: Record<string, { storage?: Record<string, string> }> };
    assert.deepEqual(Object.values(pre.post[CONTRACT]?.storage ?? {}), [
      `0x${'1'.padStart(64, '0')}`,
    ]);
    const selectors = await ask(
      'debug_traceCall',
      { to: CONTRACT, input: '0xa9059cbb00' },
      'latest',
      {
        tracer: '4byteTracer',
      },
    );
    assert.deepEqual(selectors, { '0xa9059cbb-1': 1 });
    assert.match(
      (await opened.refused('debug_traceTransaction', hash, { tracer: 'none' })).message,
      /unknown tracer/,
    );
  });

  test('a trace that grows without end is refused with the way out', async () => {
    const overrides = { [CONTRACT]: { code: '0x5b5f56' } };
    const options = { stateOverrides: overrides };
    const request = { to: CONTRACT, gas: '0x2faf080' };
    const error = await opened.refused('debug_traceCall', request, 'latest', options);
    assert.match(error.message, /trace is too large|execution aborted/);
    const limited = (await ask('debug_traceCall', { ...request, gas: '0x186a0' }, 'latest', {
      ...options,
      limit: 2,
    })) as { structLogs: unknown[] };
    assert.equal(limited.structLogs.length, 2);
  });

  test('filters give what came since they were asked', async () => {
    const blocks = await ask('eth_newBlockFilter');
    const pending = await ask('eth_newPendingTransactionFilter');
    const logs = await ask('eth_newFilter', { address: CONTRACT });
    const others = await ask('eth_newFilter', { address: OTHER });
    const hash = await call('0x01');
    assert.equal(((await ask('eth_getFilterChanges', blocks)) as unknown[]).length, 1);
    assert.deepEqual(await ask('eth_getFilterChanges', pending), [hash]);
    assert.equal(((await ask('eth_getFilterChanges', logs)) as unknown[]).length, 1);
    assert.deepEqual(await ask('eth_getFilterChanges', logs), []);
    assert.deepEqual(await ask('eth_getFilterChanges', others), []);
    assert.equal(((await ask('eth_getFilterLogs', logs)) as unknown[]).length, 1);
    assert.equal(await ask('eth_uninstallFilter', logs), true);
    assert.equal(await ask('eth_uninstallFilter', logs), false);
    assert.equal((await opened.refused('eth_getFilterChanges', logs)).message, 'filter not found');
  });

  test('a rewound block takes its logs back', async () => {
    const logs = await ask('eth_newFilter', { address: CONTRACT });
    const snapshot = await ask('evm_snapshot');
    await call('0x77');
    assert.equal(await ask('evm_revert', snapshot), true);
    const found = (await ask('eth_getFilterChanges', logs)) as { removed: boolean; data: string }[];
    assert.deepEqual(
      found.map(({ data, removed }) => [data, removed]),
      [
        ['0x77', false],
        ['0x77', true],
      ],
    );
    assert.equal(await ask('evm_revert', snapshot), false);
  });

  test('a block is never shown with receipts of the one that came in its place', async () => {
    const { chain } = opened.devnet;
    const block = chain.block.bind(chain);
    for (const isLogs of [false, true]) {
      const snapshot = await ask('evm_snapshot');
      const hash = await call('0x51');
      const at = await ask('eth_blockNumber');
      Object.assign(chain, {
        async block(number: number) {
          const found = await block(number);
          Object.assign(chain, { block });
          await ask('evm_revert', snapshot);
          await call('0x52');
          return found;
        },
      });
      if (isLogs) {
        const filter = { fromBlock: at, toBlock: at, address: CONTRACT };
        assert.deepEqual(await ask('eth_getLogs', filter), []);
      } else {
        assert.equal(await ask('eth_getTransactionReceipt', hash), null);
      }
      assert.equal(await ask('eth_blockNumber'), at, 'another block is in its place');
    }
  });

  test('logs by address and topics, as without blooms', async () => {
    for (const data of ['0xa1', '0xa2', '0xa3']) await call(data);
    const all = (await ask('eth_getLogs', { fromBlock: '0x0' })) as { address: string }[];
    const own = await ask('eth_getLogs', {
      fromBlock: 'earliest',
      toBlock: 'latest',
      address: [CONTRACT],
    });
    assert.deepEqual(
      own,
      all.filter(({ address }) => address === CONTRACT),
    );
    assert.deepEqual(await ask('eth_getLogs', { fromBlock: '0x0', address: OTHER }), []);
    assert.deepEqual(await ask('eth_getLogs', { fromBlock: '0x0', topics: [null] }), []);
    const codeOf = async (filter: unknown): Promise<number> =>
      (await opened.refused('eth_getLogs', filter)).code;
    assert.equal(await codeOf({ fromBlock: '0x2', toBlock: '0x1' }), -32602);
    assert.equal(await codeOf({ fromBlock: '0x0', toBlock: '0xffff' }), -32602);
    assert.equal(await codeOf({ topics: [null, null, null, null, null] }), -32602);
  });
});

suite('the document', () => {
  test('docs/json-rpc.md names every method and no other', async () => {
    const opened = await openTestServer({ proofs: { prove: () => Promise.resolve(undefined) } });
    const text = readFileSync(new URL('../../../docs/json-rpc.md', import.meta.url), 'utf8');
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    const named = rows.flatMap(
      (line) => (line.split('|')[1] ?? '').match(/\b[a-z0-9]+_\w+/g) ?? [],
    );
    assert.deepEqual(named.toSorted(), [...opened.server.methods()].toSorted());
    await opened.close();
  });
});

suite('defects of ours', () => {
  test('become an internal error that tells nothing, and are logged', async () => {
    const opened = await openTestServer();
    const broken = await openTestServer({
      chain: {
        ...opened.devnet.chain,
        head() {
          throw new TypeError('a secret of the house');
        },
        subscribe: () => () => undefined,
      },
    });
    const error = await broken.refused('eth_blockNumber');
    assert.deepEqual(error, { code: -32603, message: 'internal error' });
    assert.equal(broken.problems.length, 1);
    assert.match(broken.problems[0] ?? '', /a secret of the house/);
    await broken.close();
    await opened.close();
  });
});

suite('filters', () => {
  test('are bounded in number and forgotten after a while', async () => {
    let nowMs = 0;
    const limits = { filters: 2, filterIdleMs: 1_000 };
    const opened = await openTestServer({ limits, clock: { nowMs: () => nowMs } });
    const first = await opened.ask('eth_newBlockFilter');
    await opened.ask('eth_newBlockFilter');
    assert.equal((await opened.refused('eth_newBlockFilter')).code, -32005);
    nowMs = 900;
    await opened.ask('eth_getFilterChanges', first);
    nowMs = 1_500;
    await opened.ask('eth_newBlockFilter');
    assert.deepEqual(await opened.ask('eth_getFilterChanges', first), []);
    nowMs = 3_000;
    assert.equal((await opened.refused('eth_getFilterChanges', first)).message, 'filter not found');
    await opened.close();
  });
});
