import type { ServerResponse } from 'node:http';
import type { Clock } from '@basalt/protocol';
import { GatewayError } from '../errors.ts';
import { ANSWER_BYTES_PER_TOKEN, LARGE_ANSWER_BYTES_MIN } from '../limits.ts';
import type { TokenBucket } from './token-bucket.ts';

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

/** What a large answer is counted against. */
export interface AnswerBounds {
  readonly budget: MemoryBudget;
  readonly clock: Clock;
  bucketOf(socket: object): TokenBucket;
}

/**
 * Counts a large answer until it has been sent or its reader is gone: slow readers of payloads
 * hold them in memory as uploads do. Its address owes for the work of making it.
 *
 * @throws GatewayError `overloaded`
 */
export function holdAnswer(bounds: AnswerBounds, response: ServerResponse, bytes: number): void {
  if (bytes < LARGE_ANSWER_BYTES_MIN) return;
  const { budget, clock } = bounds;
  const bucket = bounds.bucketOf(response.req.socket);
  bucket.owe(Math.ceil(bytes / ANSWER_BYTES_PER_TOKEN), clock);
  if (!budget.take(bytes)) {
    throw new GatewayError('overloaded', 'too many large answers at once, try again');
  }
  response.once('close', () => budget.give(bytes));
}
