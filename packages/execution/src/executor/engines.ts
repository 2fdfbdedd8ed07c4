import { createEvm, type Evm, type EvmOptions, type Fork } from '@basalt/evm';

/** Engines kept, each with a memory of its own; a chain changes its fork once in months. */
const ENGINES_MAX = 2;

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
