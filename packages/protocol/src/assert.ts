/**
 * A programmer's mistake, not bad input: left on in production.
 * @throws {Error} `assertion failed: …`
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
