import {
  EMPTY_ROOT,
  formatCheckpoint,
  type HashFunction,
  NOTE_KEY_TYPE,
  type NoteKey,
  ProtocolError,
  parseVerifierKey,
} from '@basalt/protocol';
import { WitnessError } from './errors.ts';
import { LOG_LIST_BYTES_MAX, LOGS_MAX } from './limits.ts';

/** A log that a witness cosigns for. */
export interface WitnessedLog {
  /** First line of its checkpoints. */
  readonly origin: string;
  /** Keys of which one must have signed; type 0x01 or 0x06. */
  readonly keys: readonly NoteKey[];
  /** add-checkpoint requests granted in a day; no bound where absent. */
  readonly requestsPerDay?: number;
  /** How to reach the operator, for people. */
  readonly contact?: string;
}

/** One list item while its lines are read; the order of lines is fixed. */
interface Item {
  readonly key: NoteKey;
  origin: string | undefined;
  requestsPerDay: number | undefined;
}

const HEADER = 'logs/v0';

/**
 * Reads a log list (witness-network.org/log-list-format): the line `logs/v0`, then for each log
 * `vkey`, optionally `origin`, `qpd` and `contact`, in this order. Several items of one origin give
 * one log with several keys and the larger budget.
 *
 * @throws WitnessError `invalid-log-list` with the number of the line
 */
export function parseLogList(text: string, hash?: HashFunction): WitnessedLog[] {
  if (text.length > LOG_LIST_BYTES_MAX) refuse('expected a shorter list', 0);
  const logs = new Map<string, WitnessedLog>();
  let item: Item | undefined;
  let hasHeader = false;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const number = i + 1;
    if (!hasHeader) {
      if (line !== HEADER) refuse(`expected ${HEADER} first`, number);
      hasHeader = true;
      continue;
    }
    const space = line.search(/\s/);
    const keyword = space < 0 ? line : line.slice(0, space);
    const value = space < 0 ? '' : line.slice(space).trim();
    if (keyword === 'contact') {
      addLog(logs, item, value, number);
      item = undefined;
    } else {
      item = readLine(item, keyword, value, number, hash);
    }
  }
  if (!hasHeader) refuse(`expected ${HEADER} first`, 0);
  if (item !== undefined) refuse('expected a contact line after the last log', 0);
  return [...logs.values()];
}

function readLine(
  item: Item | undefined,
  keyword: string,
  value: string,
  line: number,
  hash: HashFunction | undefined,
): Item {
  switch (keyword) {
    case 'vkey':
      if (item !== undefined) refuse('expected qpd and contact before the next vkey', line);
      return { key: readKey(value, line, hash), origin: undefined, requestsPerDay: undefined };
    case 'origin':
      if (item?.origin !== undefined || item?.requestsPerDay !== undefined) {
        refuse('expected one origin line, right after vkey', line);
      }
      if (item === undefined) refuse('expected vkey before origin', line);
      item.origin = readOrigin(value, line);
      return item;
    case 'qpd':
      if (item === undefined || item.requestsPerDay !== undefined) {
        refuse('expected one qpd line after vkey', line);
      }
      item.requestsPerDay = readBudget(value, line);
      return item;
    default:
      return refuse('expected vkey, origin, qpd or contact', line);
  }
}

function addLog(
  logs: Map<string, WitnessedLog>,
  item: Item | undefined,
  contact: string,
  line: number,
): void {
  if (item?.requestsPerDay === undefined) refuse('expected vkey and qpd before contact', line);
  const { key, requestsPerDay } = item;
  const origin = item.origin ?? key.name;
  const known = logs.get(origin);
  if (known?.keys.some(({ name, id }) => name === key.name && id === key.id) === true) {
    refuse('expected every key of an origin once', line);
  }
  logs.set(origin, {
    origin,
    keys: [...(known?.keys ?? []), key],
    requestsPerDay: Math.max(known?.requestsPerDay ?? 0, requestsPerDay),
    contact,
  });
  if (logs.size > LOGS_MAX) refuse(`expected at most ${LOGS_MAX} logs`, line);
}

function readKey(value: string, line: number, hash: HashFunction | undefined): NoteKey {
  try {
    const key = parseVerifierKey(value, hash);
    if (key.type === NOTE_KEY_TYPE.ed25519) return key;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    refuse(error.message, line);
  }
  return refuse('expected a verifier key of type 1', line);
}

function readOrigin(value: string, line: number): string {
  try {
    formatCheckpoint({ origin: value, size: 0, root: EMPTY_ROOT });
    return value;
  } catch {
    return refuse('expected an origin of one line', line);
  }
}

function readBudget(value: string, line: number): number {
  const budget = /^[1-9][0-9]{0,9}$/.test(value) ? Number(value) : 0;
  if (budget < 1 || budget >= 2 ** 31) refuse('expected a qpd from 1 to 2^31 - 1', line);
  return budget;
}

function refuse(message: string, line: number): never {
  throw new WitnessError('invalid-log-list', line > 0 ? `line ${line}: ${message}` : message, {
    line,
  });
}
