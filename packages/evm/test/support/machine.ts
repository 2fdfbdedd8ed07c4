/** A short way to write code and to run it on an engine. */
import type { Evm } from '../../src/evm.ts';
import { findOpcode, OPCODES } from '../../src/opcodes.ts';
import { createMemoryState, type MemoryState } from '../../src/state/memory-state.ts';
import type { CallRequest, CallResult } from '../../src/types.ts';

export const WORD_MAX: bigint = 2n ** 256n - 1n;

/** An opcode's name, a number to push, a label to place or to push, or bytes as they are. */
export type Part = string | bigint | Uint8Array | { label: string } | { goto: string };

/** Code from its parts; labels take two bytes each. */
export function assemble(...parts: readonly Part[]): Uint8Array {
  const bytes: number[] = [];
  const labels = new Map<string, number>();
  const uses: [number, string][] = [];
  for (const part of parts) {
    if (typeof part === 'string') bytes.push(codeOf(part));
    else if (typeof part === 'bigint') bytes.push(...push(part));
    else if (part instanceof Uint8Array) bytes.push(...part);
    else if ('label' in part) {
      labels.set(part.label, bytes.length);
      bytes.push(codeOf('JUMPDEST'));
    } else {
      bytes.push(codeOf('PUSH2'), 0, 0);
      uses.push([bytes.length - 2, part.goto]);
    }
  }
  for (const [at, label] of uses) {
    const target = labels.get(label) ?? 0xffff;
    bytes[at] = target >> 8;
    bytes[at + 1] = target & 0xff;
  }
  return Uint8Array.from(bytes);
}

/** The shortest PUSH of a value, never PUSH0, so that the code suits every fork. */
export function push(value: bigint): number[] {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return [0x5f + even.length / 2, ...fromHex(even)];
}

function codeOf(name: string): number {
  const row = OPCODES.find((each) => each.name === name);
  if (row === undefined || findOpcode('osaka', row.code) === undefined) {
    throw new Error(`no opcode ${name}`);
  }
  return row.code;
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/^0x/, ''), 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** 20 bytes that end in a number. */
export function address(number: number): Uint8Array {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setUint32(16, number);
  return bytes;
}

export function word(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'));
}

export function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

export const CALLER: Uint8Array = address(0xca11e4);
export const CONTRACT: Uint8Array = address(0xc0de);

/** A state in which accounts have the given codes; each has a balance of 1,000. */
export function stateWith(codes: Readonly<Record<number, Uint8Array>>): MemoryState {
  const state = createMemoryState();
  for (const [number, code] of Object.entries(codes)) {
    state.setAccount(address(Number(number)), { nonce: 1n, balance: 1_000n });
    if (code.length > 0) state.setCode(address(Number(number)), code);
  }
  return state;
}

/** Runs code as the outermost frame of CONTRACT, on a state of its own unless given. */
export function runCode(
  evm: Evm,
  code: Uint8Array,
  request: Partial<CallRequest> = {},
  state: MemoryState = stateWith({ 0xc0de: new Uint8Array(0), 0xca11e4: new Uint8Array(0) }),
): CallResult {
  return evm.call(state, {
    from: CALLER,
    to: CONTRACT,
    code,
    gasLimit: 10_000_000n,
    ...request,
  });
}

/** Parts that return the word on top of the stack. */
export const RETURN_TOP: readonly Part[] = [0n, 'MSTORE', 32n, 0n, 'RETURN'];

/** The word that code leaves on top of the stack. */
export function evaluate(evm: Evm, ...parts: readonly Part[]): bigint {
  const result = runCode(evm, assemble(...parts, ...RETURN_TOP));
  if (result.halt !== undefined) throw new Error(result.halt);
  return toNumber(result.output);
}
