import { createEvm } from '../../src/create-evm.ts';
import { createMemoryState } from '../../src/state/memory-state.ts';
import { type BenchEngine, CALLER, CONTRACT, GAS_LIMIT, ownCpuSeconds, toHex } from './types.ts';

export interface OwnEngine extends BenchEngine {
  /** Gas of the last run, without intrinsic gas. */
  readonly gasUsed: bigint;
}

export async function createOwnEngine(): Promise<OwnEngine> {
  const evm = await createEvm({ fork: 'osaka' });
  let state = createMemoryState();
  let data = new Uint8Array(0);
  let gasUsed = 0n;
  return {
    name: 'basalt',
    get gasUsed() {
      return gasUsed;
    },
    load(program) {
      state = createMemoryState();
      state.setCode(CONTRACT, program.code);
      data = program.data.slice();
      return Promise.resolve();
    },
    run() {
      const result = evm.call(state, { from: CALLER, to: CONTRACT, data, gasLimit: GAS_LIMIT });
      if (result.halt !== undefined) throw new Error(`basalt: ${result.halt}`);
      gasUsed = result.gasUsed;
      return Promise.resolve(toHex(result.output));
    },
    cpuSeconds: ownCpuSeconds,
    stop: () => Promise.resolve(),
  };
}
