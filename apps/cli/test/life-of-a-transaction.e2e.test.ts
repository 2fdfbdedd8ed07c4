/**
 * docs/life-of-a-transaction.md holds: each step names a place that has its number, and the example
 * gives the hashes that the page shows.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { REPOSITORY, Sandbox } from './helpers/run-cli.ts';
import { startDevnet } from './helpers/test-devnet.ts';

const page = readFileSync(join(REPOSITORY, 'docs', 'life-of-a-transaction.md'), 'utf8');
const sandbox = new Sandbox();

after(() => sandbox[Symbol.dispose]());

/** Number, file and name of each step, in order. */
function stepsOf(text: string): { number: number; file: string; name: string | undefined }[] {
  const pattern = /^(\d+)\. \*\*[^*]+\*\* \(`([^`]+)`(?:, `([^`]+)`)?\)/gm;
  return [...text.matchAll(pattern)].map(([, number, file = '', name]) => ({
    number: Number(number),
    file,
    name,
  }));
}

/** Every source file of the packages. */
function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !/^(?:node_modules|build|dist|\.types)$/.test(entry.name)) {
      yield* sources(path);
    } else if (entry.name.endsWith('.ts')) yield path;
  }
}

test('each step is where the page says, and nowhere else', () => {
  const steps = stepsOf(page);
  assert.deepEqual(
    steps.map(({ number }) => number),
    Array.from({ length: 18 }, (_, at) => at + 1),
  );
  for (const { number, file, name } of steps) {
    const source = readFileSync(join(REPOSITORY, file), 'utf8');
    const at = source.indexOf(`// Life of a transaction, ${number}.\n`);
    assert.ok(at >= 0, `${file} has no number ${number}`);
    const next = source.slice(at).split('\n')[1] ?? '';
    assert.ok(name === undefined || next.includes(name), `${number}: ${next} is not ${name}`);
  }
  const marks: number[] = [];
  for (const path of sources(join(REPOSITORY, 'packages'))) {
    for (const [, number] of readFileSync(path, 'utf8').matchAll(
      /\/\/ Life of a transaction, (\d+)\.$/gm,
    )) {
      marks.push(Number(number));
    }
  }
  assert.deepEqual(
    marks.sort((a, b) => a - b),
    steps.map(({ number }) => number),
  );
});

test('the example gives what the page shows', async () => {
  const [, seed = ''] = /basalt devnet --seed (\w+)/.exec(page) ?? [];
  const [, body = ''] = /-d '([^']+)'/.exec(page) ?? [];
  const shown = Object.fromEntries(
    [...page.matchAll(/^\| ([^|]+?) \| `(0x[0-9a-f]{64})` \|$/gm)].map(([, name, hash]) => [
      name,
      hash,
    ]),
  );
  const devnet = await startDevnet(sandbox, ['--seed', seed]);
  const answer = await fetch(devnet.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { result: hash } = (await answer.json()) as { result: string };
  const block = await devnet.call<Record<string, string>>('eth_getBlockByNumber', ['0x1', false]);
  assert.deepEqual(shown, {
    'transaction, 119 bytes of type 2': hash,
    'block 1': block['hash'],
    'its state root': block['stateRoot'],
    'its transactions root': block['transactionsRoot'],
    'its receipts root': block['receiptsRoot'],
  });
  const transaction = await devnet.call<{ from: string }>('eth_getTransactionByHash', [hash]);
  assert.ok(page.includes(`\`${transaction.from}\``), 'the sender of step 5');
  assert.equal(BigInt(block['baseFeePerGas'] ?? 0), 875_000_000n);
  const env = { BASALT_RPC_URL: devnet.rpcUrl };
  const file = sandbox.path('tx.proof');
  await sandbox.ok(['prove', 'tx', hash, '-o', file], { env });
  await sandbox.ok(['verify', file]);
  await devnet.stop();
});
