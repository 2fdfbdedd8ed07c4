import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { threadCpuMs } from '../src/engine/engines.ts';
import { openTestServer } from './support/devnet.ts';

const CONTRACT = `0x${'c0'.repeat(20)}`;

/** Milliseconds that the thread computed meanwhile: a busy machine adds nothing. */
async function computedMs(work: () => Promise<unknown>): Promise<number> {
  const startMs = threadCpuMs();
  await work();
  return threadCpuMs() - startMs;
}

suite('what a stranger may make us compute', () => {
  test('a call that reads a state of long ago is stopped', async () => {
    const opened = await openTestServer({ limits: { callMs: 20 } });
    // One slot after another, until the gas is used up; each is looked for in every block since.
    await opened.ask('anvil_setCode', CONTRACT, '0x5f5b80545060010160015600');
    await opened.ask('anvil_mine', '0xc8');
    const error = await opened.refused('eth_call', { to: CONTRACT }, '0x1');
    assert.match(error.message, /execution aborted \(timeout/);
    const slots = Array.from({ length: 1_024 }, (_, slot) => `0x${slot.toString(16)}`);
    const many = await opened.refused('eth_getStorageValues', { [CONTRACT]: slots }, '0x1');
    assert.match(many.message, /execution aborted \(timeout/);
    assert.equal(await opened.ask('eth_getBalance', CONTRACT, '0x1'), '0x0');
    await opened.close();
  });

  test('frames and logs among them are put together once', async () => {
    const opened = await openTestServer();
    // A call and a log, again and again, as long as there is gas: 6,900 of each.
    const code = '0x5b5f5f5f5f5f61dead5ff1505f5fa06113885a115f5700';
    const config = {
      tracer: 'callTracer',
      tracerConfig: { withLog: true },
      stateOverrides: { [CONTRACT]: { code } },
    };
    const call = { to: CONTRACT, gas: '0x3d0900' };
    let found: unknown;
    const ms = await computedMs(async () => {
      found = await opened.ask('debug_traceCall', call, 'latest', config);
    });
    const { calls, logs } = found as { calls: unknown[]; logs: { position: string }[] };
    assert.ok(calls.length > 6_000 && logs.length === calls.length);
    assert.equal(logs.at(-1)?.position, `0x${calls.length.toString(16)}`);
    assert.ok(ms < 600, `${ms} ms for ${calls.length} frames`);
    await opened.close();
  });

  test('what filters keep for their pollers, they share, and it has a bound', async () => {
    const opened = await openTestServer();
    // One log of a megabyte.
    await opened.ask('anvil_setCode', CONTRACT, '0x620f42405fa000');
    const [from] = (await opened.ask('eth_accounts')) as string[];
    const filters: unknown[] = [];
    for (let count = 0; count < 200; count++) filters.push(await opened.ask('eth_newFilter', {}));
    const before = process.memoryUsage().rss;
    for (let block = 0; block < 13; block++) {
      const hash = await opened.ask('eth_sendTransaction', { from, to: CONTRACT, gas: '0xf00000' });
      const receipt = (await opened.ask('eth_getTransactionReceipt', hash)) as { status: string };
      assert.equal(receipt.status, '0x1');
    }
    // 200 times 13 logs of two megabytes each in hexadecimal would be 5 GB.
    assert.ok(process.memoryUsage().rss - before < 1_000_000_000);
    const kept = (await opened.ask('eth_getFilterChanges', filters[7])) as { data: string }[];
    assert.equal(kept.length, 12, 'the oldest is lost');
    assert.equal(kept[0]?.data.length, 2_000_002);
    assert.deepEqual(await opened.ask('eth_getFilterChanges', filters[7]), []);
    await opened.close();
  });

  test('a thousand alternatives cost a log no more than one', async () => {
    const opened = await openTestServer();
    // 1,500 logs with the topics 0 to 1,499.
    await opened.ask('anvil_setCode', CONTRACT, '0x5f5b805f5fa1600101806105dc1160015700');
    const [from] = (await opened.ask('eth_accounts')) as string[];
    for (let block = 0; block < 4; block++) {
      await opened.ask('eth_sendTransaction', { from, to: CONTRACT, gas: '0x4c4b40' });
    }
    const word = (value: number): string => `0x${value.toString(16).padStart(64, '0')}`;
    const others = Array.from({ length: 999 }, (_, index) => word(2 ** 31 + index));
    const range = { fromBlock: '0x1', toBlock: 'latest' };
    const ask = (topics: readonly string[]): Promise<unknown> =>
      opened.ask('eth_getLogs', { ...range, topics: [topics] });
    let found: unknown;
    const ms = await computedMs(async () => {
      found = await ask([...others, word(1_499)]);
    });
    assert.equal((found as unknown[]).length, 4);
    assert.deepEqual(found, await ask([word(1_499)]));
    assert.ok(ms < 400, `${ms} ms for 6,000 logs`);
    await opened.close();
  });
});
