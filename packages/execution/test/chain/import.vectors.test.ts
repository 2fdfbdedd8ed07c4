import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bytesToHex } from '@noble/hashes/utils.js';
import { conformanceFile, skipReason } from '../../../../tools/testing/conformance.ts';
import { importChainRlp } from '../../src/chain/import-chain.ts';
import { openRealWorld, openTestChain, recoverer } from './support/chains.ts';

const skip = skipReason('rpc-tests', 'chain.rlp');

function read(name: string): Buffer {
  return readFileSync(conformanceFile('rpc-tests', name) ?? '');
}

function expectedHead(): string {
  const { params } = JSON.parse(read('headfcu.json').toString()) as {
    params: [{ headBlockHash: string }];
  };
  return params[0].headBlockHash;
}

test('the chain of execution-apis crosses every fork to its head', { skip }, async () => {
  const chain = await openTestChain(read('genesis.json').toString());
  const progress = await importChainRlp(chain, read('chain.rlp'), { recoverer });
  assert.deepEqual(
    [progress.number, progress.imported, progress.skipped, progress.transactions],
    [54, 54, 0, 249],
  );
  assert.equal(`0x${bytesToHex(chain.head().hash)}`, expectedHead());
  await chain.close();
});

for (const workers of [1, 2, 4]) {
  test(`the same over the state of a node, with ${workers} workers`, { skip }, async () => {
    const world = await openRealWorld();
    const chain = await openTestChain(read('genesis.json').toString(), { world, workers });
    await importChainRlp(chain, read('chain.rlp'), { recoverer });
    assert.equal(`0x${bytesToHex(chain.head().hash)}`, expectedHead());
    assert.deepEqual(world.root, chain.head().header.stateRoot);
    await chain.close();
    await world.close();
  });
}

test('a broken import goes on where it stopped, from pieces of any size', { skip }, async () => {
  const chain = await openTestChain(read('genesis.json').toString());
  const bytes = read('chain.rlp');
  const cut = importChainRlp(chain, bytes.subarray(0, 30_000), { recoverer });
  await assert.rejects(cut, { code: 'malformed-rlp' });
  const reached = Number(chain.head().header.number);
  assert.ok(reached > 0 && reached < 54);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < bytes.length; from += 997) yield bytes.subarray(from, from + 997);
  }
  const progress = await importChainRlp(chain, pieces(), { recoverer });
  assert.deepEqual([progress.skipped, progress.imported], [reached, 54 - reached]);
  assert.equal(`0x${bytesToHex(chain.head().hash)}`, expectedHead());
  await chain.close();
});
