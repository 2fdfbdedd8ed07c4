import { EvmError } from '../errors.ts';
import type { TransactionContext } from '../evm.ts';
import type { ForkRules } from '../forks.ts';
import { BLOB_HASHES_MAX } from '../limits.ts';
import type { BlockEnvironment } from '../types.ts';
import { assertBits, assertLength } from './assert-input.ts';
import { type KernelInstance, writeBytesAsWord, writeWord } from './instance.ts';
import {
  ENV_BASE_FEE,
  ENV_BLOB_BASE_FEE,
  ENV_BLOB_COUNT,
  ENV_BLOBS,
  ENV_CHAIN_ID,
  ENV_COINBASE,
  ENV_GAS_LIMIT,
  ENV_GAS_PRICE,
  ENV_NUMBER,
  ENV_ORIGIN,
  ENV_RANDOM,
  ENV_TIMESTAMP,
} from './layout.ts';

/** What a block is where nothing is said: zero throughout, of chain 1. */
export const DEFAULT_BLOCK: BlockEnvironment = {
  number: 0n,
  timestamp: 0n,
  coinbase: new Uint8Array(20),
  gasLimit: 30_000_000n,
  baseFee: 0n,
  prevRandao: new Uint8Array(32),
  difficulty: 0n,
  blobBaseFee: 1n,
  chainId: 1n,
};

/**
 * Writes the block where the kernel's opcodes read it; of one that stands there, what is another.
 *
 * @returns a copy of the block, for the next time
 */
export function writeBlock(
  kernel: KernelInstance,
  rules: ForkRules,
  block: BlockEnvironment,
  before: BlockEnvironment | undefined,
): BlockEnvironment {
  if (before !== undefined && isSameBlock(block, before)) return before;
  const { environment } = kernel.at;
  const number = (offset: number, value: bigint, name: string): void => {
    assertBits(value, 256, name);
    writeWord(kernel, environment + offset, value);
  };
  assertLength(block.coinbase, 20, 'coinbase');
  writeBytesAsWord(kernel, environment + ENV_COINBASE, block.coinbase);
  number(ENV_TIMESTAMP, block.timestamp, 'timestamp');
  number(ENV_NUMBER, block.number, 'number');
  number(ENV_GAS_LIMIT, block.gasLimit, 'gasLimit');
  number(ENV_CHAIN_ID, block.chainId, 'chainId');
  number(ENV_BASE_FEE, block.baseFee, 'baseFee');
  number(ENV_BLOB_BASE_FEE, block.blobBaseFee, 'blobBaseFee');
  if (rules.hasPrevRandao) {
    assertLength(block.prevRandao, 32, 'prevRandao');
    writeBytesAsWord(kernel, environment + ENV_RANDOM, block.prevRandao);
  } else {
    number(ENV_RANDOM, block.difficulty, 'difficulty');
  }
  const { coinbase, prevRandao } = block;
  return { ...block, coinbase: coinbase.slice(), prevRandao: prevRandao.slice() };
}

/** Ten comparisons cost a tenth of writing ten words. */
function isSameBlock(one: BlockEnvironment, other: BlockEnvironment): boolean {
  return (
    one.number === other.number &&
    one.timestamp === other.timestamp &&
    one.gasLimit === other.gasLimit &&
    one.chainId === other.chainId &&
    one.baseFee === other.baseFee &&
    one.blobBaseFee === other.blobBaseFee &&
    one.difficulty === other.difficulty &&
    isSameBytes(one.coinbase, other.coinbase) &&
    isSameBytes(one.prevRandao, other.prevRandao)
  );
}

function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}

/** Writes the transaction there. */
export function writeTransaction(kernel: KernelInstance, transaction: TransactionContext): void {
  const { environment } = kernel.at;
  assertLength(transaction.origin, 20, 'origin');
  assertBits(transaction.gasPrice, 256, 'gasPrice');
  writeBytesAsWord(kernel, environment + ENV_ORIGIN, transaction.origin);
  writeWord(kernel, environment + ENV_GAS_PRICE, transaction.gasPrice);
  writeBlobHashes(kernel, transaction.blobHashes ?? []);
}

function writeBlobHashes(kernel: KernelInstance, hashes: readonly Uint8Array[]): void {
  if (hashes.length > BLOB_HASHES_MAX) {
    throw new EvmError('bad-request', `at most ${BLOB_HASHES_MAX} blob hashes`);
  }
  const { environment } = kernel.at;
  kernel.view.setUint32(environment + ENV_BLOB_COUNT, hashes.length, true);
  hashes.forEach((hash, index) => {
    assertLength(hash, 32, 'blob hash');
    writeBytesAsWord(kernel, environment + ENV_BLOBS + index * 32, hash);
  });
}
