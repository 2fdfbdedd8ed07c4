import {
  type Account,
  type AccountChange,
  EMPTY_CODE_HASH,
  FORK_RULES,
  type Fork,
  isAtLeast,
  keccak256,
  type StateReader,
} from '@basalt/evm';
import { bytesToHex } from '@noble/hashes/utils.js';
import { serverError } from '../errors.ts';
import { toWord } from '../params/hex.ts';
import type { AccountOverride } from '../params/overrides.ts';
import { checksumAddress } from '../views/checksum.ts';
import type { PrecompileSet } from './engines.ts';
import { isEmptyCode, type Overlay } from './overlay.ts';
import { trampoline } from './trampoline.ts';

/**
 * Precompiled contracts that a caller moved elsewhere (`movePrecompileToAddress`). The engine knows
 * them by small numbers only, so a moved one gets a hidden number, and its new address shows code
 * that calls it. What that code costs is taken off the hidden contract's price
 * (`trampolineGas`): a moved contract costs what it cost before.
 */
export interface MovedPrecompiles {
  readonly set: PrecompileSet;
  /** Code of the new addresses, by address in hexadecimal. */
  readonly codes: ReadonlyMap<string, Uint8Array>;
}

/** Numbers that no fork has a contract at, and that the kernel's table has room for. */
const HIDDEN_FIRST = 0x12;
const HIDDEN_LAST = 0x1f;

/**
 * Puts the overrides into the state; answers what they do to precompiled contracts, undefined where
 * nothing.
 *
 * @throws RpcError for moves of what is no precompiled contract or to an overridden account
 */
export function applyOverrides(
  state: Overlay,
  overrides: readonly AccountOverride[],
  fork: Fork,
): MovedPrecompiles | undefined {
  const removed = new Set<number>();
  const hidden = new Map<number, number>();
  const codes = new Map<string, Uint8Array>();
  const named = new Set(overrides.map(({ address }) => bytesToHex(address)));
  for (const override of overrides) {
    const { address, movePrecompileTo: target } = override;
    const number = precompileNumber(fork, address);
    if (target !== undefined) {
      const number = assertMove(fork, address, target, named);
      const id = HIDDEN_FIRST + hidden.size;
      if (id > HIDDEN_LAST) throw serverError('too many precompiles are moved');
      hidden.set(id, number);
      codes.set(bytesToHex(target), trampoline(id));
    }
    if (number !== undefined) removed.add(number);
    if (hasFields(override)) state.override(address, override);
  }
  return removed.size === 0 ? undefined : { set: { removed, hidden }, codes };
}

function hasFields({ balance, code, nonce, state, stateDiff }: AccountOverride): boolean {
  return [balance, code, nonce, state, stateDiff].some((each) => each !== undefined);
}

function assertMove(
  fork: Fork,
  from: Uint8Array,
  to: Uint8Array,
  named: ReadonlySet<string>,
): number {
  const number = precompileNumber(fork, from);
  if (number === undefined) {
    throw serverError(`account ${checksumAddress(from)} is not a precompile`);
  }
  if (named.has(bytesToHex(to))) {
    throw serverError(`account ${checksumAddress(to)} is already overridden`);
  }
  if (!isAtLeast(fork, 'berlin')) throw serverError(`precompiles can not be moved in ${fork}`);
  return number;
}

function precompileNumber(fork: Fork, address: Uint8Array): number | undefined {
  const number = BigInt(`0x${bytesToHex(address)}`);
  return FORK_RULES[fork].precompiles.find((each) => BigInt(each) === number);
}

/** The state with code at the addresses that contracts were moved to. */
export function withMoved(state: Overlay, moved: MovedPrecompiles | undefined): StateReader {
  if (moved === undefined || moved.codes.size === 0) return state;
  const hashes = new Map<string, Uint8Array>();
  const byHash = new Map<string, Uint8Array>();
  for (const [address, code] of moved.codes) {
    const hash = keccak256(code);
    hashes.set(address, hash);
    byHash.set(bytesToHex(hash), code);
  }
  return {
    readAccount(address) {
      const account = state.readAccount(address);
      const codeHash = hashes.get(bytesToHex(address));
      if (codeHash === undefined) return account;
      return { nonce: account?.nonce ?? 0n, balance: account?.balance ?? 0n, codeHash };
    },
    readStorage: (address, slot) => state.readStorage(address, slot),
    readCode: (hash) => byHash.get(bytesToHex(hash)) ?? state.readCode(hash),
    hasStorage: (address) => state.hasStorage(address),
    blockHash: (number) => state.blockHash(number),
  };
}

/** Precompiled contracts that are ordinary accounts now are warm from the start all the same. */
export function warmAddresses(moved: MovedPrecompiles | undefined): readonly Uint8Array[] {
  return [...(moved?.set.removed ?? [])].map((number) => toWord(BigInt(number)).subarray(12));
}

/** Changes as they are without the code that {@link withMoved} showed. */
export function withoutMoved(
  state: Overlay,
  changes: readonly AccountChange[],
  moved: MovedPrecompiles | undefined,
): readonly AccountChange[] {
  if (moved === undefined || moved.codes.size === 0) return changes;
  return changes.map((change) => {
    if (change.account === undefined || !moved.codes.has(bytesToHex(change.address))) return change;
    const codeHash = state.readAccount(change.address)?.codeHash ?? EMPTY_CODE_HASH;
    const account: Account = { ...change.account, codeHash };
    return { ...change, account: isEmpty(account) ? undefined : account };
  });
}

function isEmpty({ nonce, balance, codeHash }: Account): boolean {
  return nonce === 0n && balance === 0n && isEmptyCode(codeHash);
}
