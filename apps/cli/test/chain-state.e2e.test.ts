/** The state of a chain as a file: taken, lost, brought back; and what is not of the chain. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lastJson, Sandbox, startTestNode } from './helpers/run-cli.ts';
import { callRpc, startDevnet, type TestDevnet } from './helpers/test-devnet.ts';

const sandbox = new Sandbox();

after(() => sandbox[Symbol.dispose]());

const RECEIVER = `0x${'ab'.repeat(20)}`;

async function send(devnet: TestDevnet, count: number): Promise<void> {
  const [from] = await devnet.call<string[]>('eth_accounts');
  for (let each = 0; each < count; each++) {
    await devnet.call('eth_sendTransaction', [{ from, to: RECEIVER, value: '0x1' }]);
  }
}

interface State {
  readonly number: number;
  readonly blockHash: string;
  readonly root: string;
  readonly chunks: number;
}

function command(verb: 'export' | 'import', file: string, dataDir: string): string[] {
  return ['chain-state', verb, file, '--data-dir', dataDir];
}

test('a state that was lost comes back from a file, under the block of the ledger', async () => {
  const dataDir = sandbox.path('chain');
  const stateDir = join(dataDir, 'chain', 'state');
  const args = ['--data-dir', dataDir, '--accounts', '2'];
  const first = await startDevnet(sandbox, args);
  await send(first, 4);
  // An entry of the log that takes blocks back, and others in their place.
  const snapshot = await first.call<string>('evm_snapshot');
  await send(first, 2);
  await first.call('evm_revert', [snapshot]);
  await first.call('anvil_setBalance', [RECEIVER, '0x1000']);
  await send(first, 2);
  const block = await first.call<{ hash: string; stateRoot: string }>('eth_getBlockByNumber', [
    '0x6',
    false,
  ]);
  await first.stop();
  const file = sandbox.path('state.bin');
  const exported = lastJson<State>(
    (await sandbox.ok([...command('export', file, dataDir), '--json'])).out,
  );
  assert.deepEqual([exported.number, exported.blockHash], [6, block.hash]);
  assert.equal(exported.root, block.stateRoot);
  const twice = await sandbox.run(command('export', file, dataDir));
  assert.equal(twice.code, 2);
  assert.match(twice.err, /is there already/);
  const older = sandbox.path('older.bin');
  await sandbox.ok([...command('export', older, dataDir), '--block', '5']);

  const there = await sandbox.run(command('import', file, dataDir));
  assert.equal(there.code, 2);
  assert.match(there.err, /there is a state already/);
  rmSync(stateDir, { recursive: true });
  // A file that breaks off, or has a wrong byte: nothing is opened, and the right one goes on.
  const bytes = readFileSync(file);
  const broken = sandbox.path('broken.bin');
  writeFileSync(broken, bytes.subarray(0, bytes.length - 9));
  const cut = await sandbox.run(command('import', broken, dataDir));
  assert.equal(cut.code, 1);
  assert.match(cut.err, /breaks off within a chunk/);
  const changed = Buffer.from(bytes);
  changed[bytes.length - 9]! ^= 1;
  writeFileSync(broken, changed);
  const lie = await sandbox.run(command('import', broken, dataDir));
  assert.equal(lie.code, 1);
  assert.match(lie.err, /invalid-snapshot|is not part|malformed|RLP/);
  const back = lastJson<State>(
    (await sandbox.ok([...command('import', file, dataDir), '--json'])).out,
  );
  assert.deepEqual([back.number, back.root], [6, block.stateRoot]);

  const again = await startDevnet(sandbox, args);
  assert.equal(await again.call('eth_getBalance', [RECEIVER, 'latest']), '0x1002');
  await send(again, 1);
  assert.equal(await again.call('eth_blockNumber'), '0x7');
  await again.stop();

  // An older state: the blocks since are run again. Without an index too.
  rmSync(stateDir, { recursive: true });
  rmSync(join(dataDir, 'chain', 'index'), { recursive: true });
  await sandbox.ok(command('import', older, dataDir));
  const third = await startDevnet(sandbox, args);
  assert.equal(await third.call('eth_blockNumber'), '0x7');
  assert.equal(await third.call('eth_getBalance', [RECEIVER, 'latest']), '0x1003');
  await third.stop();
});

test('blocks that no checkpoint covers: a command signs none, the node does', async () => {
  const settings = [
    ['chain', 'true'],
    ['rpcPort', '0'],
    ['origin', 'log.example/state'],
    ['logKeyFile', sandbox.path('elsewhere.key')],
    ['checkpointIntervalMs', '60000'],
  ].flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const first = await startTestNode(sandbox, settings);
  const { dataDir, rpcUrl = '' } = first;
  const balance = ['0xabababababababababababababababababababab', '0x1'];
  await callRpc(rpcUrl, 'anvil_setBalance', balance);
  await callRpc(rpcUrl, 'evm_mine', []);
  await first.kill();
  const file = sandbox.path('uncovered.bin');
  await sandbox.ok(command('export', file, dataDir));
  const stateDir = join(dataDir, 'chain', 'state');
  rmSync(stateDir, { recursive: true });
  const early = await sandbox.run(command('import', file, dataDir));
  assert.equal(early.code, 2);
  assert.match(early.err, /no signed checkpoint covers block 1 yet.*--no-chain/s);
  assert.equal(existsSync(join(dataDir, 'log.key')), false);
  const second = await startTestNode(sandbox, [...settings, '--set', 'chain=false'], dataDir);
  await second.stop();
  await sandbox.ok(command('import', file, dataDir));
  const third = await startTestNode(sandbox, settings, dataDir);
  assert.equal(await callRpc(third.rpcUrl ?? '', 'eth_blockNumber', []), '0x1');
  await third.stop();
});

test('a disk that is full, and what is no file', async (t) => {
  const dataDir = sandbox.path('full');
  const devnet = await startDevnet(sandbox, ['--data-dir', dataDir, '--accounts', '2']);
  await devnet.call('anvil_setCode', [RECEIVER, `0x${'5b'.repeat(20_000)}`]);
  await send(devnet, 1);
  await devnet.stop();
  const folder = await sandbox.run(command('import', dataDir, dataDir));
  assert.equal(folder.code, 2);
  assert.match(folder.err, /is a folder/);
  const gone = await sandbox.run(command('import', sandbox.path('gone'), dataDir));
  assert.equal(gone.code, 2);
  assert.match(gone.err, /ENOENT/);
  const disk = sandbox.path('small disk');
  const refusal = mountSmall(disk);
  if (refusal !== undefined) return t.skip(refusal);
  try {
    const full = await sandbox.run(command('export', join(disk, 'state.bin'), dataDir));
    assert.equal(full.code, 2);
    assert.match(full.err, /ENOSPC/);
    assert.deepEqual(readdirSync(disk), []);
  } finally {
    spawnSync('/bin/umount', [disk]);
  }
});

/** Holds less than the state of a devnet with a large contract, which comes in one piece. */
function mountSmall(path: string): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root to mount a small file system';
  mkdirSync(path);
  const { status } = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', path]);
  return status === 0 ? undefined : 'cannot mount a file system here';
}

test('a state of another chain, of no chain, into no chain', async () => {
  const one = sandbox.path('one');
  const other = sandbox.path('other');
  for (const [dataDir, chainId] of [
    [one, '7'],
    [other, '8'],
  ] as const) {
    const devnet = await startDevnet(sandbox, ['--data-dir', dataDir, '--chain-id', chainId]);
    await send(devnet, 1);
    await devnet.stop();
  }
  const file = sandbox.path('one.bin');
  await sandbox.ok(command('export', file, one));
  rmSync(join(other, 'chain', 'state'), { recursive: true });
  const foreign = await sandbox.run(command('import', file, other));
  assert.equal(foreign.code, 2);
  assert.match(foreign.err, /the file is of block 1 with hash 0x[0-9a-f]{64}; this chain has 0x/);
  assert.equal(existsSync(join(other, 'chain', 'state')), false);
  const text = sandbox.path('text');
  writeFileSync(text, 'no state at all');
  const none = await sandbox.run(command('import', text, other));
  assert.equal(none.code, 1);
  assert.match(none.err, /at most 1048576|no state of a chain/);
  const nowhere = await sandbox.run(command('export', sandbox.path('x'), sandbox.path('nowhere')));
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.err, /there is no chain in/);
  assert.equal(existsSync(sandbox.path('nowhere')), false);
});
