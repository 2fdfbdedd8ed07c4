/** A fork's opcodes as arrays by byte, for quick reading. */
import { findOpcode, OPCODES, staticGas } from '../opcodes.ts';
import type { Fork } from '../types.ts';

export interface OpcodeFacts {
  /** 1: the opcode exists. */
  readonly exists: Uint8Array;
  readonly gas: Uint32Array;
  readonly pops: Uint8Array;
  readonly pushes: Uint8Array;
}

const known = new Map<Fork, OpcodeFacts>();

export function opcodeFacts(fork: Fork): OpcodeFacts {
  const found = known.get(fork);
  if (found !== undefined) return found;
  const facts = {
    exists: new Uint8Array(256),
    gas: new Uint32Array(256),
    pops: new Uint8Array(256),
    pushes: new Uint8Array(256),
  };
  for (const { code } of OPCODES) {
    const opcode = findOpcode(fork, code);
    if (opcode === undefined) continue;
    facts.exists[code] = 1;
    facts.gas[code] = staticGas(fork, opcode);
    facts.pops[code] = opcode.pops;
    facts.pushes[code] = opcode.pushes;
  }
  known.set(fork, facts);
  return facts;
}
