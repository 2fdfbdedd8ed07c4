import { equalBytes, formatVerifierKey, NOTE_KEY_TYPE, type NoteKey } from '@basalt/protocol';
import { WitnessError } from './errors.ts';
import { BURSTS_PER_DAY, LOGS_MAX } from './limits.ts';
import type { WitnessedLog } from './log-list.ts';

const DAY_MS = 86_400_000;

/** A log with what is left of its budget. */
export interface KnownLog extends WitnessedLog {
  /** Requests granted; refilled as time goes by. Undefined where there is no bound. */
  budget: Budget | undefined;
}

interface Budget {
  left: number;
  readonly max: number;
  readonly msPerRequest: number;
  atMs: number;
}

/**
 * The logs of a configuration by origin.
 *
 * @throws WitnessError `invalid-config` for an origin twice, a log without a key or with one that
 *   logs do not sign with, or one that is the witness's own
 */
export function knownLogs(
  logs: readonly WitnessedLog[],
  ownKeys: readonly NoteKey[],
): Map<string, KnownLog> {
  if (logs.length > LOGS_MAX) refuse(`expected at most ${LOGS_MAX} logs`, '');
  const known = new Map<string, KnownLog>();
  for (const log of logs) {
    if (known.has(log.origin)) refuse('expected every log once', log.origin);
    if (log.keys.length === 0) refuse('expected a key of the log', log.origin);
    for (const key of log.keys) checkKey(log.origin, key, ownKeys);
    known.set(log.origin, { ...log, budget: budgetOf(log.requestsPerDay) });
  }
  return known;
}

/**
 * Takes one request from a log's budget.
 *
 * @returns milliseconds until there is one again; 0 when it was granted
 */
export function takeRequest(log: KnownLog, nowMs: number): number {
  const { budget } = log;
  if (budget === undefined) return 0;
  // A clock that went back gives nothing and takes nothing.
  const elapsedMs = Math.max(0, nowMs - budget.atMs);
  budget.left = Math.min(budget.max, budget.left + elapsedMs / budget.msPerRequest);
  budget.atMs = nowMs;
  if (budget.left < 1) return Math.ceil((1 - budget.left) * budget.msPerRequest);
  budget.left -= 1;
  return 0;
}

function budgetOf(requestsPerDay: number | undefined): Budget | undefined {
  if (requestsPerDay === undefined) return undefined;
  const max = Math.max(2, Math.ceil(requestsPerDay / BURSTS_PER_DAY));
  return { left: max, max, msPerRequest: DAY_MS / requestsPerDay, atMs: 0 };
}

function checkKey(origin: string, key: NoteKey, ownKeys: readonly NoteKey[]): void {
  if (key.type === NOTE_KEY_TYPE.cosignatureEd25519) {
    refuse('expected a key that logs sign with, type 1 or 6', origin);
  }
  if (ownKeys.some((own) => equalBytes(own.publicKey, key.publicKey))) {
    refuse(`a witness cannot vouch for itself: ${formatVerifierKey(key)} is its own`, origin);
  }
}

function refuse(message: string, origin: string): never {
  throw new WitnessError('invalid-config', message, { origin });
}
