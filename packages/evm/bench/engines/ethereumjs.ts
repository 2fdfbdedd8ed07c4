import { Common, Mainnet } from '@ethereumjs/common';
import { createEVM } from '@ethereumjs/evm';
import { SimpleStateManager } from '@ethereumjs/statemanager';
import { Address } from '@ethereumjs/util';
import { type BenchEngine, CALLER, CONTRACT, GAS_LIMIT, ownCpuSeconds, toHex } from './types.ts';

/** EthereumJS as its users have it: the defaults, the plain state manager. */
export async function createEthereumJS(): Promise<BenchEngine> {
  const common = new Common({ chain: Mainnet, hardfork: 'osaka' });
  let evm = await createEVM({ common });
  let data = new Uint8Array(0);
  return {
    name: 'EthereumJS 10.1.3',
    async load(program) {
      const stateManager = new SimpleStateManager({ common });
      evm = await createEVM({ common, stateManager });
      await stateManager.putCode(new Address(CONTRACT), program.code);
      data = program.data.slice();
    },
    async run() {
      const { execResult } = await evm.runCall({
        caller: new Address(CALLER),
        to: new Address(CONTRACT),
        data,
        gasLimit: GAS_LIMIT,
      });
      if (execResult.exceptionError)
        throw new Error(`EthereumJS: ${execResult.exceptionError.error}`);
      return toHex(execResult.returnValue);
    },
    cpuSeconds: ownCpuSeconds,
    stop: () => Promise.resolve(),
  };
}
