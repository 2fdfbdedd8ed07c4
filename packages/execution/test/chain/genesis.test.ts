import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '@noble/hashes/utils.js';
import { headerHash } from '../../src/block/header.ts';
import { parseForkSchedule } from '../../src/chain/fork-schedule.ts';
import { readGenesis } from '../../src/chain/genesis.ts';
import { genesisOf } from './support/chains.ts';
import { GENESIS } from './support/dev-chain.ts';

/** Mainnet's genesis without its accounts: everything of the header but the state root. */
const FRONTIER = {
  config: { chainId: 1 },
  nonce: '0x42',
  timestamp: '0x0',
  extraData: '0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa',
  gasLimit: '0x1388',
  difficulty: '0x400000000',
  alloc: {},
};

test('a genesis has the hash that geth gives it', () => {
  const genesis = genesisOf(FRONTIER);
  assert.equal(
    bytesToHex(genesis.header.stateRoot),
    '56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
  );
  // Mainnet's own, with the root of its 8893 accounts put in.
  const root = 'd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544';
  const header = { ...genesis.header, stateRoot: Buffer.from(root, 'hex') };
  assert.equal(
    bytesToHex(headerHash(header)),
    'd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
  );
});

test('forks go by number before Paris and by time after it', () => {
  const schedule = parseForkSchedule({
    chainId: 5,
    homesteadBlock: 2,
    londonBlock: 4,
    terminalTotalDifficulty: 1_000,
    mergeNetsplitBlock: 6,
    shanghaiTime: 100,
    cancunTime: 200,
    bpo1Time: 300,
    blobSchedule: {
      cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
      bpo1: { target: 10, max: 15, baseFeeUpdateFraction: 8_346_193 },
    },
  });
  const forkAt = (number: bigint, timestamp: bigint): string =>
    schedule.forkAt(number, timestamp).fork;
  assert.deepEqual(
    [1n, 2n, 3n, 4n, 9n].map((number) => forkAt(number, 500n)),
    ['frontier', 'homestead', 'homestead', 'london', 'london'],
  );
  assert.equal(schedule.isProofOfStake(9n, 0n), false, 'total difficulty decides');
  schedule.setMergeBlock(9n);
  assert.equal(schedule.isProofOfStake(8n, 0n), false);
  assert.deepEqual(
    [50n, 100n, 250n, 300n].map((time) => forkAt(9n, time)),
    ['paris', 'shanghai', 'cancun', 'cancun'],
  );
  assert.equal(schedule.forkAt(9n, 100n).blobs, undefined);
  assert.equal(schedule.forkAt(9n, 299n).blobs?.max, 6);
  assert.equal(schedule.forkAt(9n, 300n).blobs?.max, 15);
  schedule.setMergeBlock(undefined);
  assert.equal(schedule.isProofOfStake(9n, 0n), false);
});

test('a netsplit block says where proof of stake begins where no difficulty does', () => {
  const schedule = parseForkSchedule({ chainId: 5, mergeNetsplitBlock: 6 });
  assert.equal(schedule.isProofOfStake(5n, 0n), false);
  assert.equal(schedule.isProofOfStake(6n, 0n), true);
  const always = parseForkSchedule({ chainId: 5, terminalTotalDifficulty: 0 });
  assert.equal(always.isProofOfStake(0n, 0n), true);
  always.setMergeBlock(undefined);
  assert.equal(always.isProofOfStake(0n, 0n), true, 'nothing takes that back');
});

test('large numbers of a document keep their digits', () => {
  const text = '{"config":{"chainId":1,"terminalTotalDifficulty":58750000000000000000001}}';
  assert.equal(readGenesis(text).config.terminalTotalDifficulty, 58_750_000_000_000_000_000_001n);
});

test('documents that can not be run are refused with the place', () => {
  const config = GENESIS.config;
  const blobs = (cancun: object): object => ({ ...config, blobSchedule: { cancun } });
  const bad: readonly (readonly [unknown, string])[] = [
    [{}, 'config'],
    ['{', 'document'],
    [[], 'document'],
    [{ config: { ...config, amsterdamTime: 5 } }, 'config.amsterdamTime'],
    [{ config: { ...config, daoForkBlock: 1, daoForkSupport: true } }, 'config.daoForkBlock'],
    [{ config: { chainId: 1, shanghaiTime: 0 } }, 'config.terminalTotalDifficulty'],
    [{ config: { ...config, cancunTime: 9, pragueTime: 8 } }, 'config.pragueTime'],
    [{ config: { ...config, chainId: -1 } }, 'config.chainId'],
    [{ config: { ...config, chainId: '0xzz' } }, 'config.chainId'],
    [
      { config: blobs({ target: 3, max: 2, baseFeeUpdateFraction: 1 }) },
      'config.blobSchedule.cancun.max',
    ],
    [
      { config: blobs({ target: 3, max: 6, baseFeeUpdateFraction: 0 }) },
      'config.blobSchedule.cancun.baseFeeUpdateFraction',
    ],
    [{ config: { ...config, bpo1Time: 7 } }, 'config.blobSchedule.bpo1'],
    [{ config, extraData: `0x${'00'.repeat(33)}` }, 'extraData'],
    [{ config, number: '0x1' }, 'number'],
    [{ config, alloc: { '0x12': {} } }, 'alloc.0x12'],
    [
      { config, alloc: { ['11'.repeat(20)]: { balance: 1.5 } } },
      `alloc.${'11'.repeat(20)}.balance`,
    ],
    [{ config, alloc: { ['11'.repeat(20)]: { code: '0x1' } } }, `alloc.${'11'.repeat(20)}.code`],
    [
      { config, alloc: { ['11'.repeat(20)]: { storage: { '0x00': '0xzz' } } } },
      `alloc.${'11'.repeat(20)}.storage.0x00`,
    ],
  ];
  for (const [document, place] of bad) {
    assert.throws(
      () => readGenesis(document),
      (error: { code?: string; details?: { place?: string } }) => {
        assert.equal(error.code, 'invalid-genesis');
        assert.equal(error.details?.place, place);
        return true;
      },
    );
  }
});

test('balances whose sum would come back to zero, and counters of nine bytes, are refused', () => {
  // The faucet of `geth --dev`, with the precompiles beside it.
  const faucet = { ['11'.repeat(20)]: { balance: `0x${(2n ** 256n - 9n).toString(16)}` } };
  const alloc = { ...faucet, ['22'.repeat(20)]: { balance: '0x8' } };
  assert.equal(readGenesis({ ...FRONTIER, alloc }).changes.length, 2);
  const more = { ...faucet, ['22'.repeat(20)]: { balance: '0x9' } };
  const wide = `0x${(2n ** 64n).toString(16)}`;
  const counted = { ['11'.repeat(20)]: { balance: '0x0', nonce: wide } };
  for (const document of [
    { ...FRONTIER, alloc: more },
    { ...FRONTIER, alloc: counted },
    { ...FRONTIER, timestamp: wide },
    { ...FRONTIER, gasLimit: wide },
  ]) {
    assert.throws(() => readGenesis(document), { code: 'invalid-genesis' });
  }
});
