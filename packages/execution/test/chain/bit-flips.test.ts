import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadRecover } from '@basalt/evm';
import { decodeBlock, encodeBlock } from '../../src/block/block-codec.ts';
import { headerHash } from '../../src/block/header.ts';
import { transactionsRoot } from '../../src/block/roots.ts';
import type { Block, BlockHeader } from '../../src/block/types.ts';
import { recoverBlock } from '../../src/chain/block-body.ts';
import type { Chain } from '../../src/chain/types.ts';
import { openTestChain, recoverer } from './support/chains.ts';
import { account, attributes, COUNTER_INIT, GENESIS, signed } from './support/dev-chain.ts';
import { createMemoryLog } from './support/memory-log.ts';

/**
 * Where one flipped bit is seen. Some fields a proposer is free to choose: another value there is
 * another valid block, with another hash, which only somebody who knows the right hash can refuse.
 */
const SEEN_AT: Readonly<Record<keyof BlockHeader, string | undefined>> = {
  parentHash: 'parentHash',
  ommersHash: 'ommersHash',
  // Who is paid, and what system contracts wrote: the state is another.
  coinbase: 'stateRoot',
  timestamp: 'stateRoot',
  parentBeaconBlockRoot: 'stateRoot',
  stateRoot: 'stateRoot',
  transactionsRoot: 'transactionsRoot',
  receiptsRoot: 'receiptsRoot',
  logsBloom: 'logsBloom',
  difficulty: 'difficulty',
  number: 'number',
  gasUsed: 'gasUsed',
  nonce: 'nonce',
  baseFee: 'baseFee',
  withdrawalsRoot: 'withdrawalsRoot',
  blobGasUsed: 'blobGasUsed',
  excessBlobGas: 'excessBlobGas',
  requestsHash: 'requestsHash',
  gasLimit: undefined,
  extraData: undefined,
  mixHash: undefined,
};

let block: Block;
let parent: Block;
let chain: Chain;
const log = createMemoryLog();

before(async () => {
  const source = await openTestChain(GENESIS);
  const deployed = await source.propose(
    [await signed(0, { nonce: 0n, to: undefined, value: 0n, data: COUNTER_INIT })],
    attributes(source),
  );
  const counter = deployed.receipts[0]?.created;
  parent = deployed.block;
  const built = await source.propose(
    [await signed(0, { nonce: 1n, to: counter, value: 0n }), await signed(1, { nonce: 0n })],
    attributes(source, {
      extraData: new Uint8Array(4).fill(9),
      withdrawals: [{ index: 1n, validatorIndex: 1n, address: account(2), amount: 5n }],
    }),
  );
  block = built.block;
  await source.close();
  chain = await openTestChain(GENESIS, { log });
  await chain.import(parent);
});

after(async () => {
  await chain.close();
});

function flipped(value: Uint8Array | bigint): Uint8Array | bigint {
  if (typeof value === 'bigint') return value ^ 1n;
  const copy = value.slice();
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}

/** Refused, with the field named, and nothing of it kept. */
async function assertRefused(bad: Block, field: string | RegExp): Promise<void> {
  const { length } = log;
  await assert.rejects(chain.import(bad), (error: Error & { details?: { field?: string } }) => {
    const { details = {} } = error;
    if (typeof field === 'string') assert.equal(details.field, field, error.message);
    else assert.match(String(details.field), field, error.message);
    assert.match(error.message, /expected .*, found /);
    return true;
  });
  assert.equal(log.length, length);
  assert.deepEqual(chain.head().hash, parent.hash);
}

test('every field of a header with one bit flipped is refused by its name', async () => {
  for (const [name, seenAt] of Object.entries(SEEN_AT) as [keyof BlockHeader, string?][]) {
    const value = block.header[name];
    assert.ok(value !== undefined, name);
    const header = { ...block.header, [name]: flipped(value) } as BlockHeader;
    // Under the hash that was promised no flip passes, whatever the field.
    await assertRefused({ ...block, header }, /./);
    if (seenAt === undefined) await assertRefused({ ...block, header }, 'hash');
    else await assertRefused({ ...block, header, hash: headerHash(header) }, seenAt);
  }
});

test('fields out of their bounds are refused by their name', async () => {
  const wrong: Partial<BlockHeader>[] = [
    { gasLimit: block.header.gasLimit * 2n },
    { gasLimit: 4_999n },
    { timestamp: parent.header.timestamp },
    { extraData: new Uint8Array(33) },
    { gasUsed: block.header.gasLimit + 1n },
    { blobGasUsed: 10n * 131_072n },
    { withdrawalsRoot: undefined },
    { blobGasUsed: undefined },
    { excessBlobGas: undefined },
    { parentBeaconBlockRoot: undefined },
    { requestsHash: undefined },
    { baseFee: undefined },
  ];
  for (const change of wrong) {
    const header = { ...block.header, ...change } as BlockHeader;
    const [name = ''] = Object.keys(change);
    await assertRefused({ ...block, header, hash: headerHash(header) }, name);
  }
});

test('every part of a body with one bit flipped is refused by its name', async () => {
  const [withdrawal] = block.withdrawals ?? [];
  assert.ok(withdrawal !== undefined);
  const changed = [
    { ...withdrawal, index: 0n },
    { ...withdrawal, validatorIndex: 0n },
    { ...withdrawal, address: account(1) },
    { ...withdrawal, amount: 4n },
  ];
  for (const each of changed) {
    await assertRefused({ ...block, withdrawals: [each] }, 'withdrawalsRoot');
  }
  await assertRefused({ ...block, withdrawals: [] }, 'withdrawalsRoot');
  await assertRefused({ ...block, withdrawals: undefined }, 'withdrawals');
  await assertRefused({ ...block, ommers: [parent.header] }, 'ommersHash');
  await assertRefused({ ...block, transactions: block.transactions.slice(1) }, 'transactionsRoot');
  await assertRefused(
    { ...block, transactions: block.transactions.toReversed() },
    'transactionsRoot',
  );
});

test('every byte of a transaction with one bit flipped is refused', async () => {
  const recover = await loadRecover();
  const encoded = encodeBlock(block);
  const raw = block.transactions[1]?.raw ?? new Uint8Array(0);
  const at = Buffer.from(encoded).indexOf(raw);
  assert.ok(at > 0);
  const seen = new Set<string>();
  for (let index = 0; index < raw.length; index++) {
    const bad = encoded.slice();
    bad[at + index] = (bad[at + index] ?? 0) ^ 1;
    const attempt = async (): Promise<void> => {
      const decoded = decodeBlock(bad);
      const recovered = await recoverBlock(decoded, [], 'osaka', { recoverer, recover });
      await assertRefused(recovered, 'transactionsRoot');
      seen.add('transactionsRoot');
      // The same under roots and hash that fit the flipped transaction.
      const header = {
        ...recovered.header,
        transactionsRoot: transactionsRoot(recovered.transactions),
      };
      await assertRefused(
        { ...recovered, header, hash: headerHash(header) },
        /^(transactions\[1\]|gasUsed|receiptsRoot|stateRoot)$/,
      );
    };
    try {
      await attempt();
    } catch (error) {
      // Flipped so that it is no transaction any more, or no signature.
      const { code, details } = error as { code?: string; details?: { field?: string } };
      if (code === 'malformed-rlp') seen.add(code);
      else if (code === 'invalid-block') seen.add(String(details?.field));
      else throw error;
    }
  }
  assert.deepEqual([...seen].sort(), ['transactionsRoot', 'transactions[1]']);
});

test('the block itself is taken after all that', async () => {
  await chain.import(block);
  assert.deepEqual(chain.head().hash, block.hash);
});
