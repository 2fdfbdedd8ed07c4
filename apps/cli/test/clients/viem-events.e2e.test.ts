/** Logs and blocks as they come: filters, polling, subscriptions over WebSocket. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Hex } from './support/accounts.ts';
import { ownContract } from './support/contracts.ts';
import { useDevnet } from './support/devnet.ts';
import {
  connectViem,
  deploy,
  mined,
  type ViemBlock,
  type ViemClient,
  type ViemLog,
} from './support/viem.ts';
import { collector, within } from './support/waiting.ts';

let client: ViemClient;
let token: Hex;
let abi: readonly object[];

const { skip, devnet } = useDevnet(async (running) => {
  client = connectViem(running);
  const contract = ownContract('TestToken');
  abi = contract.abi;
  token = await deploy(client, contract, ['Loud', 'LOUD', 10n ** 24n]);
});

async function transfer(to: Hex, value: bigint): Promise<Hex> {
  const call = { address: token, abi, functionName: 'transfer', args: [to, value] };
  const receipt = await mined(client, await client.writeContract(call));
  return receipt.transactionHash;
}

test('a filter gives each log once, and all of them when asked', { skip }, async () => {
  const to = account(1).address;
  const fromBlock = await client.getBlockNumber();
  const options = { address: token, abi, eventName: 'Transfer', args: { to }, fromBlock };
  const filter = await client.createContractEventFilter(options);
  assert.deepEqual(await client.getFilterChanges({ filter }), []);
  const hash = await transfer(to, 5n);
  await transfer(account(2).address, 6n);
  const logs = (await client.getFilterChanges({ filter })) as readonly ViemLog[];
  assert.deepEqual(
    logs.map(({ args, transactionHash }) => [args?.['value'], transactionHash]),
    [[5n, hash]],
  );
  assert.deepEqual(await client.getFilterChanges({ filter }), []);
  assert.equal((await client.getFilterLogs({ filter })).length, 1);
  assert.equal(await client.uninstallFilter({ filter }), true);
  await assert.rejects(client.getFilterChanges({ filter }), /filter/i);
});

test('blocks and waiting transactions have filters too', { skip }, async () => {
  const blocks = await client.createBlockFilter();
  const waiting = await client.createPendingTransactionFilter();
  const hash = await transfer(account(1).address, 1n);
  const receipt = await client.getTransactionReceipt({ hash });
  assert.deepEqual(await client.getFilterChanges({ filter: blocks }), [receipt.blockHash]);
  assert.deepEqual(await client.getFilterChanges({ filter: waiting }), [hash]);
});

test('logs of a range, by topic, of many addresses', { skip }, async () => {
  const start = await client.getBlockNumber();
  for (let value = 1n; value <= 5n; value++) await transfer(account(3).address, value);
  const options = { address: token, abi, eventName: 'Transfer', fromBlock: start + 1n };
  const all = await client.getContractEvents(options);
  assert.deepEqual(
    all.map(({ args }) => args?.['value']),
    [1n, 2n, 3n, 4n, 5n],
  );
  const some = await client.getContractEvents({ ...options, toBlock: start + 2n });
  assert.equal(some.length, 2);
  const from = { from: account(1).address };
  assert.deepEqual(await client.getContractEvents({ ...options, args: from }), []);
  const block = await client.getBlock({ blockNumber: start + 3n });
  const ofBlock = await client.getLogs({ blockHash: block.hash });
  assert.deepEqual(
    ofBlock.map(({ logIndex, blockNumber }) => [logIndex, blockNumber]),
    [[0, start + 3n]],
  );
});

for (const transport of ['http', 'webSocket'] as const) {
  test(`events and blocks are watched over ${transport}`, { skip }, async () => {
    const watching = connectViem(devnet(), { transport });
    const events = collector<ViemLog>();
    const blocks = collector<ViemBlock>();
    const onError = (error: Error): void => {
      events.fail(error);
      blocks.fail(error);
    };
    const stops = [
      watching.watchContractEvent({
        address: token,
        abi,
        eventName: 'Transfer',
        onLogs: (logs: readonly ViemLog[]) => events.push(...logs),
        onError,
      }),
      watching.watchBlocks({
        onBlock: (block: ViemBlock) => blocks.push(block),
        emitMissed: true,
        onError,
      }),
    ];
    try {
      // Over HTTP watching begins with the first poll, over WebSocket when it is subscribed.
      await within(
        'the first block',
        () => blocks.items.length > 0,
        () => client.mine({ blocks: 1 }),
      );
      const seen = blocks.items.length;
      for (const value of [11n, 12n, 13n]) await transfer(account(1).address, value);
      const values = await events.take(3);
      assert.deepEqual(
        values.map(({ args }) => args?.['value']),
        [11n, 12n, 13n],
      );
      await within('blocks', () => blocks.items.length >= seen + 3);
      const newest = blocks.items.at(-1);
      assert.equal(newest?.number, await client.getBlockNumber());
    } finally {
      for (const stop of stops) stop();
      await closeSocket(watching);
    }
  });
}

test('a subscription tells of transactions before they are in a block', { skip }, async () => {
  const watching = connectViem(devnet(), { transport: 'webSocket' });
  const hashes = collector<Hex>();
  const stop = watching.watchPendingTransactions({
    onTransactions: (found: readonly Hex[]) => hashes.push(...found),
    onError: hashes.fail,
  });
  try {
    await client.setAutomine(false);
    const sent: Hex[] = [];
    await within(
      'a transaction',
      () => hashes.items.length > 0,
      async () => {
        // The subscription may not stand yet when the first one is sent.
        sent.push(
          await client.sendTransaction({ to: account(1).address, value: 1n, gas: 21_000n }),
        );
      },
    );
    assert(sent.includes(hashes.items[0] ?? '0x'));
    const pool = await client.getTxpoolStatus();
    assert.equal(pool.pending, sent.length);
    await client.mine({ blocks: 1 });
    for (const hash of sent) await mined(client, hash);
  } finally {
    await client.setAutomine(true);
    stop();
    await closeSocket(watching);
  }
});

/** viem keeps the socket of a client open for as long as the process lives. */
async function closeSocket(watching: ViemClient): Promise<void> {
  const { transport } = watching as unknown as {
    transport: { getRpcClient?: () => Promise<{ close(): void }> };
  };
  (await transport.getRpcClient?.())?.close();
}
