import assert from 'node:assert/strict';
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

  test('what was signed here is what its sender signed', async () => {
    const request = { from: ADDRESS, to: OTHER, value: '0x1', gas: '0x5208' };
    const { raw } = (await ask('eth_signTransaction', request)) as { raw: string };
    const hash = (await ask('eth_sendRawTransaction', raw)) as string;
    const sent = (await ask('eth_getTransactionByHash', hash)) as { from: string; value: string };
    assert.deepEqual([sent.from, sent.value], [ADDRESS, '0x1']);
    assert.match(
      (await opened.refused('eth_sendRawTransaction', raw)).message,
      /already known|nonce too low/,
    );
    assert.equal(await ask('debug_getRawTransaction', hash), raw);
  });

  test('Hardhat and Anvil: state, time, senders, mining', async () => {
    await ask('anvil_setBalance', OTHER, '0x3039');
    assert.equal(await ask('eth_getBalance', OTHER), '0x3039');
    await ask('hardhat_setStorageAt', CONTRACT, '0x5', `0x${'7'.padStart(64, '0')}`);
    assert.equal(await ask('eth_getStorageAt', CONTRACT, '0x5'), `0x${'7'.padStart(64, '0')}`);
    await ask('anvil_setNonce', OTHER, '0x9');
    assert.equal(await ask('eth_getTransactionCount', OTHER), '0x9');
    const stranger = `0x${'ab'.repeat(20)}`;
    await ask('hardhat_setBalance', stranger, '0xde0b6b3a7640000');
    const request = { from: stranger, to: OTHER, value: '0x1' };
    assert.equal((await opened.refused('eth_sendTransaction', request)).code, -32000);
    await ask('hardhat_impersonateAccount', stranger);
    const hash = await ask('eth_sendTransaction', request);
    assert.equal(((await ask('eth_getTransactionReceipt', hash)) as Receipt).status, '0x1');
    await ask('evm_setAutomine', false);
    const waiting = await ask('eth_sendTransaction', request);
    assert.equal(await ask('eth_getTransactionReceipt', waiting), null);
    assert.deepEqual(await ask('txpool_status'), { pending: '0x1', queued: '0x0' });
    assert.equal(await ask('hardhat_dropTransaction', waiting), true);
    const before = BigInt((await ask('eth_blockNumber')) as string);
    await ask('hardhat_mine', '0x3', '0x3c');
    assert.equal(BigInt((await ask('eth_blockNumber')) as string), before + 3n);
    await ask('evm_setNextBlockTimestamp', 4_000_000_000);
    await ask('evm_mine');
    const { timestamp } = (await ask('eth_getBlockByNumber', 'latest', false)) as {
      timestamp: string;
    };
    assert.equal(BigInt(timestamp), 4_000_000_000n);
    await ask('evm_setAutomine', true);
    await ask('hardhat_reset');
    assert.equal(await ask('eth_blockNumber'), '0x0');
  });
});

suite('without a devnet', () => {
  test('nothing that changes the chain by hand, or needs keys, is there', async () => {
    const opened = await openTestServer({ hasDevnet: false });
    const names = opened.server.methods();
    assert.deepEqual(
      names.filter((name) => /^(?:evm|hardhat|anvil|personal)_/.test(name)),
      [],
    );
    for (const method of ['evm_mine', 'anvil_setBalance', 'hardhat_reset', 'eth_sendTransaction']) {
      assert.equal((await opened.refused(method)).code, -32601);
    }
    assert.deepEqual(await opened.ask('eth_accounts'), []);
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
