/**
 * Small decoders of parameters. Each takes what JSON gave and where it stands, and either answers
 * with a value of its type or throws `invalid params` in words: position, expected, found.
 */
import { invalidParams, type RpcError } from '../errors.ts';
import { fromHex, isHexBytes } from './hex.ts';

/** @param at where the value stands, for people: `argument 0.fromBlock` */
export type Decoder<T> = (value: unknown, at: string) => T;

const QUANTITY_DIGITS_MAX = 64;

export function refuse(at: string, expected: string, value: unknown): RpcError {
  return invalidParams(`invalid ${at}: expected ${expected}, found ${describe(value)}`);
}

/** What was found, short enough for a message. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value !== 'string') return `${typeof value} ${JSON.stringify(value)}`.slice(0, 60);
  return value.length > 80
    ? `a text of ${value.length} characters`
    : `${JSON.stringify(value)} (${value.length} characters)`;
}

/** Absent and null are the fallback. */
export function optional<T, F>(decoder: Decoder<T>, fallback: F): Decoder<T | F> {
  return (value, at) => (value === undefined || value === null ? fallback : decoder(value, at));
}

export const anything: Decoder<unknown> = (value) => value;

export const boolean: Decoder<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw refuse(at, 'true or false', value);
  return value;
};

export const text: Decoder<string> = (value, at) => {
  if (typeof value !== 'string') throw refuse(at, 'a text', value);
  return value;
};

/** A whole number from JSON, not below 0. */
export const count: Decoder<number> = (value, at) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw refuse(at, 'a whole number', value);
  }
  return value;
};

export const finite: Decoder<number> = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse(at, 'a number', value);
  return value;
};

/** `0x` and digits without leading zeros, at most 256 bits. */
export function quantity(bits: 64 | 256 = 256): Decoder<bigint> {
  return (value, at) => {
    if (typeof value !== 'string') throw refuse(at, 'a hexadecimal quantity', value);
    if (!value.startsWith('0x')) throw refuse(at, 'a quantity that begins with 0x', value);
    if (!/^0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)$/.test(value)) {
      throw refuse(at, 'a hexadecimal quantity without leading zeros', value);
    }
    if (value.length - 2 > QUANTITY_DIGITS_MAX) throw refuse(at, `at most ${bits} bits`, value);
    const number = BigInt(value);
    if (number >> BigInt(bits) !== 0n) throw refuse(at, `at most ${bits} bits`, value);
    return number;
  };
}

/** As {@link quantity}, with what tools send as well: numbers, decimal texts, leading zeros. */
export function looseQuantity(bits: 64 | 256 = 256): Decoder<bigint> {
  return (value, at) => {
    const expected = `a number of at most ${bits} bits`;
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || value < 0) throw refuse(at, expected, value);
      return BigInt(value);
    }
    if (typeof value !== 'string' || value.length > 80) throw refuse(at, expected, value);
    if (!/^(?:0[xX][0-9a-fA-F]+|[0-9]+)$/.test(value)) throw refuse(at, expected, value);
    const number = BigInt(value);
    if (number >> BigInt(bits) !== 0n) throw refuse(at, expected, value);
    return number;
  };
}

/** Like {@link looseQuantity}, small enough to count with. */
export function looseCount(max: number): Decoder<number> {
  return (value, at) => {
    const number = looseQuantity()(value, at);
    if (number > BigInt(max)) throw refuse(at, `at most ${max}`, value);
    return Number(number);
  };
}

/** Any number of whole bytes. */
export const bytes: Decoder<Uint8Array> = (value, at) => {
  if (typeof value !== 'string') throw refuse(at, 'bytes in hexadecimal', value);
  if (!isHexBytes(value)) throw refuse(at, 'bytes in hexadecimal that begin with 0x', value);
  return fromHex(value);
};

/** Exactly so many bytes; `goType` is what geth names in its message for a missing prefix. */
function fixedBytes(length: number, goType: string): Decoder<Uint8Array> {
  return (value, at) => {
    const expected = `${length} bytes in hexadecimal`;
    if (typeof value !== 'string') throw refuse(at, expected, value);
    if (!/^0[xX]/.test(value)) {
      const what = 'cannot unmarshal hex string without 0x prefix into Go value of type';
      throw invalidParams(`invalid ${at}: json: ${what} ${goType}`);
    }
    if (value.length !== 2 + 2 * length || !isHexBytes(value)) throw refuse(at, expected, value);
    return fromHex(value);
  };
}

export const address: Decoder<Uint8Array> = fixedBytes(20, 'common.Address');
export const hash: Decoder<Uint8Array> = fixedBytes(32, 'common.Hash');

/** A word of at most 32 bytes, padded on the left, as tools write slots and values. */
export const looseWord: Decoder<Uint8Array> = (value, at) => {
  const expected = 'a word of at most 32 bytes in hexadecimal';
  if (typeof value !== 'string') throw refuse(at, expected, value);
  if (value.length > 66 || !/^0[xX][0-9a-fA-F]*$/.test(value)) throw refuse(at, expected, value);
  return fromHex(`0x${value.slice(2).padStart(64, '0')}`);
};

/** A storage key, with geth's words for what is too long. */
export const storageKey: Decoder<Uint8Array> = (value, at) => {
  if (typeof value === 'string' && value.length > 66) {
    const shown = value.length > 200 ? `${value.slice(0, 200)}...` : value;
    throw invalidParams(`storage key too long (want at most 32 bytes): ${JSON.stringify(shown)}`);
  }
  return looseWord(value, at);
};

export function list<T>(item: Decoder<T>, max: number): Decoder<T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw refuse(at, 'a list', value);
    if (value.length > max) throw refuse(at, `at most ${max} items`, value);
    return value.map((each, index) => item(each, `${at}[${index}]`));
  };
}

/** A plain object's own fields; decoders of fields read from it. */
export const fields: Decoder<Readonly<Record<string, unknown>>> = (value, at) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(at, 'an object', value);
  }
  return value as Record<string, unknown>;
};

/** The named field by its decoder; absent and null give undefined. */
export function field<T>(
  record: Readonly<Record<string, unknown>>,
  name: string,
  decoder: Decoder<T>,
  at: string,
): T | undefined {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return value === undefined || value === null ? undefined : decoder(value, `${at}.${name}`);
}

/** The fields of an object whose names are data themselves. */
export function entries<K, T>(key: Decoder<K>, item: Decoder<T>, max: number): Decoder<[K, T][]> {
  return (value, at) => {
    const pairs = Object.entries(fields(value, at));
    if (pairs.length > max) throw refuse(at, `at most ${max} entries`, pairs);
    return pairs.map(([name, each]) => [key(name, `${at} key`), item(each, `${at}[${name}]`)]);
  };
}

/** One of several words. */
export function oneOf<const T extends string>(...words: readonly T[]): Decoder<T> {
  return (value, at) => {
    const found = words.find((word) => word === value);
    if (found === undefined) throw refuse(at, `one of ${words.join(', ')}`, value);
    return found;
  };
}
