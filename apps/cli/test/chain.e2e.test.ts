/** The commands that talk to a chain, against a devnet: what they do and what they say. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ended, lastJson, Sandbox } from './helpers/run-cli.ts';
import { startDevnet, type TestDevnet } from './helpers/test-devnet.ts';

const sandbox = new Sandbox();
let devnet: TestDevnet;
let env: Record<string, string>;

before(async () => {
  devnet = await startDevnet(sandbox, ['--accounts', '3']);
  env = { BASALT_RPC_URL: devnet.rpcUrl };
});

after(async () => {
  await devnet?.stop();
  sandbox[Symbol.dispose]();
});

const RECEIVER = `0x${'12'.repeat(20)}`;
/** Init code of a contract that returns 42. */
const ANSWER = '0x600a600c600039600a6000f3602a60005260206000f3';
/** Of one that reverts with Error("no"): 10 bytes of code, then what they give back. */
const REVERTS =
  '0x606e600a5f39606e5ff36064600a5f3960645ffd08c379a0' +
  `${'20'.padStart(64, '0')}${'02'.padStart(64, '0')}${'6e6f'.padEnd(64, '0')}`;

interface Receipt {
  readonly transactionHash: string;
  readonly contractAddress: string | null;
  readonly from: string;
  readonly status: string;
}

async function receiptOf(args: readonly string[]): Promise<Receipt> {
  const { out } = await sandbox.ok([...args, '--json'], { env });
  return lastJson<Receipt>(out);
}

async function balanceOf(address: string): Promise<bigint> {
  return BigInt(await devnet.call<string>('eth_getBalance', [address, 'latest']));
}

test('send: from an account by number, in ether, and with a key file', async () => {
  const { out } = await sandbox.ok(['send', RECEIVER, '--value', '1.5ether'], { env });
  assert.match(out, /^done {2}0x[0-9a-f]{64}\n/);
  assert.match(out, /block {5}1, place 0/);
  assert.match(out, /gas {7}21,000/);
  assert.equal(await balanceOf(RECEIVER), 15n * 10n ** 17n);
  const accounts = await devnet.call<string[]>('eth_accounts');
  assert.equal(accounts.length, 3);
  const sent = await receiptOf(['send', RECEIVER, '--value', '1gwei', '--from', '2']);
  assert.equal(sent.from, accounts[2]);
  const keyFile = sandbox.path('my.key');
  // Of the second account of the well-known mnemonic.
  const key = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
  writeFileSync(keyFile, `${key}\n`);
  const signed = await receiptOf(['send', RECEIVER, '--value', '5', '--key-file', keyFile]);
  assert.equal(signed.from, accounts[1]);
  assert.equal(await balanceOf(RECEIVER), 15n * 10n ** 17n + 10n ** 9n + 5n);
});

test('a key file holds a number from 1 to the order of the curve', async () => {
  const keyFile = sandbox.path('bad.key');
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  for (const key of ['00'.repeat(32), order, 'ff'.repeat(32), '12']) {
    writeFileSync(keyFile, key);
    const refused = await sandbox.run(['send', RECEIVER, '--key-file', keyFile], { env });
    assert.equal(refused.code, 2);
    assert.match(refused.err, /bad\.key holds no key/);
    assert.doesNotMatch(refused.err, /should not happen/);
  }
});

test('what is no hash of a transaction is told by the command', async () => {
  for (const args of [
    ['trace', '2'],
    ['tx', '0x12'],
    ['prove', 'tx', '2'],
  ]) {
    const refused = await sandbox.run(args, { env });
    assert.equal(refused.code, 2, args.join(' '));
    assert.match(refused.err, /expected the hash of a transaction/);
  }
});

test('a creation that fails has a reason, and no address', async () => {
  // Gives back Error("no") from the constructor itself.
  const init = `0x6064600a5f3960645ffd${REVERTS.slice(-200)}`;
  const failed = await sandbox.run(['deploy', init, '--gas', '200000'], { env });
  assert.equal(failed.code, 1);
  assert.match(failed.out, /^failed {2}0x/);
  assert.match(failed.out, /^ {2}reason {4}execution reverted: no$/m);
  assert.doesNotMatch(failed.out, /contract/);
  assert.match(failed.err, /`basalt trace 0x[0-9a-f]{64}` shows where it failed/);
});

test('what a transaction waits for is told after some seconds', async () => {
  const lone = await startDevnet(sandbox, ['--accounts', '1']);
  try {
    const other = { BASALT_RPC_URL: lone.rpcUrl };
    const [from] = await lone.call<string[]>('eth_accounts');
    await lone.call('evm_setAutomine', [false]);
    const cheap = { from, to: from, gas: '0x5208', maxFeePerGas: '0x3b9aca00' };
    await lone.call('eth_sendTransaction', [{ ...cheap, maxPriorityFeePerGas: '0x0' }]);
    // The base fee rises above what the first one pays: it stays where it is, with all behind it.
    await lone.call('hardhat_setNextBlockBaseFeePerGas', ['0x2540be400']);
    await lone.call('evm_mine');
    await lone.call('evm_setAutomine', [true]);
    const child = sandbox.spawn(['send', RECEIVER, '--value', '1'], { env: other });
    const end = ended(child);
    let text = '';
    for await (const piece of child.stderr!) {
      text += String(piece);
      if (text.includes('\n')) break;
    }
    assert.match(text, /nonce 1, and transaction 0 of 0x[0-9a-f]{40} comes first/);
    assert.match(text, /whose fee of 1 gwei is below the base fee of 10 gwei/);
    child.kill('SIGINT');
    await end;
  } finally {
    await lone.stop();
  }
});

test('what a chain that is there can not become is named, with what it is', async () => {
  const dataDir = sandbox.path('founded');
  const first = await startDevnet(sandbox, ['--data-dir', dataDir, '--chain-id', '7']);
  assert.equal((await first.stop()).code, 0);
  const asked = ['--data-dir', dataDir, '--chain-id', '5', '--accounts', '3', '--balance', '10000'];
  const second = await startDevnet(sandbox, [...asked, '--mnemonic', 'legal winner thank']);
  assert.equal(await second.call('eth_chainId'), '0x7');
  const { err } = await second.stop();
  assert.match(err, /ignored: --chain-id 5 \(it has 7\), --accounts 3 \(it has 10\), --mnemonic/);
  assert.doesNotMatch(err, /--balance/, 'what is as it was asked for is no matter');
  const third = await startDevnet(sandbox, ['--data-dir', dataDir]);
  assert.doesNotMatch((await third.stop()).err, /warning/);
});

test('deploy, call, and a call that fails: reason, trace, exit code', async () => {
  const answer = await receiptOf(['deploy', ANSWER]);
  const at = answer.contractAddress!;
  const called = await sandbox.ok(['call', at, 'x(uint256[]) returns (uint256)', '[1,2]'], { env });
  assert.equal(called.out.trim(), '42');
  const nowhere = await sandbox.run(['call', RECEIVER, 'x() returns (uint256)'], { env });
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.err, /returned nothing/);
  const reverts = (await receiptOf(['deploy', REVERTS])).contractAddress!;
  const refused = await sandbox.run(['call', reverts, 'x()'], { env });
  assert.equal(refused.code, 4);
  assert.match(refused.err, /no/);
  const failed = await sandbox.run(
    ['send', reverts, 'x(string)', 'hello', '--gas', '100000', '--json'],
    { env },
  );
  assert.equal(failed.code, 1);
  const { transactionHash, status } = lastJson<Receipt>(failed.out);
  assert.equal(status, '0x0');
  const { out: tree } = await sandbox.ok(['trace', transactionHash], { env });
  assert.match(tree, /^\[[\d,]+\] call 0x/);
  assert.match(tree, /✗ execution reverted: no/);
  const { out: shown } = await sandbox.ok(['tx', transactionHash], { env });
  assert.match(shown, /^failed {2}0x/);
});

test('deploy reads artifacts and constructor arguments', async () => {
  const abi = [{ type: 'constructor', inputs: [{ name: 'supply', type: 'uint256' }] }];
  const artifact = sandbox.path('Token.json');
  for (const bytecode of [ANSWER, { object: ANSWER.slice(2) }]) {
    writeFileSync(artifact, JSON.stringify({ abi, bytecode }));
    const { contractAddress } = await receiptOf(['deploy', artifact, '1000']);
    assert.match(contractAddress ?? '', /^0x[0-9a-f]{40}$/);
  }
  const none = await sandbox.run(['deploy', artifact], { env });
  assert.equal(none.code, 2);
  assert.match(none.err, /takes 1 arguments \(uint256\), 0 were given/);
  writeFileSync(artifact, JSON.stringify({ abi, bytecode: '0x' }));
  const empty = await sandbox.run(['deploy', artifact, '1'], { env });
  assert.equal(empty.code, 2);
  assert.match(empty.err, /an interface\?/);
});

test('the faucet gives what is asked for', async () => {
  const poor = `0x${'34'.repeat(20)}`;
  await receiptOf(['faucet', poor, '--amount', '2.5ether']);
  assert.equal(await balanceOf(poor), 25n * 10n ** 17n);
});

test('a transaction is proven to a file that checks offline, and to nothing else', async () => {
  const { transactionHash } = await receiptOf(['send', RECEIVER, '--value', '1wei']);
  const file = sandbox.path('tx.proof');
  const keyBlocks = sandbox.path('chain.keys');
  await sandbox.ok(['prove', 'tx', transactionHash, '-o', file, '--key-blocks', keyBlocks], {
    env,
  });
  const policy = sandbox.path('policy.txt');
  const asked = await sandbox.ok(['policy', '--url', devnet.ledgerUrl], { env });
  writeFileSync(policy, asked.out);
  const offline = { BASALT_RPC_URL: 'http://127.0.0.1:1', BASALT_URL: 'http://127.0.0.1:1' };
  const checked = await sandbox.ok(
    ['verify', file, '--policy', policy, '--key-blocks', keyBlocks, '--json'],
    { env: offline },
  );
  const report = lastJson<{
    transactionHash: string;
    succeeded: boolean;
    checked: { receipt: boolean; writer: boolean; policy: boolean };
  }>(checked.out);
  assert.equal(report.transactionHash, transactionHash);
  assert.equal(report.succeeded, true);
  assert.deepEqual(
    [report.checked.receipt, report.checked.writer, report.checked.policy],
    [true, true, true],
  );
  const { out } = await sandbox.ok(['verify', file, '--policy', policy], { env: offline });
  assert.match(out, /✓ receipt {5}it succeeded/);
  const changed = readFileSync(file, 'utf8').replace(/"transactionIndex": "0x0"/, (text) =>
    text.replace('0x0', '0x1'),
  );
  writeFileSync(file, changed);
  const refused = await sandbox.run(['verify', file, '--policy', policy], { env: offline });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /does not hold/);
  const unknown = `0x${'00'.repeat(32)}`;
  const missing = await sandbox.run(['prove', 'tx', unknown], { env });
  assert.equal(missing.code, 4);
  assert.match(missing.err, /no block of the chain/);
});

test('wrong usage is told with what to do', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['send', '0x12', '--value', '1'], /expected an address/],
    [['send', RECEIVER, '--value', '1.5'], /1\.5ether/],
    [['send', RECEIVER, 'x(uint256)', 'one'], /argument 1: "one" is no integer/],
    [['send', RECEIVER, 'x(', '1'], /x\(/],
    [['send', RECEIVER, '--from', '99'], /there is no account 99/],
    [['call', RECEIVER, 'x()', '--block', 'soon'], /"soon" is no block/],
    [['prove', 'tx', '0x12'], /hash of a transaction/],
    [['deploy', 'nothing.json'], /nothing\.json/],
  ];
  for (const [args, words] of cases) {
    const { code, err } = await sandbox.run(args, { env });
    assert.equal(code, 2, `${args.join(' ')}: ${err}`);
    assert.match(err, words);
  }
  const nobody = { BASALT_RPC_URL: 'http://127.0.0.1:9' };
  const { code, err } = await sandbox.run(['tx', `0x${'00'.repeat(32)}`], { env: nobody });
  assert.equal(code, 3);
  assert.match(err, /basalt devnet/);
});

test('a port in use, a fork before Paris, a wrong mnemonic', async () => {
  const port = new URL(devnet.rpcUrl).port;
  const taken = await sandbox.run(['devnet', '--port', port]);
  assert.equal(taken.code, 2);
  assert.match(taken.err, /another program listens on 127\.0\.0\.1:\d+/);
  const old = await sandbox.run(['devnet', '--port', '0', '--hardfork', 'london']);
  assert.equal(old.code, 2);
  assert.match(old.err, /paris/i);
  const words = await sandbox.run(['devnet', '--port', '0', '--mnemonic', 'one two']);
  assert.equal(words.code, 2);
  assert.match(words.err, /mnemonic/);
});

test('for programs: one line of JSON, an account of its own, a folder that goes', async () => {
  const words = `${'abandon '.repeat(11)}about`;
  const flags = ['--json', '--port', '0', '--accounts', '1', '--chain-id', '7'];
  const child = sandbox.spawn(['devnet', ...flags, '--mnemonic', words]);
  const end = ended(child);
  let out = '';
  while (!out.includes('\n')) {
    const [piece] = (await once(child.stdout!, 'data')) as [Buffer];
    out += piece.toString();
  }
  const report = JSON.parse(out) as {
    rpcUrl: string;
    dataDir: string;
    accounts: { address: string }[];
  };
  // The first account of these words, as every wallet derives it.
  assert.equal(report.accounts[0]?.address, '0x9858EfFD232B4033E47d90003D41EC34EcaEda94');
  const version = await fetch(report.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
  });
  assert.equal(((await version.json()) as { result: string }).result, '0x7');
  assert.ok(existsSync(report.dataDir));
  child.kill('SIGINT');
  const { code, out: all } = await end;
  assert.equal(code, 0);
  assert.equal(all.trim().split('\n').length, 1);
  assert.ok(!existsSync(report.dataDir), 'the temporary folder is gone');
});
