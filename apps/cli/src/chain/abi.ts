import { createContract, deployContract, parseAbiItem } from 'micro-eth-signer/abi.js';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type AbiType, readArguments } from './abi-arguments.ts';

/** An entry of the JSON ABI that compilers write. */
export interface AbiItem {
  readonly type: string;
  readonly name?: string;
  readonly inputs?: readonly AbiType[];
  readonly outputs?: readonly AbiType[];
}

export interface EncodedCall {
  /** Hex with 0x. */
  readonly data: string;
  readonly returnsValues: boolean;
  /** Returned values for JSON, integers as decimal text; undefined where no types are known. */
  decode(returned: string): unknown;
}

/**
 * A call by signature, "transfer(address,uint256)" or "balanceOf(address) returns (uint256)", with
 * its arguments as text.
 *
 * @throws CliError `usage`
 */
export function encodeCall(signature: string, texts: readonly string[]): EncodedCall {
  const text = signature.trim().replace(/^function\s+/, '');
  const item = asUsage(signature, () => parseAbiItem(`function ${text}`)) as AbiItem;
  const inputs = item.inputs ?? [];
  const values = readArguments(inputs, texts, item.name ?? '');
  const contract = createContract([item] as unknown as Parameters<typeof createContract>[0]);
  const method = (contract as Record<string, Method>)[item.name ?? ''];
  if (method === undefined) throw usage(`"${signature}" is not the signature of a function`);
  const bytes = asUsage(signature, () => method.encodeInput(...asCall(inputs, values)));
  return {
    data: toHex(bytes),
    returnsValues: (item.outputs ?? []).length > 0,
    decode(returned) {
      if ((item.outputs ?? []).length === 0) return undefined;
      return asUsage(signature, () => toJson(method.decodeOutput(fromHex(returned))));
    },
  };
}

/**
 * Init code with the constructor's arguments behind it.
 *
 * @throws CliError `usage`
 */
export function encodeDeployment(
  bytecode: string,
  constructor: AbiItem | undefined,
  texts: readonly string[],
): string {
  const inputs = constructor?.inputs ?? [];
  const values = readArguments(inputs, texts, 'the constructor');
  if (constructor === undefined || inputs.length === 0) return bytecode;
  const abi = [constructor] as unknown as Parameters<typeof deployContract>[0];
  const encode = (): string => deployContract(abi, bytecode, ...asConstructor(inputs, values));
  return asUsage('the constructor', encode);
}

/** "constructor(uint256,string)" or "(uint256,string)". */
export function parseConstructor(text: string): AbiItem {
  const inner = text.trim().replace(/^constructor\s*/, '');
  return asUsage(text, () => parseAbiItem(`constructor${inner}`)) as AbiItem;
}

interface Method {
  encodeInput(...values: readonly unknown[]): Uint8Array;
  decodeOutput(bytes: Uint8Array): unknown;
}

/** The library takes one argument as it is, several as a list, or by name where all have one. */
function asCall(inputs: readonly AbiType[], values: readonly unknown[]): readonly unknown[] {
  if (inputs.length === 0) return [];
  return [shape(inputs, values)];
}

function asConstructor(inputs: readonly AbiType[], values: readonly unknown[]): [unknown] {
  return [shape(inputs, values)];
}

function shape(inputs: readonly AbiType[], values: readonly unknown[]): unknown {
  if (inputs.length === 1) return values[0];
  if (!inputs.every(({ name }) => (name ?? '') !== '')) return values;
  return Object.fromEntries(inputs.map(({ name = '' }, at) => [name, values[at]]));
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toJson(each)]));
}

function asUsage<Result>(what: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usage(`${what}: ${reason}`, error);
  }
}

function usage(message: string, cause?: unknown): CliError {
  const hint = 'for example "transfer(address,uint256)" or "balanceOf(address) returns (uint256)"';
  return new CliError(EXIT.usage, 'usage', message, hint, { cause });
}

export function toHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replace(/^0x/, ''), 'hex'));
}
