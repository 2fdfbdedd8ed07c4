import { hexToBytes } from '@noble/hashes/utils.js';
import { ExecutionError } from '../errors.ts';

/** A JSON object whose values nobody looked at yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function refuseGenesis(place: string, message: string): ExecutionError {
  return new ExecutionError('invalid-genesis', `genesis: ${place}: ${message}`, { place });
}

export function readFields(value: unknown, place: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuseGenesis(place, 'expected an object');
  }
  return value as Fields;
}

/** A non-negative integer, as a number, in decimal or with 0x; undefined where absent or null. */
export function readQuantity(fields: Fields, key: string, place: string): bigint | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  return toQuantity(value, `${place}.${key}`);
}

export function toQuantity(value: unknown, place: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === 'bigint' && value >= 0n) return value;
  if (typeof value === 'string') {
    if (value === '0x') return 0n;
    if (/^(0x[0-9a-fA-F]{1,64}|[0-9]{1,78})$/.test(value)) return BigInt(value);
  }
  throw refuseGenesis(place, `expected an amount, found ${describe(value)}`);
}

/** Bytes in hex, with or without 0x, of any length. */
export function readBytes(value: unknown, place: string): Uint8Array {
  if (typeof value === 'string') {
    const digits = value.startsWith('0x') ? value.slice(2) : value;
    if (digits.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(digits)) return hexToBytes(digits);
  }
  throw refuseGenesis(place, `expected bytes in hex, found ${describe(value)}`);
}

export function readAddress(value: unknown, place: string): Uint8Array {
  const bytes = readBytes(value, place);
  if (bytes.length !== 20)
    throw refuseGenesis(place, `an address has 20 bytes, not ${bytes.length}`);
  return bytes;
}

/** Big-endian in `length` bytes; shorter values get zeros in front. */
export function readWord(value: unknown, length: number, place: string): Uint8Array {
  const digits = typeof value === 'string' && value.startsWith('0x') ? value.slice(2) : value;
  if (typeof digits === 'string' && digits.length <= length * 2 && /^[0-9a-fA-F]*$/.test(digits)) {
    return hexToBytes(digits.padStart(length * 2, '0'));
  }
  throw refuseGenesis(place, `expected at most ${length} bytes in hex, found ${describe(value)}`);
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
