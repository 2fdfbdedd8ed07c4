import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { loadRecover } from '@basalt/evm';
import { conformanceFile, skipReason } from '../../../../tools/testing/conformance.ts';
import { type RawBlock, readBlock } from '../../src/block/block-codec.ts';
import { headerHash } from '../../src/block/header.ts';
import { ommersHash } from '../../src/block/roots.ts';
import type { Block, BlockHeader } from '../../src/block/types.ts';
import { recoverBlock } from '../../src/chain/block-body.ts';
import type { Chain } from '../../src/chain/types.ts';
import { RlpReader } from '../../src/rlp/reader.ts';
import { openTestChain, recoverer } from './support/chains.ts';

const skip = skipReason('rpc-tests', 'chain.rlp');
/** A block before Paris that names an ommer. */
const NUMBER = 29;

let chain: Chain;
let block: Block;
let ommer: BlockHeader;

const read = (name: string): Buffer => readFileSync(conformanceFile('rpc-tests', name) ?? '');

async function blocks(): Promise<Block[]> {
  const recover = await loadRecover();
  const reader = new RlpReader(new Uint8Array(read('chain.rlp')));
  const raws: RawBlock[] = [];
  while (raws.length < NUMBER) raws.push(readBlock(reader));
  return await Promise.all(
    raws.map((raw) => recoverBlock(raw, [], 'london', { recoverer, recover })),
  );
}

before(async () => {
  if (skip !== false) return;
  chain = await openTestChain(read('genesis.json').toString());
  const all = await blocks();
  for (const each of all.slice(0, -1)) await chain.import(each);
  block = all.at(-1) as Block;
  ommer = block.ommers[0] as BlockHeader;
  assert.ok(ommer !== undefined);
});

function withOmmers(ommers: readonly BlockHeader[]): Block {
  const header = { ...block.header, ommersHash: ommersHash(ommers) };
  return { ...block, ommers, header, hash: headerHash(header) };
}

async function assertRefused(bad: Block, field: string): Promise<void> {
  await assert.rejects(chain.import(bad), (error: Error & { details?: { field?: string } }) => {
    assert.equal(error.details?.field, field, error.message);
    return true;
  });
}

test('ommers that break a rule are refused by their place and field', { skip }, async () => {
  const parent = await chain.block(NUMBER - 1);
  const older = await chain.block(NUMBER - 2);
  const named = (await chain.block(26))?.ommers[0] ?? (await chain.block(25))?.ommers[0];
  assert.ok(parent !== undefined && older !== undefined && named !== undefined);
  await assertRefused(withOmmers([ommer, ommer]), 'ommers[1]');
  await assertRefused(withOmmers([named]), 'ommers[0]');
  await assertRefused(withOmmers([parent.header]), 'ommers[0]');
  await assertRefused(withOmmers([{ ...ommer, parentHash: parent.hash }]), 'ommers[0]');
  await assertRefused(withOmmers([{ ...ommer, parentHash: new Uint8Array(32) }]), 'ommers[0]');
  const fields: readonly (readonly [Partial<BlockHeader>, string])[] = [
    [{ number: ommer.number + 1n }, 'number'],
    [{ gasLimit: ommer.gasLimit * 2n }, 'gasLimit'],
    [{ difficulty: ommer.difficulty + 1n }, 'difficulty'],
    [{ gasUsed: ommer.gasLimit + 1n }, 'gasUsed'],
    [{ extraData: new Uint8Array(33) }, 'extraData'],
    [{ baseFee: (ommer.baseFee ?? 0n) + 1n }, 'baseFee'],
    [{ timestamp: 0n }, 'timestamp'],
  ];
  for (const [change, name] of fields) {
    await assertRefused(withOmmers([{ ...ommer, ...change }]), `ommers[0].${name}`);
  }
  // Without it, or with another fee recipient, the rewards are others.
  await assertRefused(withOmmers([]), 'stateRoot');
  await assertRefused(
    withOmmers([{ ...ommer, coinbase: new Uint8Array(20).fill(1) }]),
    'stateRoot',
  );
});

test('a difficulty that is not the rule’s is refused; the seal is not looked at', {
  skip,
}, async () => {
  const header = { ...block.header, difficulty: block.header.difficulty + 1n };
  await assertRefused({ ...block, header, hash: headerHash(header) }, 'difficulty');
  const sealed = { ...block.header, mixHash: new Uint8Array(32).fill(1), nonce: new Uint8Array(8) };
  await chain.import({ ...block, header: sealed, hash: headerHash(sealed) });
  assert.equal(Number(chain.head().header.number), NUMBER);
  await chain.rewind(NUMBER - 1);
  await chain.import(block);
  await chain.close();
});
