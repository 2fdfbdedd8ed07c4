import assert from 'node:assert/strict';
import { precompilesOf } from '../../src/precompiles/index.ts';
import { toHex } from './machine.ts';

const BY_NAME = new Map(precompilesOf('osaka').map((each) => [each.name, each]));

/** Output in hex, undefined where it fails. */
export function runPrecompile(name: string, ...parts: readonly Uint8Array[]): string | undefined {
  const precompile = BY_NAME.get(name);
  assert(precompile !== undefined, name);
  const output = precompile.run(Uint8Array.from(Buffer.concat(parts)), 'osaka');
  return output === undefined ? undefined : toHex(output);
}

/** What a pairing check says; undefined where it fails. */
export function runPairing(name: string, ...parts: readonly Uint8Array[]): boolean | undefined {
  const output = runPrecompile(name, ...parts);
  return output === undefined ? undefined : BigInt(`0x${output}`) === 1n;
}
