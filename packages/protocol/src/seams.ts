/** What a pure core is given from outside, so that a simulator can give it something else. */

/** Milliseconds since the Unix epoch, integer. */
export interface Clock {
  nowMs(): number;
}

/** Random bytes; a simulator gives a seeded stream, a node the operating system's. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** Timers. `after` returns a function that cancels. */
export interface Scheduler {
  after(delayMs: number, run: () => void): () => void;
}
