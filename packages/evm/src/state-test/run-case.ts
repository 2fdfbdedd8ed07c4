import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Evm } from '../evm.ts';
import type { Recover } from '../precompiles/types.ts';
import { stateRoot } from '../state/trie-root.ts';
import { encodeList, encodeString } from '../transaction/rlp.ts';
import { transact } from '../transaction/transact.ts';
import type { IncludedTransaction, RefusedTransaction, Transaction } from '../transaction/types.ts';
import type { BlockEnvironment, Log, StateReader } from '../types.ts';
import { isExpected } from './exceptions.ts';
import {
  type Expectation,
  readBlock,
  readPreState,
  readTransaction,
  type StateTest,
} from './fixture.ts';

/** What a case needs of a transaction that ran. */
export type CaseOutcome =
  | Pick<RefusedTransaction, 'included' | 'error'>
  | Pick<IncludedTransaction, 'included' | 'logs' | 'changes'>;

/** Runs the transaction of a case; `transact` where nothing else is asked for. */
export type RunTransaction = (
  evm: Evm,
  state: StateReader,
  transaction: Transaction,
  block: BlockEnvironment,
) => CaseOutcome;

export interface CaseOptions {
  readonly recover?: Recover | undefined;
  readonly run?: RunTransaction | undefined;
}

/**
 * Runs one variant of a test: state root, logs and exception must be those expected.
 *
 * @returns what differs, in words; undefined when nothing does
 */
export function runCase(
  evm: Evm,
  test: StateTest,
  forkName: string,
  expectation: Expectation,
  { recover, run = transact }: CaseOptions = {},
): string | undefined {
  const state = readPreState(test);
  const block = readBlock(test, forkName, evm.fork);
  const transaction = readTransaction(test.transaction, expectation.indexes, recover);
  const { txbytes, expectException } = expectation;
  if (txbytes !== undefined && typeOf(txbytes) !== transaction.type) {
    return `reads as type ${transaction.type}, the signed bytes are of type ${typeOf(txbytes)}`;
  }
  const result = run(evm, state, transaction, block);
  if (!result.included) {
    const { code, message } = result.error;
    if (expectException === undefined) return `refused (${code}: ${message}), should be valid`;
    if (!isExpected(code, expectException)) {
      return `refused as ${code} (${message}), expected ${expectException}`;
    }
  } else {
    if (expectException !== undefined) return `accepted, expected ${expectException}`;
    state.apply(result.changes);
  }
  const logs = `0x${bytesToHex(logsHash(result.included ? result.logs : []))}`;
  if (logs !== expectation.logs) return `logs hash ${logs}, expected ${expectation.logs}`;
  const root = `0x${bytesToHex(stateRoot(state.dump()))}`;
  if (root !== expectation.hash) return `state root ${root}, expected ${expectation.hash}`;
  return undefined;
}

/** keccak256 of the RLP of the logs, 32 bytes. */
export function logsHash(logs: readonly Log[]): Uint8Array {
  const items = logs.map(({ address, topics, data }) =>
    encodeList([encodeString(address), encodeList(topics.map(encodeString)), encodeString(data)]),
  );
  return keccak_256(encodeList(items));
}

/** EIP-2718: the first byte of a typed transaction; a legacy one begins with a list. */
function typeOf(txbytes: string): number {
  const first = Number.parseInt(txbytes.slice(2, 4), 16);
  return first < 0xc0 ? first : 0;
}
