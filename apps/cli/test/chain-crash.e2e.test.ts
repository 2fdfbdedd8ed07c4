/**
 * kill -9 of a devnet in the middle of a load of transactions, again and again
 * (BASALT_CRASH_ROUNDS, default 5): after each, every receipt that was seen is there in the same
 * block, the state's root is that of the newest block, and that block is the newest of the ledger.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@basalt/client';
import { createNativeProvider } from '@basalt/crypto';
import { keccak256 } from '@basalt/evm';
import { decodeChainPayload, fromHex, toHex } from '@basalt/protocol';
import { lastJson, Sandbox } from './helpers/run-cli.ts';
import { startDevnet, type TestDevnet } from './helpers/test-devnet.ts';

const ROUNDS = Number(process.env['BASALT_CRASH_ROUNDS'] ?? '5');
const SENDERS = 4;
const RECEIVER = `0x${'ab'.repeat(20)}`;
/** Changed by hand, not by transactions. */
const TOUCHED = `0x${'cd'.repeat(20)}`;

const sandbox = new Sandbox();
const provider = createNativeProvider();

after(() => sandbox[Symbol.dispose]());

interface Receipt {
  readonly transactionHash: string;
  readonly blockHash: string;
  readonly blockNumber: string;
}

interface RpcBlock {
  readonly number: string;
  readonly hash: string;
  readonly stateRoot: string;
}

/** Sends one transaction after the other until the devnet is gone. */
async function sendUntilDead(devnet: TestDevnet, from: string, seen: Receipt[]): Promise<void> {
  try {
    for (;;) {
      const call = { from, to: RECEIVER, value: '0x1', gas: '0x5208' };
      const hash = await devnet.call<string>('eth_sendTransaction', [call]);
      const receipt = await devnet.call<Receipt | null>('eth_getTransactionReceipt', [hash]);
      if (receipt !== null) seen.push(receipt);
    }
  } catch {
    // The devnet is gone: this sender's job is done.
  }
}

/** Changes the state by hand and mines, so that the log holds what no transaction did. */
async function touchUntilDead(devnet: TestDevnet): Promise<void> {
  try {
    for (let value = 1; ; value++) {
      await devnet.call('anvil_setBalance', [TOUCHED, `0x${value.toString(16)}`]);
      await devnet.call('evm_mine');
      await pause(20);
    }
  } catch {
    // As above.
  }
}

async function checkWhole(devnet: TestDevnet, seen: readonly Receipt[]): Promise<void> {
  for (const receipt of seen) {
    const params = [receipt.transactionHash];
    const now = await devnet.call<Receipt | null>('eth_getTransactionReceipt', params);
    assert.equal(now?.blockHash, receipt.blockHash, `receipt of ${receipt.transactionHash}`);
  }
  const head = await quietHead(devnet);
  const { accountProof, balance } = await devnet.call<{ accountProof: string[]; balance: string }>(
    'eth_getProof',
    [RECEIVER, [], 'latest'],
  );
  const root = accountProof[0];
  if (root !== undefined) {
    assert.equal(`0x${toHex(keccak256(fromHex(root.slice(2))))}`, head.stateRoot);
  }
  // Each transaction brought one wei; those that were not acknowledged may have come as well.
  assert.ok(BigInt(balance) >= BigInt(seen.length), `${balance} of ${seen.length}`);
  await checkLedgerHead(devnet, head);
}

/** What waited in the pool is mined at the start: the head once it stays where it is. */
async function quietHead(devnet: TestDevnet): Promise<RpcBlock> {
  let head = await devnet.call<RpcBlock>('eth_getBlockByNumber', ['latest', false]);
  for (let quiet = 0; quiet < 5; quiet++) {
    await pause(20);
    const now = await devnet.call<RpcBlock>('eth_getBlockByNumber', ['latest', false]);
    if (now.hash !== head.hash) quiet = 0;
    head = now;
  }
  return head;
}

/** The newest entry of the chain's namespace is the newest block. */
async function checkLedgerHead(devnet: TestDevnet, head: RpcBlock): Promise<void> {
  const client = createClient({ url: devnet.ledgerUrl, provider });
  const { namespace } = await client.namespace('chain');
  const newest = await client.head(namespace);
  const { index } = newest.block.entry.header;
  if (index === 0) {
    assert.equal(head.number, '0x0');
    return;
  }
  const { block } = await client.get({ namespace, index });
  const entry = decodeChainPayload(block.payload!);
  if (entry.kind === 'rewind') {
    assert.equal(`0x${toHex(entry.hash)}`, head.hash);
    return;
  }
  assert.equal(`0x${toHex(entry.header.hash)}`, head.hash);
  assert.equal(`0x${toHex(entry.header.stateRoot)}`, head.stateRoot);
}

/** Goes some blocks ahead and back again, so that the log has entries of both kinds at its end. */
async function revertUntilDead(devnet: TestDevnet, from: string): Promise<number> {
  let reverts = 0;
  try {
    for (;;) {
      const snapshot = await devnet.call<string>('evm_snapshot');
      for (let sent = 0; sent < 3; sent++) {
        const call = { from, to: RECEIVER, value: '0x1', gas: '0x5208' };
        await devnet.call<string>('eth_sendTransaction', [call]);
      }
      assert.equal(await devnet.call('evm_revert', [snapshot]), true);
      await devnet.call('evm_mine');
      reverts++;
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return reverts;
  }
}

test(`${ROUNDS} times kill -9 under load: chain, state and ledger agree`, async (t) => {
  const dataDir = join(sandbox.folder, 'data');
  const args = ['--data-dir', dataDir, '--quiet'];
  const seen: Receipt[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const devnet = await startDevnet(sandbox, args);
    // The older ones again, but not all each time: there are thousands in the end.
    await checkWhole(devnet, seen.slice(-500));
    const accounts = await devnet.call<string[]>('eth_accounts');
    const loads = accounts.slice(0, SENDERS).map((from) => sendUntilDead(devnet, from, seen));
    loads.push(touchUntilDead(devnet));
    // Threads and engines start with the first block; before there is nothing to interrupt.
    const before = seen.length;
    for (let waitedMs = 0; seen.length === before && waitedMs < 20_000; waitedMs += 10) {
      await pause(10);
    }
    await pause(Math.random() * 800);
    const end = await devnet.kill();
    assert.equal(end.signal, 'SIGKILL', `the devnet ended by itself: ${end.err}`);
    await Promise.all(loads);
  }
  const devnet = await startDevnet(sandbox, args);
  await checkWhole(devnet, seen);
  const end = await devnet.stop();
  assert.equal(end.code, 0, end.err);
  const clean = await sandbox.ok(['fsck', dataDir, '--json']);
  assert.equal(lastJson<{ findings: number }>(clean.out).findings, 0);
  assert.ok(seen.length > ROUNDS * 5, `only ${seen.length} receipts were seen`);
  t.diagnostic(`${ROUNDS} kills, ${seen.length} receipts seen and found again`);
});

test('kill -9 between blocks and reverts: head, state and ledger agree', async (t) => {
  const rounds = Math.min(Math.ceil(ROUNDS / 2), 10);
  const args = ['--data-dir', join(sandbox.folder, 'reverts'), '--quiet'];
  let reverts = 0;
  for (let round = 0; round < rounds; round++) {
    const devnet = await startDevnet(sandbox, args);
    await checkWhole(devnet, []);
    const [from = ''] = await devnet.call<string[]>('eth_accounts');
    const load = revertUntilDead(devnet, from);
    await pause(500 + Math.random() * 1_000);
    assert.equal((await devnet.kill()).signal, 'SIGKILL', 'the devnet ended by itself');
    reverts += await load;
  }
  const devnet = await startDevnet(sandbox, args);
  await checkWhole(devnet, []);
  assert.equal((await devnet.stop()).code, 0);
  assert.ok(reverts > 0, 'nothing was reverted');
  t.diagnostic(`${rounds} kills, ${reverts} reverts`);
});
