import { equalBytes } from '@basalt/protocol';
import { bytesToHex } from '@noble/hashes/utils.js';
import { ExecutionError } from '../errors.ts';

type Value = Uint8Array | bigint | number | string | undefined;

/**
 * A block that breaks a rule: the field or part that is wrong, what the rules ask for, what was
 * found. `field` is the name in `BlockHeader`, or a part of the body such as `transactions[3]`.
 */
export function invalidBlock(field: string, expected: Value, found: Value): ExecutionError {
  const details = { field, expected: show(expected), found: show(found) };
  const message = `${field}: expected ${details.expected}, found ${details.found}`;
  return new ExecutionError('invalid-block', message, details);
}

/** Throws unless both are the same number or text, or the same bytes. */
export function checkEqual(field: string, expected: Value, found: Value): void {
  if (expected instanceof Uint8Array && found instanceof Uint8Array) {
    if (equalBytes(expected, found)) return;
  } else if (expected === found) return;
  throw invalidBlock(field, expected, found);
}

function show(value: Value): string {
  if (value === undefined) return 'nothing';
  return value instanceof Uint8Array ? `0x${bytesToHex(value)}` : String(value);
}
