import { createExaminer, type FetchFunction } from '@basalt/client';
import type { Clock, Random, Scheduler } from '@basalt/protocol';
import type { EventSource } from './follow-events.ts';

/** Event streams as the client package reads them, over `fetch`. */
export function createClientEvents(parts: {
  readonly fetch: FetchFunction;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
}): EventSource {
  return (url, signal) => createExaminer({ ...parts, url }).events({ signal });
}
