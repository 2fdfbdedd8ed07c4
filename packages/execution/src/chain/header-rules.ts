import { type Fork, isAtLeast } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { EXTRA_DATA_BYTES_MAX, GAS_PER_BLOB } from '../block/limits.ts';
import { EMPTY_OMMERS_HASH } from '../block/roots.ts';
import type { BlockHeader } from '../block/types.ts';
import { baseFeeAfter } from './base-fee.ts';
import { blobGasLimit, excessBlobGasAfter } from './blob-gas.ts';
import { difficultyAfter } from './difficulty.ts';
import type { ForkSchedule } from './fork-schedule.ts';
import { checkEqual, invalidBlock } from './invalid-block.ts';
import { GAS_ELASTICITY, GAS_LIMIT_DIVISOR, GAS_LIMIT_MAX, GAS_LIMIT_MIN } from './limits.ts';

const ZERO_NONCE = new Uint8Array(8);

export interface ParentHeader {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
}

/**
 * Holds a header against its parent and its fork's rules, in the order in which they are listed
 * here; roots are compared after the block ran. The seal of proof of work is not checked: whether
 * `mixHash` and `nonce` were worked for is not known here.
 *
 * @throws ExecutionError `invalid-block` naming the first field that is wrong
 */
export function checkHeader(
  header: BlockHeader,
  parent: ParentHeader,
  schedule: ForkSchedule,
): void {
  const above = parent.header;
  checkEqual('parentHash', parent.hash, header.parentHash);
  checkEqual('number', above.number + 1n, header.number);
  if (header.timestamp <= above.timestamp) {
    throw invalidBlock('timestamp', `more than ${above.timestamp}`, header.timestamp);
  }
  const { fork } = schedule.forkAt(header.number, header.timestamp);
  checkGasLimit(header, above, fork);
  checkSeal(header, above, schedule, fork);
  if (header.extraData.length > EXTRA_DATA_BYTES_MAX) {
    const found = `${header.extraData.length} bytes`;
    throw invalidBlock('extraData', `at most ${EXTRA_DATA_BYTES_MAX} bytes`, found);
  }
  if (header.gasUsed > header.gasLimit) {
    throw invalidBlock('gasUsed', `at most ${header.gasLimit}`, header.gasUsed);
  }
  checkEqual(
    'baseFee',
    isAtLeast(fork, 'london') ? baseFeeAfter(above) : undefined,
    header.baseFee,
  );
  checkPresence(header, 'withdrawalsRoot', fork, 'shanghai');
  checkBlobFields(header, above, schedule);
  checkPresence(header, 'requestsHash', fork, 'prague');
}

/** Yellow Paper, eq. 53; at London the limit doubles once, and with it what it is held against. */
function checkGasLimit(header: BlockHeader, parent: BlockHeader, fork: Fork): void {
  const isFirstOfLondon = isAtLeast(fork, 'london') && parent.baseFee === undefined;
  const before = isFirstOfLondon ? parent.gasLimit * GAS_ELASTICITY : parent.gasLimit;
  const { gasLimit } = header;
  const step = before / GAS_LIMIT_DIVISOR;
  if (gasLimit <= before - step || gasLimit >= before + step) {
    throw invalidBlock('gasLimit', `less than ${step} from ${before}`, gasLimit);
  }
  if (gasLimit < GAS_LIMIT_MIN || gasLimit > GAS_LIMIT_MAX) {
    throw invalidBlock('gasLimit', `${GAS_LIMIT_MIN} to ${GAS_LIMIT_MAX}`, gasLimit);
  }
}

function checkSeal(
  header: BlockHeader,
  parent: BlockHeader,
  schedule: ForkSchedule,
  fork: Fork,
): void {
  if (schedule.isProofOfStake(header.number, header.timestamp)) {
    // EIP-3675.
    checkEqual('difficulty', 0n, header.difficulty);
    checkEqual('nonce', ZERO_NONCE, header.nonce);
    checkEqual('ommersHash', EMPTY_OMMERS_HASH, header.ommersHash);
    return;
  }
  const bombDelay = schedule.bombDelay(header.number);
  const parentHasOmmers = !equalBytes(parent.ommersHash, EMPTY_OMMERS_HASH);
  const expected = difficultyAfter(parent, header.timestamp, { fork, bombDelay, parentHasOmmers });
  checkEqual('difficulty', expected, header.difficulty);
}

/** EIP-4844, EIP-4788. */
function checkBlobFields(header: BlockHeader, parent: BlockHeader, schedule: ForkSchedule): void {
  const { fork, blobs } = schedule.forkAt(header.number, header.timestamp);
  checkPresence(header, 'blobGasUsed', fork, 'cancun');
  checkPresence(header, 'excessBlobGas', fork, 'cancun');
  checkPresence(header, 'parentBeaconBlockRoot', fork, 'cancun');
  const { blobGasUsed } = header;
  if (blobGasUsed === undefined || blobs === undefined) return;
  const limit = blobGasLimit(blobs);
  if (blobGasUsed > limit) throw invalidBlock('blobGasUsed', `at most ${limit}`, blobGasUsed);
  if (blobGasUsed % GAS_PER_BLOB !== 0n) {
    throw invalidBlock('blobGasUsed', `a multiple of ${GAS_PER_BLOB}`, blobGasUsed);
  }
  checkEqual('excessBlobGas', excessBlobGasAfter(parent, fork, blobs), header.excessBlobGas);
}

function checkPresence(
  header: BlockHeader,
  field: keyof BlockHeader,
  fork: Fork,
  since: Fork,
): void {
  const value = header[field];
  if (!isAtLeast(fork, since) && value !== undefined) {
    throw invalidBlock(field, `nothing before ${since}`, value);
  }
  if (isAtLeast(fork, since) && value === undefined) {
    throw invalidBlock(field, `a value from ${since} on`, undefined);
  }
}
