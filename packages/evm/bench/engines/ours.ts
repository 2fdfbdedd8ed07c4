import { createEvm } from '../../src/create-evm.ts';
import { createMemoryState } from '../../src/state/memory-state.ts';
import { type BenchEngine, CALLER, CONTRACT, GAS_LIMIT, ownCpuSeconds, toHex } from './types.ts';

export interface OwnEngine extends BenchEngine {
  /** Gas of the last run, without intrinsic gas. */
  readonly gasUsed: bigint;
}

/** This engine with its defaults; the tiered one generates code for what gets hot by itself. */
export async function createOwnEngine(engine: 'interpreter' | 'tiered'): Promise<OwnEngine> {
  const evm = await createEvm({ fork: 'osaka', engine });
  let state = createMemoryState();
  let data = new Uint8Array(0);
  let gasUsed = 0n;
  const run = (): string => {
    const result = evm.call(state, { from: CALLER, to: CONTRACT, data, gasLimit: GAS_LIMIT });
    if (result.halt !== undefined) throw new Error(`${engine}: ${result.halt}`);
    gasUsed = result.gasUsed;
    return toHex(result.output);
  };
  return {
    name: engine,
    get gasUsed() {
      return gasUsed;
    },
    async load(program) {
      state = createMemoryState();
      state.setCode(CONTRACT, program.code);
      data = program.data.slice();
      if (evm.tier === undefined) return;
      // Hot after the first run; a second one uses what was generated in the background.
      run();
      await evm.tier.settled();
      run();
    },
    run: () => Promise.resolve(run()),
    cpuSeconds: ownCpuSeconds,
    stop: () => Promise.resolve(),
  };
}
