import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTables, MemoryTablesStorage } from '@basalt/store';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encodeBlock } from '../../src/block/block-codec.ts';
import { CHAIN_TABLES } from '../../src/chain/block-index.ts';
import { decodeChainPayload, encodeBlockPayload } from '../../src/chain/payload.ts';
import type { Chain } from '../../src/chain/types.ts';
import { unsignedTransaction } from '../../src/devnet/unsigned-transaction.ts';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import { openTestChain } from './support/chains.ts';
import {
  account,
  attributes,
  CHAIN_ID,
  COUNTER_INIT,
  GENESIS,
  signed,
} from './support/dev-chain.ts';
import { createMemoryLog, type MemoryLog } from './support/memory-log.ts';
import { createPlainWorld, type PlainWorld } from './support/plain-world.ts';

/** What a chain was, and what its stores held, when its log had so many entries. */
interface Moment {
  readonly head: string;
  readonly root: string;
  readonly nextRoot: string;
  readonly world: PlainWorld;
  readonly tables: MemoryTablesStorage;
}

const tables = (storage: MemoryTablesStorage) =>
  createMemoryTables({ tables: CHAIN_TABLES, storage });

/** A life with everything that stands in a log; one entry a step. */
async function live(chain: Chain, step: (index: number) => Promise<void>): Promise<void> {
  await step(0);
  const deployed = await chain.propose(
    [await signed(0, { nonce: 0n, to: undefined, value: 0n, data: COUNTER_INIT })],
    attributes(chain),
  );
  const counter = deployed.receipts[0]?.created;
  await step(1);
  await chain.propose([await signed(0, { nonce: 1n, to: counter, value: 0n })], attributes(chain));
  await step(2);
  const impersonated = new Uint8Array(20).fill(0x42);
  const state = chain.stateAt(2)?.readAccount(account(2));
  assert.ok(state !== undefined);
  await chain.intervene(() => [
    {
      address: impersonated,
      account: { nonce: 0n, balance: 10n ** 18n, codeHash: state.codeHash },
      storageCleared: false,
      storage: [],
    },
  ]);
  const { fields } = await signed(0, { nonce: 0n, to: counter, value: 0n });
  const unsigned = unsignedTransaction(fields, CHAIN_ID, impersonated);
  await chain.propose(
    [await signed(1, { nonce: 0n }), unsigned, await signed(0, { nonce: 2n })],
    attributes(chain, { gasLimit: 50_000_000n, baseFee: 3n }),
  );
  await step(3);
  await chain.rewind(1);
  await step(4);
  await chain.propose([await signed(0, { nonce: 1n, value: 77n })], attributes(chain));
  await step(5);
  await chain.propose([], attributes(chain));
  await step(6);
  await chain.rewind(2);
  await step(7);
  await chain.rewind(0);
  await step(8);
  await chain.propose([await signed(2, { nonce: 0n })], attributes(chain, { timestamp: 5_000n }));
  await step(9);
}

async function record(): Promise<{ moments: Moment[]; log: MemoryLog }> {
  const log = createMemoryLog();
  const world = createPlainWorld();
  const storage = new MemoryTablesStorage();
  const chain = await openTestChain(GENESIS, { log, world, tables: tables(storage) });
  const moments: Moment[] = [];
  await live(chain, async (index) => {
    assert.equal(log.length, index, 'one entry a step');
    await new Promise(setImmediate);
    moments.push({ ...(await stateOf(chain)), world: world.copy(), tables: storage.copy() });
  });
  await chain.close();
  return { moments, log };
}

async function stateOf(chain: Chain): Promise<Pick<Moment, 'head' | 'root' | 'nextRoot'>> {
  const { hash, header } = chain.head();
  const next = await chain.build([], attributes(chain));
  return {
    head: bytesToHex(hash),
    root: bytesToHex(header.stateRoot),
    nextRoot: bytesToHex(next.block.hash),
  };
}

test('state and index of any moment find to the head of a log of any later one', async () => {
  const { moments, log } = await record();
  const executor = createBlockExecutor({ workers: 1, engine: 'interpreter' });
  let opened = 0;
  for (const [length, expected] of moments.entries()) {
    for (let worldAt = 0; worldAt <= length; worldAt++) {
      for (let tablesAt = 0; tablesAt <= length; tablesAt++) {
        const chain = await openTestChain(GENESIS, {
          log: createMemoryLog(log.entries.slice(0, length)),
          executor,
          world: (moments[worldAt] as Moment).world.copy(),
          tables: tables((moments[tablesAt] as Moment).tables.copy()),
        });
        const name = `log ${length}, state ${worldAt}, index ${tablesAt}`;
        const { head, root, nextRoot } = await stateOf(chain);
        assert.deepEqual(
          { head, root, nextRoot },
          { head: expected.head, root: expected.root, nextRoot: expected.nextRoot },
          name,
        );
        for (let number = 0; number <= Number(chain.head().header.number); number++) {
          const block = await chain.block(number);
          assert.ok(block !== undefined, name);
          const receipts = await chain.receipts(number);
          assert.equal(receipts?.length, block.transactions.length, name);
          for (const { hash } of block.transactions) {
            assert.equal(chain.locate(hash)?.blockNumber, number, name);
          }
        }
        await chain.close();
        opened++;
      }
    }
  }
  await executor.close();
  assert.equal(opened, 385);
});

test('stores without anything are made from the log alone', async () => {
  const { moments, log } = await record();
  const replayed: number[] = [];
  const chain = await openTestChain(
    GENESIS,
    { log: createMemoryLog(log.entries.slice(0, 3)) },
    { onReplay: (block) => replayed.push(block) },
  );
  assert.equal(bytesToHex(chain.head().hash), moments[3]?.head);
  assert.deepEqual(replayed, [1, 2, 3]);
  await chain.close();
});

test('an index ahead of its log, and stores of another genesis, are refused', async () => {
  const { moments, log } = await record();
  // Going back writes what was gathered before.
  const storage = moments[4]?.tables.copy() ?? new MemoryTablesStorage();
  const shorter = createMemoryLog(log.entries.slice(0, 2));
  await assert.rejects(openTestChain(GENESIS, { log: shorter, tables: tables(storage) }), {
    code: 'damaged-state',
  });
  const other = { ...GENESIS, timestamp: '0x1' };
  await assert.rejects(openTestChain(other, { log, tables: tables(storage) }), {
    code: 'invalid-genesis',
  });
});

test('rows of small blocks are gathered; the end of the chain writes them', async () => {
  const log = createMemoryLog();
  const storage = new MemoryTablesStorage();
  const chain = await openTestChain(GENESIS, { log, tables: tables(storage) });
  await chain.propose([], attributes(chain));
  await chain.propose([], attributes(chain));
  const crashed = storage.copy();
  await chain.close();
  const shorter = (): MemoryLog => createMemoryLog(log.entries.slice(0, 1));
  const before = await openTestChain(GENESIS, { log: shorter(), tables: tables(crashed) });
  assert.equal(before.head().header.number, 1n);
  await before.close();
  await assert.rejects(openTestChain(GENESIS, { log: shorter(), tables: tables(storage) }), {
    code: 'damaged-state',
  });
});

test('an entry that says another state than running it gives is found', async () => {
  const { log } = await record();
  const entry = log.entries[1] ?? new Uint8Array(0);
  const payload = decodeChainPayload(entry);
  assert.ok(payload.kind === 'block');
  const { header } = payload.block;
  const wrong = { ...header, stateRoot: header.stateRoot.map((byte) => byte ^ 1) };
  const transactions = payload.block.transactions.map((raw) => ({ raw }));
  const { ommers, withdrawals } = payload.block;
  const forged = encodeBlock({ header: wrong, transactions, ommers, withdrawals });
  const entries = [log.entries[0] as Uint8Array, encodeBlockPayload(forged, [], [])];
  await assert.rejects(openTestChain(GENESIS, { log: createMemoryLog(entries) }), {
    code: 'invalid-block',
    message: /^stateRoot/,
  });
  const orphan = createMemoryLog([entry]);
  await assert.rejects(openTestChain(GENESIS, { log: orphan }), { code: 'damaged-state' });
});

test('a log that does not take a block leaves the chain as it was', async () => {
  const log = createMemoryLog();
  let fails = true;
  const append = async (bytes: Uint8Array): Promise<{ index: number }> => {
    if (fails) throw new Error('disk full');
    log.entries.push(bytes);
    return { index: log.entries.length - 1 };
  };
  const failing = {
    read: (index: number) => log.read(index),
    append,
    get length() {
      return log.length;
    },
  };
  const chain = await openTestChain(GENESIS, { log: failing });
  const transaction = await signed(0, { nonce: 0n });
  await assert.rejects(chain.propose([transaction], attributes(chain)), /disk full/);
  assert.equal(chain.head().header.number, 0n);
  assert.equal(chain.stateAt(0)?.readAccount(account(0))?.nonce, 0n);
  fails = false;
  const { block } = await chain.propose([transaction], attributes(chain));
  assert.deepEqual(block.transactions, [transaction]);
  await chain.close();
});
