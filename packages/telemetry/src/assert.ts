/** A programmer's mistake (a wrong metric name, a missing label) stops here, also in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TypeError(message);
}
