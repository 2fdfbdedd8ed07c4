import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBlockHeader } from '@ethereumjs/block';
import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import fc from 'fast-check';
import { EMPTY_OMMERS_HASH } from '../../src/block/roots.ts';
import type { BlockHeader } from '../../src/block/types.ts';
import { baseFeeAfter } from '../../src/chain/base-fee.ts';
import { blobBaseFee, excessBlobGasAfter } from '../../src/chain/blob-gas.ts';
import { difficultyAfter } from '../../src/chain/difficulty.ts';
import { parseForkSchedule } from '../../src/chain/fork-schedule.ts';
import { genesisOf } from './support/chains.ts';
import { GENESIS } from './support/dev-chain.ts';

const parent: BlockHeader = genesisOf(GENESIS).header;
const GAS_PER_BLOB = 131_072n;

/** Mainnet's forks that go by number. */
const MAINNET = parseForkSchedule({
  chainId: 1,
  homesteadBlock: 1_150_000,
  eip150Block: 2_463_000,
  eip155Block: 2_675_000,
  eip158Block: 2_675_000,
  byzantiumBlock: 4_370_000,
  constantinopleBlock: 7_280_000,
  petersburgBlock: 7_280_000,
  istanbulBlock: 9_069_000,
  muirGlacierBlock: 9_200_000,
  berlinBlock: 12_244_000,
  londonBlock: 12_965_000,
  arrowGlacierBlock: 13_773_000,
  grayGlacierBlock: 15_050_000,
  terminalTotalDifficulty: '58750000000000000000000',
});

test('base fees are those of another implementation', () => {
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Shanghai });
  const gas = fc.bigInt({ min: 5_000n, max: 200_000_000n });
  fc.assert(
    fc.property(gas, gas, fc.bigInt({ min: 0n, max: 10n ** 13n }), (limit, used, baseFee) => {
      const gasUsed = used % (limit + 1n);
      const header = { ...parent, gasLimit: limit, gasUsed, baseFee };
      const oracle = createBlockHeader(
        { number: 20_000_000n, gasLimit: limit, gasUsed, baseFeePerGas: baseFee },
        { common, skipConsensusFormatValidation: true },
      );
      assert.equal(baseFeeAfter(header), oracle.calcNextBaseFee());
    }),
  );
});

test('excess blob gas is that of another implementation, with and without a reserve', () => {
  const forks = [
    ['cancun', Hardfork.Cancun, { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477n }],
    ['prague', Hardfork.Prague, { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n }],
    ['osaka', Hardfork.Osaka, { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n }],
    ['osaka', Hardfork.Bpo1, { target: 10, max: 15, baseFeeUpdateFraction: 8_346_193n }],
    ['osaka', Hardfork.Bpo2, { target: 14, max: 21, baseFeeUpdateFraction: 11_684_671n }],
  ] as const;
  const blobs = fc.bigInt({ min: 0n, max: 9n });
  const excessBlobs = fc.bigInt({ min: 0n, max: 600n });
  const fee = fc.bigInt({ min: 1n, max: 10n ** 12n });
  for (const [fork, hardfork, parameters] of forks) {
    const common = new Common({ chain: Mainnet, hardfork });
    fc.assert(
      fc.property(blobs, excessBlobs, fee, (used, excess, baseFee) => {
        const blobGasUsed = used * GAS_PER_BLOB;
        const excessBlobGas = excess * GAS_PER_BLOB;
        const header = { ...parent, blobGasUsed, excessBlobGas, baseFee };
        const oracle = createBlockHeader(
          { number: 20_000_000n, blobGasUsed, excessBlobGas, baseFeePerGas: baseFee },
          { common, skipConsensusFormatValidation: true },
        );
        assert.equal(
          excessBlobGasAfter(header, fork, parameters),
          oracle.calcNextExcessBlobGas(oracle.common),
          hardfork,
        );
        assert.equal(blobBaseFee(excessBlobGas, parameters), oracle.getBlobGasPrice(), hardfork);
      }),
    );
  }
});

test('the bomb of London is late by 9,700,000 blocks (EIP-3554)', () => {
  // The other implementation has 9,500,000 there, so it is no witness.
  const number = 12_965_000n;
  const above = { ...parent, number: number - 1n, timestamp: 1n, difficulty: 2n ** 40n };
  const rules = { fork: 'london', parentHasOmmers: false } as const;
  const bombDelay = MAINNET.bombDelay(number);
  assert.equal(bombDelay, 9_700_000n);
  assert.equal(difficultyAfter(above, 11n, { ...rules, bombDelay }), 2n ** 40n + 2n ** 30n);
});

test('difficulties are those of another implementation, bombs included', () => {
  const numbers = [
    1n,
    1_149_999n,
    1_150_000n,
    4_369_999n,
    4_370_000n,
    7_279_999n,
    7_280_000n,
    9_199_999n,
    9_200_000n,
    12_244_000n,
    12_964_999n,
    13_773_000n,
    15_049_999n,
    15_050_000n,
    15_537_393n,
  ];
  const common = new Common({ chain: Mainnet });
  const seconds = fc.bigInt({ min: 1n, max: 2_000n });
  const difficulty = fc.bigInt({ min: 131_072n, max: 2n ** 60n });
  fc.assert(
    fc.property(
      fc.constantFrom(...numbers),
      seconds,
      difficulty,
      fc.boolean(),
      (number, later, above, hasOmmers) => {
        const timestamp = 1_500_000_000n;
        const uncleHash = hasOmmers ? new Uint8Array(32).fill(1) : EMPTY_OMMERS_HASH;
        const options = { common, setHardfork: true, skipConsensusFormatValidation: true };
        const oracleParent = createBlockHeader(
          { number: number - 1n, timestamp, difficulty: above, uncleHash },
          options,
        );
        const oracle = createBlockHeader({ number, timestamp: timestamp + later }, options);
        const found = difficultyAfter(
          { ...parent, number: number - 1n, timestamp, difficulty: above },
          timestamp + later,
          {
            fork: MAINNET.forkAt(number, timestamp).fork,
            bombDelay: MAINNET.bombDelay(number),
            parentHasOmmers: hasOmmers,
          },
        );
        assert.equal(found, oracle.ethashCanonicalDifficulty(oracleParent), `block ${number}`);
      },
    ),
  );
});
