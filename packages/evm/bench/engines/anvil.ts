import { startAnvil } from '../../../../tools/bench/anvil-process.ts';
import { processCpuSeconds } from '../../../../tools/bench/cpu-time.ts';
import { type BenchEngine, CALLER, CONTRACT, GAS_LIMIT, toHex } from './types.ts';

/** Native revm behind JSON-RPC; its processor time is that of its own process. */
export async function createAnvil(): Promise<BenchEngine | undefined> {
  const args = ['--hardfork', 'osaka', '--no-mining', '--gas-limit', String(GAS_LIMIT)];
  const anvil = await startAnvil(args);
  if (anvil === undefined) return undefined;
  let call: object = {};
  return {
    name: 'Anvil 1.7.1 (revm)',
    async load(program) {
      await anvil.request('anvil_setCode', [toHex(CONTRACT), toHex(program.code)]);
      call = {
        from: toHex(CALLER),
        to: toHex(CONTRACT),
        data: toHex(program.data),
        gas: `0x${GAS_LIMIT.toString(16)}`,
      };
    },
    run: async () => String(await anvil.request('eth_call', [call, 'latest'])),
    cpuSeconds: () => processCpuSeconds(anvil.pid) ?? 0,
    stop: () => anvil.stop(),
  };
}
