import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { compileNow } from '../src/jit/compile.ts';
import type { Fork } from '../src/types.ts';

export type EngineName = 'interpreter' | 'tiered';

/**
 * An engine to be compared. The tiered one generates code for everything, at its first frame, and
 * checks nothing by itself: a difference must show.
 */
export function createEngine(fork: Fork, name: EngineName): Promise<Evm> {
  if (name === 'interpreter') return createEvm({ fork });
  const tier = { hotGas: 0n, compile: compileNow, sampleEvery: 0, sampleFirst: 0 };
  return createEvm({ fork, engine: 'tiered', tier });
}
