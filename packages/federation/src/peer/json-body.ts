import { fromUtf8 } from '@basalt/protocol';
import { PeerError, type PeerErrorCode } from './errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** One JSON object out of bytes. @throws PeerError `bad-request` or the given code */
export function jsonObject(bytes: Uint8Array, code: PeerErrorCode = 'bad-request'): JsonObject {
  try {
    return asObject(JSON.parse(fromUtf8(bytes)), code);
  } catch (error) {
    if (error instanceof PeerError) throw error;
    throw new PeerError(code, 'expected a JSON object in UTF-8', {}, { cause: error });
  }
}

export function asObject(value: unknown, code: PeerErrorCode = 'bad-request'): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw new PeerError(code, 'expected a JSON object');
}

export function textMember(
  object: JsonObject,
  name: string,
  charactersMax: number,
  code: PeerErrorCode = 'bad-request',
): string {
  const value = object[name];
  if (typeof value === 'string' && value.length <= charactersMax) return value;
  throw new PeerError(code, `expected ${name}: a text of at most ${charactersMax} characters`);
}

export function countMember(
  object: JsonObject,
  name: string,
  code: PeerErrorCode = 'bad-request',
): number {
  const value = object[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new PeerError(code, `expected ${name}: a count below 2^53`);
}

/** Bytes in lower-case hex. */
export function hexMember(
  object: JsonObject,
  name: string,
  bytes: number,
  code: PeerErrorCode = 'bad-request',
): string {
  const value = object[name];
  if (typeof value === 'string' && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value)) {
    return value;
  }
  throw new PeerError(code, `expected ${name}: ${2 * bytes} hex digits`);
}

export function arrayMember(
  object: JsonObject,
  name: string,
  itemsMax: number,
  code: PeerErrorCode = 'bad-request',
): readonly unknown[] {
  const value = object[name];
  if (Array.isArray(value) && value.length <= itemsMax) return value;
  throw new PeerError(code, `expected ${name}: at most ${itemsMax} items`);
}
