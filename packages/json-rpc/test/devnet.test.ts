import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { openTestServer, type TestServer } from './support/devnet.ts';
import { ADDRESS, OTHER } from './support/requests.ts';

const CONTRACT = `0x${'c0'.repeat(20)}`;

interface Receipt {
  readonly status: string;
}

suite('what a devnet lets a developer do', () => {
  let opened: TestServer;
  let ask: TestServer['ask'];

  before(async () => {
    opened = await openTestServer();
    ({ ask } = opened);
  });

  after(async () => {
    assert.deepEqual(opened.problems, []);
    await opened.close();
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

suite('the next block', () => {
  test('is what pending calls and estimates see, time moved by hand included', async () => {
    const opened = await openTestServer();
    const { ask } = opened;
    const timeOf = async (tag: string): Promise<bigint> => {
      // TIMESTAMP, NUMBER: two words
      const overrides = { [CONTRACT]: { code: '0x425f524360205260405ff3' } };
      const words = (await ask('eth_call', { to: CONTRACT }, tag, overrides)) as string;
      const head = BigInt((await ask('eth_blockNumber')) as string);
      assert.equal(BigInt(`0x${words.slice(66)}`), tag === 'pending' ? head + 1n : head);
      return BigInt(words.slice(0, 66));
    };
    const before = await timeOf('pending');
    await ask('evm_increaseTime', 1_000);
    assert.ok((await timeOf('pending')) >= before + 1_000n);
    assert.ok((await timeOf('latest')) < before);
    // Fails unless a thousand seconds have passed: only the next block is that late.
    const limit = (before + 1_000n).toString(16).padStart(16, '0');
    await ask('anvil_setCode', CONTRACT, `0x67${limit}4210600f57005b5f5ffd`);
    await ask('eth_estimateGas', { from: ADDRESS, to: CONTRACT });
    assert.equal((await opened.refused('eth_estimateGas', { to: CONTRACT }, 'latest')).code, 3);
    await opened.close();
  });
});

suite('blocks at equal distances', () => {
  test('hold until they are taken back', async () => {
    const opened = await openTestServer();
    const { ask } = opened;
    const timeOf = async (): Promise<bigint> => {
      const head = await ask('eth_getBlockByNumber', 'latest', false);
      return BigInt((head as { timestamp: string }).timestamp);
    };
    const first = await timeOf();
    await ask('anvil_setBlockTimestampInterval', 60);
    await ask('evm_mine');
    await ask('evm_mine');
    assert.equal(await timeOf(), first + 120n);
    assert.equal(await ask('anvil_removeBlockTimestampInterval'), true);
    await ask('evm_mine');
    assert.ok((await timeOf()) < first + 180n);
    await opened.close();
  });
});

suite('many at once, and too little', () => {
  test('transactions without a nonce get each their own', async () => {
    const opened = await openTestServer();
    const request = { from: ADDRESS, to: OTHER, value: '0x1' };
    const sent = Array.from({ length: 30 }, () => opened.ask('eth_sendTransaction', request));
    assert.equal(new Set(await Promise.all(sent)).size, 30);
    assert.equal(await opened.ask('eth_getTransactionCount', ADDRESS), '0x1e');
    await opened.close();
  });

  test('a fee below that of the next block is refused in words that libraries know', async () => {
    const opened = await openTestServer();
    const request = { from: ADDRESS, to: OTHER, value: '0x1', gas: '0x5208', gasPrice: '0x1' };
    const { code, message } = await opened.refused('eth_sendTransaction', request);
    assert.equal(code, -32000);
    assert.match(message, /^transaction underpriced: max fee per gas less than block base fee: /);
    assert.deepEqual(await opened.ask('txpool_status'), { pending: '0x0', queued: '0x0' });
    for (const gas of ['0x1', '0x1387', '0xffffffffffffffff']) {
      await opened.refused('evm_setBlockGasLimit', gas);
    }
    await opened.close();
  });

  test('fees that the node fills in cover a base fee that was set for the next block', async () => {
    const opened = await openTestServer();
    const set = 0x2540be400n;
    const asked = { from: ADDRESS, to: OTHER, value: '0x1' };
    const sends = [
      () => opened.ask('eth_sendTransaction', asked),
      () => opened.ask('eth_sendTransaction', { ...asked, type: '0x0' }),
      () => opened.ask('basalt_faucet', OTHER, '0x1'),
      async () =>
        opened.ask('eth_sendTransaction', {
          ...asked,
          gasPrice: await opened.ask('eth_gasPrice'),
        }),
    ];
    for (const send of sends) {
      await opened.ask('hardhat_setNextBlockBaseFeePerGas', `0x${set.toString(16)}`);
      await send();
      const { header, transactions } = opened.devnet.chain.head();
      assert.deepEqual([header.baseFee, transactions.length], [set, 1]);
      await opened.ask('hardhat_setNextBlockBaseFeePerGas', '0x1');
      await opened.ask('evm_mine');
    }
    await opened.close();
  });

  test('blocks that a request has no time for are not made behind its back', async () => {
    let nowMs = 0;
    const opened = await openTestServer({ clock: { nowMs: () => (nowMs += 1_000) } });
    const { code, message } = await opened.refused('hardhat_mine', '0x2710');
    assert.equal(code, -32002);
    const mined = Number(/^(\d+) of 10000 blocks were mined/.exec(message)?.[1]);
    assert.ok(mined > 0 && mined < 30, message);
    assert.equal(Number(await opened.ask('eth_blockNumber')), mined);
    assert.equal((await opened.refused('evm_mine', { blocks: 10_001 })).code, -32602);
    await opened.close();
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
