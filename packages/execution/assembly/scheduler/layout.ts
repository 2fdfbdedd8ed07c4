// Where the scheduler's words lie, from `base` on. Words that many threads write have a cache line
// of 64 bytes each.

/** Next transaction of the first wave: each is claimed here once. */
export const EXECUTION_INDEX: usize = 0;
/** Next transaction to validate. Never beyond FRONTIER; lowered when one below ran again. */
export const VALIDATION_INDEX: usize = 64;
/** All transactions below it have run to their end at least once. */
export const FRONTIER: usize = 128;
/** Workers that hold a task or are about to take one. */
export const ACTIVE: usize = 192;
/** Raised whenever finished work became unfinished: lowered index, transaction ready again. */
export const REOPENED: usize = 256;
/** Transactions in the bitmap of those ready to run again. */
export const READY_COUNT: usize = 320;
/** STATE_* */
export const STATE: usize = 384;
/** What idle workers sleep on: raised when work appears. */
export const WAKE: usize = 448;
export const SLEEPERS: usize = 512;
/** Transactions of this block; written while no worker runs. */
export const COUNT: usize = 576;
/** Here each worker's own line begins: executions, validations, aborts, suspensions. */
export const COUNTERS: usize = 640;
export const COUNTER_LINE: usize = 64;

export const STATE_OPEN: i32 = 0;
export const STATE_DONE: i32 = 1;
export const STATE_CANCELLED: i32 = 2;

/** A transaction's record: status, list of those that wait for it, its own place in such a list. */
export const RECORD_BYTES: usize = 32;
/** incarnation << 3 | one of the states below. */
export const RECORD_STATUS: usize = 0;
/** Index + 1 of the last that began to wait; 0: none. */
export const RECORD_WAITING: usize = 4;
/** Index + 1 of the next in the list that this one is in. */
export const RECORD_NEXT: usize = 8;
/** Index + 1 of the transaction that should have run once before this one runs; 0: none. */
export const RECORD_HINT: usize = 12;
/** 1: ran to its end at least once. */
export const RECORD_HAS_RUN: usize = 16;

export const READY: i32 = 0;
export const EXECUTING: i32 = 1;
export const EXECUTED: i32 = 2;
export const VALIDATING: i32 = 3;
/** Being validated, and something below changed meanwhile. */
export const VALIDATING_AGAIN: i32 = 4;
export const SUSPENDED: i32 = 5;
