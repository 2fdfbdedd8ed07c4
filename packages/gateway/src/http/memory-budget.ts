import type { ServerResponse } from 'node:http';
import { GatewayError } from '../errors.ts';
import { LARGE_ANSWER_BYTES_MIN } from '../limits.ts';

/** Bytes that may be held at once by everything that shares this budget. */
export class MemoryBudget {
  readonly #bytesMax: number;
  #used = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** Takes `bytes` of the budget, or takes nothing and answers false. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#bytesMax) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/**
 * Counts a large answer until it has been sent or its reader is gone: slow readers of payloads
 * hold them in memory as uploads do.
 *
 * @throws GatewayError `overloaded`
 */
export function holdAnswer(budget: MemoryBudget, response: ServerResponse, bytes: number): void {
  if (bytes < LARGE_ANSWER_BYTES_MIN) return;
  if (!budget.take(bytes)) {
    throw new GatewayError('overloaded', 'too many large answers at once, try again');
  }
  response.once('close', () => budget.give(bytes));
}
