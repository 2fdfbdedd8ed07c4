import { createEdrProvider } from '../../../../tools/bench/edr-provider.ts';
import { type BenchEngine, CALLER, CONTRACT, GAS_LIMIT, ownCpuSeconds, toHex } from './types.ts';

/** Native revm in a native addon, under Hardhat; it keeps traces of every call. */
export async function createEdr(): Promise<BenchEngine> {
  const edr = await createEdrProvider({ blockGasLimit: GAS_LIMIT, autoMine: true });
  let call: object = {};
  return {
    name: 'EDR 0.22.0 (revm)',
    async load(program) {
      await edr.request('hardhat_setCode', [toHex(CONTRACT), toHex(program.code)]);
      call = {
        from: toHex(CALLER),
        to: toHex(CONTRACT),
        data: toHex(program.data),
        gas: `0x${GAS_LIMIT.toString(16)}`,
      };
    },
    run: async () => String(await edr.request('eth_call', [call, 'latest'])),
    cpuSeconds: ownCpuSeconds,
    stop: () => Promise.resolve(),
  };
}
