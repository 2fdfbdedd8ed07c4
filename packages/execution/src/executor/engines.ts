import { createEvm, type Evm, type EvmOptions, type Fork, type MemorySizes } from '@basalt/evm';

/** Engines kept, each with a memory of its own; a chain changes its fork once in months. */
const ENGINES_MAX = 2;

/**
 * Regions of the engine that runs what fits nowhere else: a valid block must never be too large for
 * it. 300 frames may each hold the longest translation of 24 KB, 712 KB (nothing but JUMPDEST), for
 * a million gas; before EIP-7825 a transaction could have all gas of a block, and 200 million are
 * counted with. Only what is used takes memory.
 */
export const LARGEST_MEMORY: Partial<MemorySizes> = {
  frameMemoryBytes: 128 * 2 ** 20,
  codeBytes: 256 * 2 ** 20,
  logBytes: 32 * 2 ** 20,
  journalBytes: 96 * 2 ** 20,
  slots: 2 ** 20,
  // Before EIP-150 a look at an account cost 20 gas, and blocks of 2016 are full of them.
  accounts: 2 ** 18,
};

/** Engines of one thread, made for a fork when it is first asked for. */
export interface Engines {
  get(fork: Fork): Promise<Evm>;
}

export function createEngines(options: Omit<EvmOptions, 'fork'>): Engines {
  /** Least recently used first. */
  const engines = new Map<Fork, Promise<Evm>>();
  return {
    get(fork: Fork): Promise<Evm> {
      const engine = engines.get(fork) ?? createEvm({ ...options, fork });
      engines.delete(fork);
      engines.set(fork, engine);
      const [oldest] = engines.keys();
      if (engines.size > ENGINES_MAX && oldest !== undefined) engines.delete(oldest);
      return engine;
    },
  };
}
