import { ProtocolError } from '@basalt/protocol';
import { DAYS_MAX, RULE_VALUES_MAX, RULES_MAX } from './limits.ts';

/**
 * Which payloads a node lets go. Headers, signatures, trees and proofs stay under every policy, and
 * nothing goes that no published checkpoint covers.
 */
export type RetentionPolicy =
  /** Everything stays. */
  | { readonly mode: 'none' }
  /** What lies before the newest checkpoint payload (0x00FF) in the chain itself may go. */
  | { readonly mode: 'after-checkpoint' }
  /** The last `blocks` payloads and those of the last `days` stay; at least one is given. */
  | { readonly mode: 'keep-recent'; readonly blocks?: number; readonly days?: number }
  /** Every covered payload may go. */
  | { readonly mode: 'keep-headers' }
  /** The first rule that fits a block decides. */
  | {
      readonly mode: 'selective';
      readonly rules: readonly RetentionRule[];
      readonly otherwise: RetentionAction;
    };

export type RetentionAction = 'keep' | 'prune';

/** Fits a block when all that it names fits; a rule that names nothing fits every block. */
export interface RetentionRule {
  readonly action: RetentionAction;
  /** Ids or labels. */
  readonly namespaces?: readonly string[];
  /** Ranges, both ends included. */
  readonly payloadTypes?: readonly (readonly [from: number, to: number])[];
  /** Payload bytes, both ends included. */
  readonly bytesMin?: number;
  readonly bytesMax?: number;
  /** By the block's own timestamp. */
  readonly olderThanDays?: number;
}

const MODES = ['none', 'after-checkpoint', 'keep-recent', 'keep-headers', 'selective'] as const;
const RULE_FIELDS = [
  'action',
  'namespaces',
  'payloadTypes',
  'bytesMin',
  'bytesMax',
  'olderThanDays',
];

/**
 * A policy in one word: `none`, `after-checkpoint`, `keep-headers`, `keep-recent:10000` (blocks),
 * `keep-recent:30d` (days). Undefined: it is none of these.
 */
export function parsePolicyWord(word: string): RetentionPolicy | undefined {
  if (word === 'none' || word === 'after-checkpoint' || word === 'keep-headers') {
    return { mode: word };
  }
  const recent = /^keep-recent:(\d{1,15})(d?)$/.exec(word);
  if (recent === null) return undefined;
  const count = Number(recent[1]);
  const fields = recent[2] === 'd' ? { days: count } : { blocks: count };
  return readPolicy({ mode: 'keep-recent', ...fields });
}

/**
 * A policy file: JSON with the fields of {@link RetentionPolicy}; payload types are numbers or
 * texts like `0x0100` and `0x0100-0x01ff`. A field that is not known is refused: a misspelt rule
 * must not delete what it was to keep.
 *
 * @throws ProtocolError `malformed`
 */
export function parsePolicyFile(text: string): RetentionPolicy {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError('malformed', 'a retention policy is JSON');
  }
  return readPolicy(value);
}

function readPolicy(value: unknown): RetentionPolicy {
  const object = asObject(value, 'a retention policy');
  const mode = MODES.find((each) => each === object['mode']);
  if (mode === undefined) throw malformed(`a retention policy has a mode: ${MODES.join(', ')}`);
  if (mode === 'keep-recent') {
    onlyFields(object, ['mode', 'blocks', 'days'], mode);
    const blocks = numberOf(object, 'blocks', Number.MAX_SAFE_INTEGER);
    const days = numberOf(object, 'days', DAYS_MAX);
    if (blocks === undefined && days === undefined) {
      throw malformed('keep-recent names blocks, days or both');
    }
    return {
      mode,
      ...(blocks === undefined ? {} : { blocks }),
      ...(days === undefined ? {} : { days }),
    };
  }
  if (mode !== 'selective') {
    onlyFields(object, ['mode'], mode);
    return { mode };
  }
  onlyFields(object, ['mode', 'rules', 'otherwise'], mode);
  const rules = object['rules'];
  if (!Array.isArray(rules) || rules.length > RULES_MAX) {
    throw malformed(`selective has a list of at most ${RULES_MAX} rules`);
  }
  const otherwise = actionOf(object['otherwise'] ?? 'keep');
  return { mode, rules: rules.map(readRule), otherwise };
}

function readRule(value: unknown): RetentionRule {
  const object = asObject(value, 'a rule');
  onlyFields(object, RULE_FIELDS, 'a rule');
  const namespaces = listOf(object, 'namespaces');
  if (namespaces?.some((each) => typeof each !== 'string') === true) {
    throw malformed('namespaces are ids or labels');
  }
  const types = listOf(object, 'payloadTypes')?.map(readTypes);
  const bytesMin = numberOf(object, 'bytesMin', Number.MAX_SAFE_INTEGER);
  const bytesMax = numberOf(object, 'bytesMax', Number.MAX_SAFE_INTEGER);
  const olderThanDays = numberOf(object, 'olderThanDays', DAYS_MAX);
  return {
    action: actionOf(object['action']),
    ...(namespaces === undefined ? {} : { namespaces: namespaces as string[] }),
    ...(types === undefined ? {} : { payloadTypes: types }),
    ...(bytesMin === undefined ? {} : { bytesMin }),
    ...(bytesMax === undefined ? {} : { bytesMax }),
    ...(olderThanDays === undefined ? {} : { olderThanDays }),
  };
}

function readTypes(value: unknown): readonly [number, number] {
  const text = typeof value === 'number' ? String(value) : value;
  const found = typeof text === 'string' ? TYPES.exec(text) : null;
  const from = Number(found?.[1]);
  const to = Number(found?.[2] ?? found?.[1]);
  if (found === null || from > to || to > 0xffff_ffff) {
    throw malformed('payload types are numbers or texts like 0x0100 and 0x0100-0x01ff');
  }
  return [from, to];
}

const TYPES = /^(0x[0-9a-f]{1,8}|\d{1,10})(?:-(0x[0-9a-f]{1,8}|\d{1,10}))?$/i;

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw malformed(`${what} is a JSON object`);
}

function onlyFields(object: object, known: readonly string[], what: string): void {
  const other = Object.keys(object).find((name) => !known.includes(name));
  if (other === undefined) return;
  throw malformed(`${what} has no field ${JSON.stringify(other)}, only ${known.join(', ')}`);
}

function numberOf(object: Record<string, unknown>, name: string, max: number): number | undefined {
  const value = object[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) {
    return value;
  }
  throw malformed(`${name} is a whole number from 0 to ${max}`);
}

function listOf(object: Record<string, unknown>, name: string): unknown[] | undefined {
  const value = object[name];
  if (value === undefined) return undefined;
  // An empty list would fit no block; whoever wrote it meant something else.
  if (Array.isArray(value) && value.length > 0 && value.length <= RULE_VALUES_MAX) return value;
  throw malformed(`${name} is a list of 1 to ${RULE_VALUES_MAX}`);
}

function actionOf(value: unknown): RetentionAction {
  if (value === 'keep' || value === 'prune') return value;
  throw malformed('an action is keep or prune');
}

function malformed(message: string): ProtocolError {
  return new ProtocolError('malformed', message);
}
