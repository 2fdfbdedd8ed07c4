// Places between two steps where another thread may run. In the built module they are nothing. The
// simulation compiles `preempt-host.ts` in place of this file: there the host runs other workers.

// @ts-ignore: decorator
@inline
export function preempt(place: i32): void {}
