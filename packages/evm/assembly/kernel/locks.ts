// Locks of cells: writers of one cell come one after another; readers take none. A lock is held for
// a few dozen instructions, so waiting turns for a while and sleeps only when whoever has it was
// taken off its processor.
import { CELL_LOCK } from './cells';

/** Turns of waiting for a lock before sleeping: it is held for a few dozen instructions. */
const SPINS: i32 = 200;
const SLEEP_NANOSECONDS: i64 = 1_000_000;

/** A lock is 0 when free, 1 when taken, 2 when taken and somebody sleeps. */
export function lock(cell: usize): void {
  const at = cell + CELL_LOCK;
  if (atomic.cmpxchg<u32>(at, 0, 1) == 0) return;
  for (let i = 0; i < SPINS; i++) {
    if (atomic.load<u32>(at) == 0 && atomic.cmpxchg<u32>(at, 0, 1) == 0) return;
  }
  while (atomic.xchg<u32>(at, 2) != 0) atomic.wait<i32>(at, 2, SLEEP_NANOSECONDS);
}

export function unlock(cell: usize): void {
  if (atomic.xchg<u32>(cell + CELL_LOCK, 0) == 2) atomic.notify(cell + CELL_LOCK, 1);
}
