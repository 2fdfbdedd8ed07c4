/** Structured data as wallets sign it (EIP-712). */
import { keccak256 } from '@basalt/evm';
import { invalidParams } from '../errors.ts';
import { address, bytes, type Decoder, fields, list, text } from './decode.ts';
import { toWord } from './hex.ts';

interface Member {
  readonly name: string;
  readonly type: string;
}

type Types = Readonly<Record<string, readonly Member[]>>;

export interface TypedData {
  readonly types: Types;
  readonly primaryType: string;
  readonly domain: Readonly<Record<string, unknown>>;
  readonly message: Readonly<Record<string, unknown>>;
}

/** Bounds of what a stranger may have us hash. */
const MEMBERS_MAX = 256;
const TYPES_MAX = 256;
const DEPTH_MAX = 16;
const ITEMS_MAX = 10_000;

const member: Decoder<Member> = (value, at) => {
  const record = fields(value, at);
  return { name: text(record['name'], `${at}.name`), type: text(record['type'], `${at}.type`) };
};

/** As an object, or as its JSON in a text, which many wallets send. */
export const typedData: Decoder<TypedData> = (value, at) => {
  const record = fields(typeof value === 'string' ? parse(value, at) : value, at);
  const named = Object.entries(fields(record['types'], `${at}.types`));
  if (named.length > TYPES_MAX) throw invalidParams(`invalid ${at}: too many types`);
  const types = Object.fromEntries(
    named.map(([name, members]) => [
      name,
      list(member, MEMBERS_MAX)(members, `${at}.types.${name}`),
    ]),
  );
  return {
    types,
    primaryType: text(record['primaryType'], `${at}.primaryType`),
    domain: fields(record['domain'], `${at}.domain`),
    message: fields(record['message'], `${at}.message`),
  };
};

function parse(value: string, at: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw invalidParams(`invalid ${at}: expected typed data as an object or its JSON`);
  }
}

/** What is signed, 32 bytes. */
export function typedDataHash(data: TypedData): Uint8Array {
  const domainTypes = data.types['EIP712Domain'] ?? defaultDomain(data.domain);
  const types = { ...data.types, EIP712Domain: domainTypes };
  const budget = { items: 0 };
  const parts = [
    Uint8Array.of(0x19, 0x01),
    hashStruct(types, 'EIP712Domain', data.domain, 0, budget),
  ];
  if (data.primaryType !== 'EIP712Domain') {
    parts.push(hashStruct(types, data.primaryType, data.message, 0, budget));
  }
  return keccak256(Buffer.concat(parts));
}

/** Members of the domain in the order of the specification, those that are there. */
function defaultDomain(domain: Readonly<Record<string, unknown>>): Member[] {
  const known: readonly Member[] = [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'verifyingContract', type: 'address' },
    { name: 'salt', type: 'bytes32' },
  ];
  return known.filter(({ name }) => domain[name] !== undefined);
}

interface Budget {
  items: number;
}

function hashStruct(
  types: Types,
  name: string,
  value: unknown,
  depth: number,
  budget: Budget,
): Uint8Array {
  const members = membersOf(types, name);
  const record = fields(value, name);
  const parts = [keccak256(new TextEncoder().encode(encodeType(types, name)))];
  for (const each of members) {
    const at = `${name}.${each.name}`;
    parts.push(encodeValue(types, each.type, record[each.name], at, depth, budget));
  }
  return keccak256(Buffer.concat(parts));
}

function membersOf(types: Types, name: string): readonly Member[] {
  const members = Object.hasOwn(types, name) ? types[name] : undefined;
  if (members === undefined) throw invalidParams(`there is no type ${name}`);
  return members;
}

/** The type with all that it refers to, those in order of their names. */
function encodeType(types: Types, name: string): string {
  const found = new Set<string>([name]);
  for (const each of found) {
    for (const { type } of membersOf(types, each)) {
      const base = type.replace(/(?:\[\d*\])+$/, '');
      if (Object.hasOwn(types, base)) found.add(base);
    }
  }
  found.delete(name);
  return [name, ...[...found].sort()]
    .map((each) => {
      const members = membersOf(types, each).map((one) => `${one.type} ${one.name}`);
      return `${each}(${members.join(',')})`;
    })
    .join('');
}

function encodeValue(
  types: Types,
  type: string,
  value: unknown,
  at: string,
  depth: number,
  budget: Budget,
): Uint8Array {
  if (depth > DEPTH_MAX || ++budget.items > ITEMS_MAX) {
    throw invalidParams(`invalid ${at}: the data is too large or too deep`);
  }
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array !== null) {
    const items = list((each) => each, ITEMS_MAX)(value, at);
    const [, inner = '', length = ''] = array;
    if (length !== '' && items.length !== Number(length)) {
      throw invalidParams(`invalid ${at}: expected ${length} items, found ${items.length}`);
    }
    const parts = items.map((each, index) =>
      encodeValue(types, inner, each, `${at}[${index}]`, depth + 1, budget),
    );
    return keccak256(Buffer.concat(parts));
  }
  if (Object.hasOwn(types, type)) {
    // A reference that is left out counts as zero (the specification's recursive types).
    if (value === undefined || value === null) return new Uint8Array(32);
    return hashStruct(types, type, value, depth + 1, budget);
  }
  return encodeAtom(type, value, at);
}

function encodeAtom(type: string, value: unknown, at: string): Uint8Array {
  if (type === 'string') return keccak256(new TextEncoder().encode(text(value, at)));
  if (type === 'bytes') return keccak256(bytes(value, at));
  if (type === 'bool') return toWord(value === true || value === 'true' ? 1n : 0n);
  if (type === 'address') {
    const word = new Uint8Array(32);
    word.set(address(value, at), 12);
    return word;
  }
  const integer = /^(u?)int(\d*)$/.exec(type);
  if (integer !== null) return toWord(integerOf(value, at));
  const fixed = /^bytes(\d+)$/.exec(type);
  if (fixed === null) throw invalidParams(`invalid ${at}: there is no type ${type}`);
  const word = new Uint8Array(32);
  const given = bytes(value, at);
  if (given.length > 32) throw invalidParams(`invalid ${at}: expected at most 32 bytes`);
  word.set(given);
  return word;
}

function integerOf(value: unknown, at: string): bigint {
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value);
  const isText = typeof value === 'string' && /^(?:-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value);
  if (!isNumber && !isText) throw invalidParams(`invalid ${at}: expected an integer`);
  return BigInt(value);
}
