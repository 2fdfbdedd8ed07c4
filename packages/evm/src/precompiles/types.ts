import type { Fork } from '../types.ts';

/**
 * A contract whose code is the engine itself. Both functions are pure and synchronous and never
 * throw for any input; the input may alias memory that changes later, so nothing of it is kept.
 */
export interface Precompile {
  readonly name: string;
  /** 1 to 0x11 and 0x100; the address is this number in 20 bytes. */
  readonly address: number;
  /** First fork that has it. */
  readonly since: Fork;
  /** Gas for this input, before anything is computed; may exceed any gas limit. */
  gas(input: Uint8Array, fork: Fork): bigint;
  /** The output; undefined when it fails, which takes all gas of the call. */
  run(input: Uint8Array, fork: Fork): Uint8Array | undefined;
}

/**
 * Public key of a signature over secp256k1.
 *
 * @param hash 32 bytes
 * @param signature r and s, 64 bytes
 * @param recovery 0 or 1, the parity of the point's y
 * @returns 64 bytes, x and y; undefined where there is none
 */
export type Recover = (
  hash: Uint8Array,
  signature: Uint8Array,
  recovery: number,
) => Uint8Array | undefined;
