/** Milliseconds that only go up; for durations in statistics, never for what a block says. */
export function monotonicMs(): number {
  return performance.now();
}
