/** A chain that other clients made: imported, taken up again, served, and refused where it lies. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { conformanceFile } from '../../../tools/testing/conformance.ts';
import { lastJson, Sandbox } from './helpers/run-cli.ts';
import { startDevnet } from './helpers/test-devnet.ts';

const chain = conformanceFile('rpc-tests', 'chain.rlp') ?? '';
const genesis = conformanceFile('rpc-tests', 'genesis.json') ?? '';
const forkChoice = conformanceFile('rpc-tests', 'headfcu.json') ?? '';
const skip = chain === '' ? 'the vectors rpc-tests are not on this machine' : false;

const sandbox = new Sandbox();

after(() => sandbox[Symbol.dispose]());

interface Imported {
  readonly head: number;
  readonly headHash: string;
  readonly imported: number;
  readonly skipped: number;
}

async function importInto(dataDir: string, file: string): Promise<Imported> {
  const args = ['import-chain', file, '--genesis', genesis, '--data-dir', dataDir, '--json'];
  return lastJson<Imported>((await sandbox.ok(args)).out);
}

test('every block to the head, then nothing new; served as it is', { skip }, async () => {
  const dataDir = sandbox.path('imported');
  const expected = JSON.parse(readFileSync(forkChoice, 'utf8')) as {
    params: [{ headBlockHash: string }];
  };
  const whole = await importInto(dataDir, chain);
  assert.equal(whole.headHash, expected.params[0].headBlockHash);
  assert.equal(whole.imported, whole.head);
  const again = await importInto(dataDir, chain);
  assert.deepEqual([again.imported, again.skipped], [0, whole.head]);
  const devnet = await startDevnet(sandbox, ['--data-dir', dataDir]);
  const head = await devnet.call<{ hash: string }>('eth_getBlockByNumber', ['latest', false]);
  assert.equal(head.hash, whole.headHash);
  assert.deepEqual(await devnet.call('eth_accounts'), []);
  await assert.rejects(devnet.call('evm_mine'), /method/);
  assert.equal((await devnet.stop()).code, 0);
  const clean = await sandbox.ok(['fsck', dataDir, '--json']);
  assert.equal(lastJson<{ findings: number }>(clean.out).findings, 0);
});

test('a file that breaks off or lies keeps what was before', { skip }, async () => {
  const bytes = readFileSync(chain);
  const dataDir = sandbox.path('broken');
  const where = ['--genesis', genesis, '--data-dir', dataDir, '--json'];
  const args = (file: string): string[] => ['import-chain', file, ...where];
  const half = sandbox.path('half.rlp');
  writeFileSync(half, bytes.subarray(0, 30_000));
  const broken = await sandbox.run(args(half));
  assert.equal(broken.code, 1);
  assert.match(broken.err, /does not hold: block 21, which begins at byte 29852/);
  const lying = sandbox.path('lying.rlp');
  const changed = Buffer.from(bytes);
  changed[40_000]! ^= 1;
  writeFileSync(lying, changed);
  const refused = await sandbox.run(args(lying));
  assert.equal(refused.code, 1);
  const rest = await importInto(dataDir, chain);
  assert.ok(rest.skipped >= 20, `${rest.skipped} blocks were kept`);
  assert.ok(rest.imported > 0);
});

test('another genesis, no genesis, no file, nothing in it', { skip }, async () => {
  const dataDir = sandbox.path('other');
  await importInto(dataDir, chain);
  const document = JSON.parse(readFileSync(genesis, 'utf8')) as { gasLimit: string };
  const other = sandbox.path('other.json');
  writeFileSync(other, JSON.stringify({ ...document, gasLimit: '0x1000000' }));
  const run = (file: string, from: string): ReturnType<Sandbox['run']> =>
    sandbox.run(['import-chain', file, '--genesis', from, '--data-dir', dataDir]);
  const mixed = await run(chain, other);
  assert.equal(mixed.code, 2);
  assert.match(mixed.err, /another chain/);
  writeFileSync(other, 'no json');
  assert.equal((await run(chain, other)).code, 2);
  assert.equal((await run(sandbox.path('nothing'), genesis)).code, 2);
  const nothing = sandbox.path('empty.rlp');
  writeFileSync(nothing, '');
  const empty = await run(nothing, genesis);
  assert.equal(empty.code, 2);
  assert.match(empty.err, /empty\.rlp holds no block/);
});
