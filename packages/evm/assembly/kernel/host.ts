// What the kernel asks of its host. Every call is synchronous; a host that throws unwinds the run,
// and the next `reset` puts the instance in order.

/**
 * Reads an account: `address` is 20 bytes big-endian at that address; the host writes nonce (u64),
 * balance (4 x u64, least first) and code hash (32 bytes) at `out`. Returns 1 when it exists.
 */
@external("host", "readAccount")
export declare function hostReadAccount(address: usize, out: usize): i32;

/** Reads a slot: both 32 bytes big-endian; the value goes big-endian to `out`. */
@external("host", "readStorage")
export declare function hostReadStorage(address: usize, slot: usize, out: usize): void;

/** Finds code by the hash at `hash` and keeps it; returns its length. */
@external("host", "readCode")
export declare function hostReadCode(hash: usize): u32;

/** Writes the code found by `readCode` to `out`. */
@external("host", "takeCode")
export declare function hostTakeCode(out: usize): void;

/** Writes the 32-byte hash of a block to `out`. */
@external("host", "blockHash")
export declare function hostBlockHash(number: u64, out: usize): void;

/** 1 when the account at `address` (20 bytes) has any storage in the state below (EIP-7610). */
@external("host", "hasStorage")
export declare function hostHasStorage(address: usize): i32;

/**
 * Runs a precompile. Returns gas left, or a negative number: -1 out of gas, -2 failure. The host
 * keeps the output of the given length for `takeOutput`.
 */
@external("host", "precompile")
export declare function hostPrecompile(id: u32, input: usize, length: u32, gas: i64): i64;

/** Writes the output of the last precompile to `out`, at most `room` bytes; returns its length. */
@external("host", "takeOutput")
export declare function hostTakeOutput(out: usize, room: u32): u32;

/** A bound of the instance is met. The host throws. */
@external("host", "bound")
export declare function hostBound(what: i32): void;

/** Traced code only: before a step, after a frame opened, before a frame closes. */
@external("host", "step")
export declare function hostStep(frame: usize, sp: usize, gas: i64, pc: u32): void;
@external("host", "enter")
export declare function hostEnter(frame: usize): void;
@external("host", "exit")
export declare function hostExit(frame: usize, halt: i32, gasLeft: i64): void;
@external("host", "selfDestruct")
export declare function hostSelfDestruct(frame: usize, beneficiary: usize, balance: usize): void;

/**
 * Second tier only: much gas was spent on the code with the hash at `hash`. The host may call
 * `installNative` at once or later.
 */
@external("host", "hot")
export declare function hostHot(hash: usize, code: usize, length: u32): void;

/** Versioned sessions only: a value is about to be written again by transaction `by`; throws. */
@external("host", "blocked")
export declare function hostBlocked(by: u32): void;

export const BOUND_ACCOUNTS: i32 = 1;
export const BOUND_SLOTS: i32 = 2;
export const BOUND_LOGS: i32 = 3;
export const BOUND_JOURNAL: i32 = 4;
export const BOUND_CODE: i32 = 5;
export const BOUND_NEW_CODE: i32 = 6;
export const BOUND_MEMORY: i32 = 7;
export const BOUND_RETURN: i32 = 8;
export const BOUND_CELLS: i32 = 9;
export const BOUND_BLOCK: i32 = 10;

/** Ends the run: the host throws, so this never returns. */
export function exceed(what: i32): void {
  hostBound(what);
  unreachable();
}
