import { FORKS, type Fork } from '../types.ts';
import { blake2f } from './blake2f.ts';
import { bls12Precompiles } from './bls12-381/index.ts';
import { bn254Add, bn254Multiply, bn254Pairing } from './bn254.ts';
import { createEcrecover } from './ecrecover.ts';
import { identity, ripemd160, sha256 } from './hashes.ts';
import { modexp } from './modexp.ts';
import { p256Verify } from './p256.ts';
import { pointEvaluation } from './point-evaluation.ts';
import { recoverPortable } from './recover.ts';
import type { Precompile, Recover } from './types.ts';

/**
 * The precompiles of a fork, in order of address.
 *
 * @param recover `await loadRecover()` for the native one; JavaScript where absent
 */
export function precompilesOf(fork: Fork, recover: Recover = recoverPortable): Precompile[] {
  const all: readonly Precompile[] = [
    createEcrecover(recover),
    sha256,
    ripemd160,
    identity,
    modexp,
    bn254Add,
    bn254Multiply,
    bn254Pairing,
    blake2f,
    pointEvaluation,
    ...bls12Precompiles,
    p256Verify,
  ];
  const level = FORKS.indexOf(fork);
  return all.filter(({ since }) => FORKS.indexOf(since) <= level);
}
