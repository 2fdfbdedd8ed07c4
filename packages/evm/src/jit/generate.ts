/**
 * EVM code to a WASM module: one function per piece of code that is entered from elsewhere, joined
 * by tail calls. Pure and synchronous; the kernel in assembly/kernel/native.ts is its other half.
 */
import type { Fork } from '../types.ts';
import { Emitter } from './emitter.ts';
import { FunctionGenerator } from './function.ts';
import { CODE_BYTES_MAX } from './limits.ts';
import { assemble } from './module.ts';
import { type OpcodeFacts, opcodeFacts } from './opcode-facts.ts';
import { findTargets } from './targets.ts';

export interface GenerateOptions {
  /** The kernel's memory is a shared one. */
  readonly isShared?: boolean;
  /** What the opcodes cost and take; tests give wrong ones. */
  readonly facts?: OpcodeFacts;
}

/**
 * @param code 1 to 24,576 bytes
 * @returns the module's bytes; undefined for code that is empty, too long, or makes too much
 */
export function generateModule(
  fork: Fork,
  code: Uint8Array,
  options: GenerateOptions = {},
): Uint8Array<ArrayBuffer> | undefined {
  if (code.length === 0 || code.length > CODE_BYTES_MAX) return undefined;
  const facts = options.facts ?? opcodeFacts(fork);
  const targets = findTargets(code);
  const emitter = new Emitter(code.length * 48 + 4096);
  const functions = new FunctionGenerator(emitter, code, facts, targets);
  if (!functions.writeAll()) return undefined;
  return assemble(emitter.w, functions.count, options.isShared === true);
}
