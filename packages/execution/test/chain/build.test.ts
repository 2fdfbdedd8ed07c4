import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountChange } from '@basalt/evm';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encodeBlock } from '../../src/block/block-codec.ts';
import { encodeHeader } from '../../src/block/header.ts';
import { importChainRlp } from '../../src/chain/import-chain.ts';
import { openTestChain, recoverer } from './support/chains.ts';
import { account, attributes, COUNTER_INIT, GENESIS, signed } from './support/dev-chain.ts';
import { createMemoryLog } from './support/memory-log.ts';

test('a built block runs on another chain to the same roots', async () => {
  const chain = await openTestChain(GENESIS);
  const first = await chain.propose(
    [
      await signed(0, { nonce: 0n, to: undefined, value: 0n, data: COUNTER_INIT }),
      await signed(1, { nonce: 0n, value: 5n }),
    ],
    attributes(chain),
  );
  const [created, transferred] = first.receipts;
  assert.ok(created?.created !== undefined && created.succeeded);
  assert.equal(transferred?.gasUsed, 21_000n);
  assert.equal(transferred?.cumulativeGasUsed, created.gasUsed + 21_000n);

  const second = await chain.propose(
    [await signed(0, { nonce: 1n, to: created.created, value: 0n })],
    attributes(chain, {
      withdrawals: [{ index: 7n, validatorIndex: 3n, address: account(2), amount: 1_000n }],
    }),
  );
  const [called] = second.receipts;
  assert.equal(called?.logs.length, 1);
  assert.equal(called?.logs[0]?.data[31], 1);
  assert.ok(second.block.header.logsBloom.some((byte) => byte !== 0));
  const before = chain.stateAt(1)?.readAccount(account(2))?.balance ?? 0n;
  assert.equal(chain.stateAt(2)?.readAccount(account(2))?.balance, before + 1_000n * 10n ** 9n);

  const other = await openTestChain(GENESIS);
  const bytes = [first.block, second.block].map(encodeBlock);
  await importChainRlp(other, Uint8Array.from(bytes.flatMap((each) => [...each])), { recoverer });
  assert.deepEqual(other.head().hash, chain.head().hash);
  assert.deepEqual(await other.receipts(2), await chain.receipts(2));
  await Promise.all([chain.close(), other.close()]);
});

test('candidates that can not be included are left out and named', async () => {
  const chain = await openTestChain(GENESIS);
  const good = await signed(0, { nonce: 0n });
  const gap = await signed(1, { nonce: 5n });
  const poor = await signed(2, { nonce: 0n, value: 10n ** 30n });
  const second = await signed(1, { nonce: 0n });
  const third = await signed(2, { nonce: 0n });
  const late = await signed(0, { nonce: 1n });
  const { block, refused } = await chain.build(
    [good, gap, poor, second, third, late],
    attributes(chain, { gasLimit: 150_000n }),
  );
  // Each may use 100,000 and uses 21,000. What does not fit beside the others is no refusal.
  assert.deepEqual(block.transactions, [good, second, third]);
  assert.equal(refused.size, 2);
  assert.match(refused.get(bytesToHex(gap.hash)) ?? '', /^nonce-too-high/);
  assert.match(refused.get(bytesToHex(poor.hash)) ?? '', /^insufficient-funds/);
  assert.equal(chain.head().header.number, 0n, 'a build keeps nothing');
  await chain.close();
});

test('a block answers by number, hash and transaction, and its state before itself', async () => {
  const chain = await openTestChain(GENESIS);
  const transaction = await signed(0, { nonce: 0n });
  const { block } = await chain.propose([transaction], attributes(chain));
  await chain.propose([], attributes(chain));
  assert.deepEqual(await chain.block(1), block);
  assert.deepEqual(await chain.blockByHash(block.hash), block);
  assert.deepEqual(chain.locate(transaction.hash), {
    blockNumber: 1,
    blockHash: block.hash,
    index: 0,
  });
  assert.equal(chain.logIndexOf(1), 0);
  assert.equal(await chain.block(3), undefined);
  assert.equal(await chain.blockByHash(new Uint8Array(32)), undefined);
  assert.equal(chain.locate(new Uint8Array(32)), undefined);

  const state = await chain.stateBefore(block);
  assert.equal(state.readAccount(account(0))?.nonce, 0n);
  assert.equal(chain.stateAt(1)?.readAccount(account(0))?.nonce, 1n);
  const hashes = chain.blockHashFor(2n);
  assert.deepEqual(hashes(1n), block.hash);
  assert.deepEqual(hashes(2n), new Uint8Array(32));
  assert.equal(chain.environment(block.header).prevRandao, block.header.mixHash);
  await chain.close();
});

test('interventions show at once, stand in the next block, and go with a rewind', async () => {
  const chain = await openTestChain(GENESIS);
  const rich = new Uint8Array(20).fill(0x77);
  const change = {
    address: rich,
    account: {
      nonce: 3n,
      balance: 9n,
      codeHash: chain.stateAt(0)?.readAccount(account(0))?.codeHash,
    },
    storageCleared: false,
    storage: [],
  } as AccountChange;
  await chain.intervene(() => [change]);
  assert.equal(chain.stateAt(0)?.readAccount(rich)?.balance, 9n);
  await chain.propose([], attributes(chain));
  assert.equal(chain.stateAt(1)?.readAccount(rich)?.balance, 9n);
  assert.equal(chain.stateAt(0)?.readAccount(rich), undefined);
  await chain.rewind(0);
  assert.equal(chain.stateAt(0)?.readAccount(rich), undefined);
  await chain.intervene(() => [change]);
  await chain.rewind(0);
  assert.equal(chain.stateAt(0)?.readAccount(rich), undefined, 'a rewind drops what is pending');
  await chain.close();
});

test('a time that a header has no room for is refused before anything is written', async () => {
  const log = createMemoryLog();
  const chain = await openTestChain(GENESIS, { log });
  const late = attributes(chain, { timestamp: 2n ** 64n });
  await assert.rejects(chain.propose([], late), { code: 'invalid', message: /timestamp/ });
  assert.equal(log.length, 0);
  const { header } = await chain
    .propose([], { ...late, timestamp: 2n ** 64n - 1n })
    .then(({ block }) => block);
  assert.throws(() => encodeHeader({ ...header, timestamp: 2n ** 64n }), /8 bytes/);
  assert.throws(() => encodeHeader({ ...header, mixHash: new Uint8Array(31) }), /32 bytes/);
  await chain.close();
  const again = await openTestChain(GENESIS, { log });
  assert.deepEqual(again.head().header, header);
  await again.close();
});

test('a change by hand is worked out when its turn comes, and shows at once', async () => {
  const chain = await openTestChain(GENESIS);
  const from = account(0);
  const block = chain.propose([await signed(0, { nonce: 0n })], attributes(chain));
  const changed = chain.intervene((head) => {
    const found = head.readAccount(from);
    assert.equal(found?.nonce, 1n, 'the block that was under way is there');
    const made = { ...found, balance: 10n ** 18n };
    return [{ address: from, account: made, storageCleared: false, storage: [] }];
  });
  await Promise.all([block, changed]);
  assert.equal(chain.interventions().length, 1);
  assert.equal(chain.stateAt(1)?.readAccount(from)?.nonce, 1n);
  assert.equal(chain.stateAt(1)?.readAccount(from)?.balance, 10n ** 18n);
  const code = new Uint8Array(4 * 2 ** 20);
  const large = { address: from, account: undefined, code, storageCleared: false, storage: [] };
  await assert.rejects(
    chain.intervene(() => [large]),
    { code: 'oversize' },
  );
  assert.equal(chain.interventions().length, 1);
  await chain.close();
});

test('a rewind tells what was undone, and the chain goes on from there', async () => {
  const chain = await openTestChain(GENESIS);
  const first = await signed(0, { nonce: 0n });
  const one = await chain.propose([first], attributes(chain));
  const second = await signed(0, { nonce: 1n });
  const two = await chain.propose([second], attributes(chain));
  const three = await chain.propose([], attributes(chain));
  const events: string[] = [];
  chain.subscribe(({ kind, block, removed, removedCount }) => {
    if (kind === 'rewind') assert.equal(removedCount, 2);
    events.push(`${kind} ${block.header.number} -${removed.map((r) => r.block.header.number)}`);
  });
  await chain.rewind(1);
  assert.deepEqual(events, ['rewind 1 -3,2']);
  assert.deepEqual(chain.head(), one.block);
  assert.equal(chain.locate(second.hash), undefined);
  assert.equal(await chain.blockByHash(two.block.hash), undefined);
  assert.equal(await chain.blockByHash(three.block.hash), undefined);
  const again = await chain.propose([second], attributes(chain, { timestamp: 9_999n }));
  assert.notDeepEqual(again.block.hash, two.block.hash);
  assert.deepEqual(chain.locate(second.hash)?.blockHash, again.block.hash);
  await assert.rejects(chain.rewind(7), { code: 'unknown-block' });
  await chain.close();
});

test('a timestamp that is not later, and a closed chain, are refused', async () => {
  const chain = await openTestChain(GENESIS);
  await assert.rejects(chain.build([], attributes(chain, { timestamp: 1_000n })), {
    code: 'invalid',
  });
  await chain.close();
  await assert.rejects(chain.propose([], attributes(chain)), { code: 'closed' });
});
