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
  // Twenty whole blocks, and the beginning of one more.
  const cut = importChainRlp(chain, bytes.subarray(0, 30_000), { recoverer });
  await assert.rejects(cut, {
    code: 'malformed-rlp',
    message: /^block 21, which begins at byte 29852: .* of which 148 are there$/,
    details: { offset: 29_852, number: 21 },
  });
  const reached = Number(chain.head().header.number);
  assert.equal(reached, 20, 'all that were whole are there');
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < bytes.length; from += 997) yield bytes.subarray(from, from + 997);
  }
  const progress = await importChainRlp(chain, pieces(), { recoverer });
  assert.deepEqual([progress.skipped, progress.imported], [reached, 54 - reached]);
  assert.equal(`0x${bytesToHex(chain.head().hash)}`, expectedHead());
  await chain.close();
});

test('the place of what is no block counts from the beginning, in pieces too', {
  skip,
}, async () => {
  const bytes = Uint8Array.from(read('chain.rlp'));
  // The list of the block's header becomes a byte string.
  bytes[29_852 + 3] = 0x80;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < bytes.length; from += 997) yield bytes.subarray(from, from + 997);
  }
  for (const source of [
    Buffer.concat([bytes.subarray(0, 29_852), Uint8Array.of(0x80)]),
    Buffer.concat([bytes.subarray(0, 29_852), Uint8Array.of(0xff, 1, 0, 0, 0, 0, 0, 0, 0)]),
    pieces(),
  ]) {
    const chain = await openTestChain(read('genesis.json').toString());
    await assert.rejects(importChainRlp(chain, source, { recoverer }), /begins at byte 29852: /);
    assert.equal(Number(chain.head().header.number), 20);
    await chain.close();
  }
});

test('where the source itself fails, what came before is imported first', { skip }, async () => {
  const chain = await openTestChain(read('genesis.json').toString());
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield read('chain.rlp').subarray(0, 30_000);
    throw new Error('the disk is gone');
  }
  await assert.rejects(importChainRlp(chain, failing(), { recoverer }), /the disk is gone/);
  assert.equal(Number(chain.head().header.number), 20);
  await chain.close();
});
