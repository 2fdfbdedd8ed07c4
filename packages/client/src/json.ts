import { fromBase64, fromHex, type Hash32, PROOF_HASHES_MAX } from '@basalt/protocol';
import { type ClientError, refusal } from './errors.ts';

/** Readers for JSON answers: what is not of the expected form is refused, nothing is guessed. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws ClientError `bad-response` */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw refusal('bad-response', 'expected an answer in JSON');
  }
}

export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongForm(what, 'an object');
  }
  return value as JsonObject;
}

export function asArray(value: unknown, what: string, itemsMax: number): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongForm(what, 'a list');
  if (value.length > itemsMax) throw wrongForm(what, `at most ${itemsMax} items`);
  return value;
}

export function textField(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw wrongForm(name, 'text');
  return value;
}

/** A count, index or size: an integer in 0 .. 2^53 - 1. */
export function countField(object: JsonObject, name: string): number {
  const value = object[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw wrongForm(name, 'an integer from 0');
  }
  return value;
}

/** Milliseconds since the Unix epoch; may lie before it. */
export function timeField(object: JsonObject, name: string): number {
  const value = object[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw wrongForm(name, 'an integer');
  }
  return value;
}

export function hashField(object: JsonObject, name: string): Hash32 {
  return asHash(object[name], name);
}

export function hashListField(object: JsonObject, name: string): Hash32[] {
  // A consistency proof may have one hash more than an inclusion proof in the same tree.
  return asArray(object[name], name, PROOF_HASHES_MAX + 1).map((item) => asHash(item, name));
}

export function base64Field(object: JsonObject, name: string): Uint8Array {
  try {
    return fromBase64(textField(object, name));
  } catch {
    throw wrongForm(name, 'base64');
  }
}

function asHash(value: unknown, what: string): Hash32 {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) {
    throw wrongForm(what, '64 hexadecimal digits in lower case');
  }
  return fromHex(value) as Hash32;
}

function wrongForm(what: string, expected: string): ClientError {
  return refusal('bad-response', `expected ${what} of the answer to be ${expected}`, {
    field: what,
  });
}
