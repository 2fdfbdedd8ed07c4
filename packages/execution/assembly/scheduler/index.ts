// Collaborative scheduler of Block-STM (Gelashvili et al. 2022, algorithms 4 and 5) on atomics of a
// shared memory. Each worker thread has an instance of this module; all of them work on the words
// that layout.ts names. What differs from the paper, and why:
//
//  1. Validation keeps behind FRONTIER: a transaction above one that never ran would have to be
//     validated again anyway. Without conflicts each transaction is validated exactly once.
//  2. ACTIVE is raised before an index moves, never after: else the block could be called done
//     while somebody is on the way to a task.
//  3. A transaction has one task at a time. A validation that becomes due while one is under way
//     leaves a note (VALIDATING_AGAIN), so the engine never gets two calls for one transaction.
//  4. A transaction is in at most one list of waiting ones, and a list is emptied in one exchange:
//     every wait is ended exactly once. Who joins a list looks again whether its owner has finished
//     meanwhile and empties the list itself.
//  5. Validation looks at values, so an abort alone changes nothing for those above; when the
//     transaction has run again everything above is validated again. Validation goes on past
//     aborted transactions: conflicts are found together, not one a round.
//  6. Those that may run again are bits in a map, not a lowered index: finding the lowest costs a
//     look at a word for every 32 transactions.
//  7. Idle workers spin for a while, then sleep on WAKE.

import * as L from './layout';
import { preempt } from './preempt';

/** Answers of `next` that are no task. */
const IDLE: i32 = -1;
const DONE: i32 = -2;
const TASK_EXECUTE: i32 = 0;
const TASK_VALIDATE: i32 = 1;

let base: usize = 0;
let records: usize = 0;
let bitmap: usize = 0;
let workers: i32 = 0;

// ---- set up, by every instance and by the coordinator ---------------------------------------

/** Bytes that `attach` needs at its base. */
export function bytesFor(transactions: i32, workerCount: i32): i32 {
  const bits = ((transactions + 31) >>> 5) * 4;
  const counters = workerCount * <i32>L.COUNTER_LINE;
  return <i32>L.COUNTERS + counters + transactions * <i32>L.RECORD_BYTES + bits;
}

/** Base must be a multiple of 64; the same figures in every instance. */
export function attach(at: usize, transactions: i32, workerCount: i32): void {
  base = at;
  workers = workerCount;
  records = at + L.COUNTERS + <usize>workerCount * L.COUNTER_LINE;
  bitmap = records + <usize>transactions * L.RECORD_BYTES;
}

/** While no worker runs: a new block. Costs what the block has, not what there is room for. */
export function begin(count: i32): void {
  memory.fill(base, 0, L.COUNTERS + <usize>workers * L.COUNTER_LINE);
  memory.fill(records, 0, <usize>count * L.RECORD_BYTES);
  memory.fill(bitmap, 0, (<usize>((count + 31) >>> 5)) * 4);
  atomic.store<i32>(base + L.COUNT, count);
  if (count === 0) atomic.store<i32>(base + L.STATE, L.STATE_DONE);
}

/** Before the workers start: `transaction` runs only after `predecessor`, a lower one, ran once. */
export function hint(transaction: i32, predecessor: i32): void {
  store<i32>(record(transaction) + L.RECORD_HINT, predecessor + 1);
}

/** Ends the block at once: every `next` answers DONE. */
export function cancel(): void {
  atomic.store<i32>(base + L.STATE, L.STATE_CANCELLED);
  wakeAll();
}

/** 0 open, 1 done, 2 cancelled. */
export function state(): i32 {
  return atomic.load<i32>(base + L.STATE);
}

export function incarnation(transaction: i32): i32 {
  return atomic.load<i32>(record(transaction)) >> 3;
}

/** Executions, validations, aborts, suspensions: 0 to 3. */
export function counter(worker: i32, which: i32): i32 {
  return atomic.load<i32>(counterAt(worker, which));
}

// ---- tasks ----------------------------------------------------------------------------------

/** transaction << 1 | TASK_*, or IDLE, or DONE. Lowest work first, validation before execution. */
export function next(worker: i32): i32 {
  if (state() !== L.STATE_OPEN) return DONE;
  if (hasWork()) {
    enter();
    preempt(1);
    let transaction = takeValidation();
    if (transaction >= 0) {
      count(worker, 1);
      return (transaction << 1) | TASK_VALIDATE;
    }
    transaction = takeReady();
    if (transaction < 0) transaction = takeFirst();
    if (transaction >= 0) {
      count(worker, 0);
      return (transaction << 1) | TASK_EXECUTE;
    }
    leave();
  }
  checkDone();
  return state() === L.STATE_OPEN ? IDLE : DONE;
}

/** The transaction ran to its end; its reads and writes are recorded. */
export function executed(transaction: i32): void {
  const at = record(transaction);
  const isFirst = atomic.load<i32>(at + L.RECORD_HAS_RUN) === 0;
  // In this order: below FRONTIER nothing may look as if it ran for the first time.
  atomic.store<i32>(at, (atomic.load<i32>(at) & ~7) | L.EXECUTED);
  preempt(2);
  atomic.store<i32>(at + L.RECORD_HAS_RUN, 1);
  preempt(3);
  let isWorkNew = resumeWaiting(at);
  if (isFirst) {
    // VALIDATION_INDEX is not beyond it yet.
    if (raiseFrontier()) isWorkNew = true;
  } else {
    lowerValidation(transaction);
    isWorkNew = true;
  }
  leave();
  if (isWorkNew) wakeSleepers();
}

/** The transaction met an estimate of `by`, a lower one, and waits until that one has run. */
export function blocked(worker: i32, transaction: i32, by: i32): void {
  count(worker, 3);
  suspend(transaction, by);
  leave();
}

/** The reads still hold. 1: something changed meanwhile, validate it again. */
export function valid(worker: i32, transaction: i32): i32 {
  const at = record(transaction);
  while (true) {
    const status = atomic.load<i32>(at);
    preempt(4);
    if ((status & 7) === L.VALIDATING_AGAIN) {
      atomic.store<i32>(at, (status & ~7) | L.VALIDATING);
      count(worker, 1);
      return 1;
    }
    if (atomic.cmpxchg<i32>(at, status, (status & ~7) | L.EXECUTED) === status) break;
  }
  leave();
  return 0;
}

/** The reads hold no more. The caller marks its writes as estimates and runs it again, now. */
export function abort(worker: i32, transaction: i32): void {
  const at = record(transaction);
  count(worker, 2);
  count(worker, 0);
  const status = atomic.load<i32>(at);
  // Another may turn VALIDATING into VALIDATING_AGAIN; either way it runs again.
  atomic.store<i32>(at, ((status & ~7) + 8) | L.EXECUTING);
}

/**
 * For a worker that got IDLE: spins, then sleeps until work appears, the block ends, or the time is
 * over.
 */
export function idle(spins: i32, nanoseconds: i64): void {
  for (let i = 0; i < spins; i++) {
    if (hasWork() || state() !== L.STATE_OPEN) return;
  }
  const wake = atomic.load<i32>(base + L.WAKE);
  atomic.add<i32>(base + L.SLEEPERS, 1);
  // Whoever makes work looks at SLEEPERS afterwards, so one of the two sees the other.
  checkDone();
  if (!hasWork() && state() === L.STATE_OPEN) {
    atomic.wait<i32>(base + L.WAKE, wake, nanoseconds);
  }
  atomic.sub<i32>(base + L.SLEEPERS, 1);
}

// ---- taking ---------------------------------------------------------------------------------

function hasWork(): bool {
  const validated = atomic.load<i32>(base + L.VALIDATION_INDEX);
  if (validated < atomic.load<i32>(base + L.FRONTIER)) return true;
  if (atomic.load<i32>(base + L.READY_COUNT) > 0) return true;
  return atomic.load<i32>(base + L.EXECUTION_INDEX) < atomic.load<i32>(base + L.COUNT);
}

function enter(): void {
  atomic.add<i32>(base + L.ACTIVE, 1);
}

function leave(): void {
  preempt(5);
  atomic.sub<i32>(base + L.ACTIVE, 1);
}

function takeValidation(): i32 {
  while (true) {
    const index = atomic.load<i32>(base + L.VALIDATION_INDEX);
    if (index >= validationLimit()) return -1;
    if (atomic.cmpxchg<i32>(base + L.VALIDATION_INDEX, index, index + 1) !== index) continue;
    preempt(6);
    if (startValidation(record(index))) return index;
  }
}

/** See 1 at the head. */
function validationLimit(): i32 {
  return atomic.load<i32>(base + L.FRONTIER);
}

/** False for one that runs or waits: its end brings the index back here. */
function startValidation(at: usize): bool {
  while (true) {
    const status = atomic.load<i32>(at);
    const present = status & 7;
    if (present === L.EXECUTED) {
      if (atomic.cmpxchg<i32>(at, status, (status & ~7) | L.VALIDATING) === status) return true;
    } else if (present === L.VALIDATING) {
      const again = (status & ~7) | L.VALIDATING_AGAIN;
      if (atomic.cmpxchg<i32>(at, status, again) === status) return false;
    } else {
      return false;
    }
  }
}

/** The lowest of those that waited. */
function takeReady(): i32 {
  if (atomic.load<i32>(base + L.READY_COUNT) === 0) return -1;
  const words = (atomic.load<i32>(base + L.COUNT) + 31) >>> 5;
  for (let word = 0; word < words; word++) {
    const at = bitmap + (<usize>word << 2);
    while (true) {
      const bits = atomic.load<i32>(at);
      if (bits === 0) break;
      const bit = bits & -bits;
      preempt(7);
      if ((atomic.and<i32>(at, ~bit) & bit) === 0) continue;
      atomic.sub<i32>(base + L.READY_COUNT, 1);
      const transaction = (word << 5) | ctz<i32>(bit);
      claim(transaction);
      return transaction;
    }
  }
  return -1;
}

/** The next of the first wave that does not wait for its hint. */
function takeFirst(): i32 {
  const end = atomic.load<i32>(base + L.COUNT);
  while (true) {
    if (atomic.load<i32>(base + L.EXECUTION_INDEX) >= end) return -1;
    const transaction = atomic.add<i32>(base + L.EXECUTION_INDEX, 1);
    if (transaction >= end) return -1;
    preempt(8);
    claim(transaction);
    const before = load<i32>(record(transaction) + L.RECORD_HINT) - 1;
    if (before < 0 || atomic.load<i32>(record(before) + L.RECORD_HAS_RUN) === 1) {
      return transaction;
    }
    suspend(transaction, before);
  }
}

function claim(transaction: i32): void {
  const at = record(transaction);
  atomic.store<i32>(at, (atomic.load<i32>(at) & ~7) | L.EXECUTING);
}

// ---- waiting for a lower transaction -------------------------------------------------------

/** See 4 at the head. `transaction` belongs to the caller, who gives it up here. */
function suspend(transaction: i32, by: i32): void {
  const at = record(transaction);
  const owner = record(by);
  atomic.store<i32>(at, (atomic.load<i32>(at) & ~7) | L.SUSPENDED);
  preempt(9);
  while (true) {
    const first = atomic.load<i32>(owner + L.RECORD_WAITING);
    atomic.store<i32>(at + L.RECORD_NEXT, first);
    const joined = transaction + 1;
    if (atomic.cmpxchg<i32>(owner + L.RECORD_WAITING, first, joined) === first) break;
  }
  preempt(10);
  if (isFinished(owner) && resumeWaiting(owner)) wakeSleepers();
}

function isFinished(at: usize): bool {
  const present = atomic.load<i32>(at) & 7;
  return present === L.EXECUTED || present === L.VALIDATING || present === L.VALIDATING_AGAIN;
}

/** Empties the list of those that wait for a transaction. */
function resumeWaiting(owner: usize): bool {
  let waiting = takeWaiting(owner);
  if (waiting === 0) return false;
  while (waiting !== 0) {
    const transaction = waiting - 1;
    const at = record(transaction);
    waiting = atomic.load<i32>(at + L.RECORD_NEXT);
    atomic.store<i32>(at, ((atomic.load<i32>(at) & ~7) + 8) | L.READY);
    preempt(11);
    atomic.or<i32>(bitmap + (<usize>(transaction >>> 5) << 2), 1 << (transaction & 31));
    atomic.add<i32>(base + L.READY_COUNT, 1);
  }
  atomic.add<i32>(base + L.REOPENED, 1);
  return true;
}

function takeWaiting(owner: usize): i32 {
  return atomic.xchg<i32>(owner + L.RECORD_WAITING, 0);
}

// ---- progress -------------------------------------------------------------------------------

function raiseFrontier(): bool {
  const end = atomic.load<i32>(base + L.COUNT);
  let hasMoved = false;
  while (true) {
    const index = atomic.load<i32>(base + L.FRONTIER);
    if (index >= end || atomic.load<i32>(record(index) + L.RECORD_HAS_RUN) === 0) break;
    preempt(12);
    if (atomic.cmpxchg<i32>(base + L.FRONTIER, index, index + 1) === index) hasMoved = true;
  }
  return hasMoved;
}

function lowerValidation(transaction: i32): void {
  while (true) {
    const index = atomic.load<i32>(base + L.VALIDATION_INDEX);
    if (index <= transaction) return;
    preempt(13);
    if (atomic.cmpxchg<i32>(base + L.VALIDATION_INDEX, index, transaction) === index) break;
  }
  atomic.add<i32>(base + L.REOPENED, 1);
}

/**
 * Done when all were taken for validation, nothing is ready, nobody is active, and nothing was
 * reopened while these were looked at one after another.
 */
function checkDone(): void {
  const reopened = atomic.load<i32>(base + L.REOPENED);
  const end = atomic.load<i32>(base + L.COUNT);
  if (atomic.load<i32>(base + L.VALIDATION_INDEX) < end) return;
  if (atomic.load<i32>(base + L.READY_COUNT) !== 0) return;
  preempt(14);
  if (atomic.load<i32>(base + L.ACTIVE) !== 0) return;
  if (atomic.load<i32>(base + L.REOPENED) !== reopened) return;
  if (atomic.cmpxchg<i32>(base + L.STATE, L.STATE_OPEN, L.STATE_DONE) === L.STATE_OPEN) wakeAll();
}

function wakeSleepers(): void {
  if (atomic.load<i32>(base + L.SLEEPERS) > 0) wakeAll();
}

function wakeAll(): void {
  atomic.add<i32>(base + L.WAKE, 1);
  atomic.notify(base + L.WAKE, -1);
}

// ---- places ---------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
function record(transaction: i32): usize {
  return records + <usize>transaction * L.RECORD_BYTES;
}

// @ts-ignore: decorator
@inline
function counterAt(worker: i32, which: i32): usize {
  return base + L.COUNTERS + <usize>worker * L.COUNTER_LINE + (<usize>which << 2);
}

/** A worker's line is written by it alone. */
function count(worker: i32, which: i32): void {
  const at = counterAt(worker, which);
  atomic.store<i32>(at, atomic.load<i32>(at) + 1);
}
