import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

/** A parameter in the JSON ABI. */
export interface AbiType {
  readonly type: string;
  readonly name?: string;
  readonly components?: readonly AbiType[];
}

/**
 * Values of a call as they stand on a command line: numbers in decimal or hex, true and false,
 * addresses and bytes in hex, text as it is; lists and tuples as JSON.
 *
 * @throws CliError `usage` naming the argument
 */
export function readArguments(
  types: readonly AbiType[],
  texts: readonly string[],
  name: string,
): unknown[] {
  if (types.length !== texts.length) {
    const expected = types.map(({ type }) => type).join(', ');
    throw bad(`${name} takes ${types.length} arguments (${expected}), ${texts.length} were given`);
  }
  return types.map((type, at) => readValue(type, texts[at] ?? '', `argument ${at + 1}`));
}

function readValue(type: AbiType, value: unknown, place: string): unknown {
  const list = /^(.*)\[(\d*)\]$/.exec(type.type);
  if (list !== null) return readList({ ...type, type: list[1] ?? '' }, list[2], value, place);
  if (type.type === 'tuple') return readTuple(type, value, place);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/^u?int/.test(type.type)) {
    if (!/^-?(?:\d+|0x[0-9a-f]+)$/i.test(text)) throw bad(`${place}: "${text}" is no integer`);
    return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
  }
  if (type.type === 'bool') {
    if (text !== 'true' && text !== 'false') throw bad(`${place}: expected true or false`);
    return text === 'true';
  }
  if (type.type === 'address') {
    if (!/^0x[0-9a-f]{40}$/i.test(text)) throw bad(`${place}: "${text}" is no address`);
    return text.toLowerCase();
  }
  if (type.type.startsWith('bytes')) {
    if (!/^0x(?:[0-9a-f]{2})*$/i.test(text)) throw bad(`${place}: "${text}" is no hex with 0x`);
    return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
  }
  return typeof value === 'string' ? value : text;
}

function readList(
  type: AbiType,
  length: string | undefined,
  value: unknown,
  place: string,
): unknown[] {
  const items = asJson(value, place);
  if (!Array.isArray(items)) throw bad(`${place}: expected a list as JSON, e.g. [1,2]`);
  if (length !== undefined && length !== '' && items.length !== Number(length)) {
    throw bad(`${place}: expected ${length} items, found ${items.length}`);
  }
  return items.map((item, at) => readValue(type, item, `${place}, item ${at + 1}`));
}

function readTuple({ components = [] }: AbiType, value: unknown, place: string): unknown {
  const fields = asJson(value, place);
  const isNamed = components.every(({ name }) => (name ?? '') !== '');
  const read = components.map((component, at) => {
    const field = Array.isArray(fields)
      ? fields[at]
      : (fields as Record<string, unknown>)[component.name ?? ''];
    if (field === undefined) throw bad(`${place}: ${component.name ?? at + 1} is missing`);
    return readValue(component, field, `${place}, ${component.name ?? at + 1}`);
  });
  if (!isNamed) return read;
  return Object.fromEntries(components.map(({ name = '' }, at) => [name, read[at]]));
}

function asJson(value: unknown, place: string): unknown {
  if (typeof value !== 'string') return value;
  try {
    const parsed: unknown = JSON.parse(value, exactNumbers);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // The message below says what is expected.
  }
  throw bad(`${place}: expected JSON, e.g. [1,2] or {"to":"0x…","amount":1}`);
}

/** Numbers stay text: a double has 53 bits, an argument up to 256. */
function exactNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

function bad(message: string): CliError {
  return new CliError(EXIT.usage, 'usage', message, 'the call’s --help has examples');
}
