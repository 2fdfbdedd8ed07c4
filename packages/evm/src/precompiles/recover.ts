import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { Recover } from './types.ts';

/** The part of the package secp256k1 that is used here. */
interface NativeSecp256k1 {
  ecdsaRecover(
    signature: Uint8Array,
    recovery: number,
    hash: Uint8Array,
    compressed: boolean,
    output: Uint8Array,
  ): Uint8Array;
}

/** In JavaScript: right everywhere, about 1 ms a signature. */
export const recoverPortable: Recover = (hash, signature, recovery) => {
  try {
    return secp256k1.Signature.fromBytes(signature, 'compact')
      .addRecoveryBit(recovery)
      .recoverPublicKey(hash)
      .toBytes(false)
      .subarray(1);
  } catch {
    return undefined;
  }
};

/**
 * Bitcoin's libsecp256k1 where its package has a binary for this machine, 25 times faster than
 * JavaScript; else the portable one. Both accept and refuse the same signatures, large s included
 * (a test compares them).
 */
export async function loadRecover(): Promise<Recover> {
  let native: NativeSecp256k1;
  try {
    // The bindings alone: the package's own fallback is another JavaScript library.
    // @ts-expect-error the package has no types; what is used of it is declared above
    const loaded: unknown = await import('secp256k1/bindings.js');
    native = (loaded as { default: NativeSecp256k1 }).default;
  } catch {
    return recoverPortable;
  }
  return (hash, signature, recovery) => {
    const output = new Uint8Array(65);
    try {
      native.ecdsaRecover(signature, recovery, hash, false, output);
    } catch {
      return undefined;
    }
    return output.subarray(1);
  };
}
