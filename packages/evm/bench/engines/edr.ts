import { loadPeer } from '../../../../tools/bench/peers.ts';
import { type BenchEngine, CALLER, CONTRACT, GAS_LIMIT, ownCpuSeconds, toHex } from './types.ts';

/** The part of EDR that is used here. */
interface Edr {
  readonly EdrContext: new () => {
    registerProviderFactory(chain: string, factory: unknown): Promise<void>;
    createProvider(
      chain: string,
      config: unknown,
      logger: unknown,
      subscription: unknown,
      decoder: unknown,
    ): Promise<{ handleRequest(request: string): Promise<{ data: string | object }> }>;
  };
  readonly ContractDecoder: new () => unknown;
  readonly L1_CHAIN_TYPE: string;
  l1ProviderFactory(): unknown;
  l1GenesisState(hardfork: number): object[];
  l1HardforkFromString(name: string): number;
}

/** Native revm in a native addon, under Hardhat; it keeps traces of every call. */
export async function createEdr(): Promise<BenchEngine> {
  const edr = loadPeer('@nomicfoundation/edr') as Edr;
  const context = new edr.EdrContext();
  await context.registerProviderFactory(edr.L1_CHAIN_TYPE, edr.l1ProviderFactory());
  const config = {
    allowBlocksWithSameTimestamp: false,
    allowUnlimitedContractSize: true,
    bailOnCallFailure: true,
    bailOnTransactionFailure: true,
    chainId: 1n,
    coinbase: new Uint8Array(20),
    defaultTransactionGasLimit: GAS_LIMIT,
    genesisState: edr.l1GenesisState(edr.l1HardforkFromString('osaka')),
    hardfork: 'osaka',
    initialBaseFeePerGas: 1n,
    initialParentBeaconBlockRoot: new Uint8Array(32),
    minGasPrice: 0n,
    mining: { autoMine: true, blockGasLimit: GAS_LIMIT, memPool: { order: 'Fifo' } },
    network: { genesisBlockGasLimit: GAS_LIMIT, genesisBlobGas: { gasUsed: 0n, excessGas: 0n } },
    networkId: 1n,
    observability: {},
    ownedAccounts: [],
    precompileOverrides: [],
    transactionGasCap: false,
  };
  const logger = {
    enable: false,
    decodeConsoleLogInputsCallback: () => [],
    printLineCallback: () => {},
  };
  const provider = await context.createProvider(
    edr.L1_CHAIN_TYPE,
    config,
    logger,
    { subscriptionCallback: () => {} },
    new edr.ContractDecoder(),
  );
  const request = async (method: string, params: readonly unknown[]): Promise<string> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const { data } = await provider.handleRequest(body);
    const answer = (typeof data === 'string' ? JSON.parse(data) : data) as {
      result?: string;
      error?: { message: string };
    };
    if (answer.error !== undefined) throw new Error(`EDR: ${answer.error.message}`);
    return answer.result ?? '';
  };
  let call: object = {};
  return {
    name: 'EDR 0.22.0 (revm)',
    async load(program) {
      await request('hardhat_setCode', [toHex(CONTRACT), toHex(program.code)]);
      call = {
        from: toHex(CALLER),
        to: toHex(CONTRACT),
        data: toHex(program.data),
        gas: `0x${GAS_LIMIT.toString(16)}`,
      };
    },
    run: () => request('eth_call', [call, 'latest']),
    cpuSeconds: ownCpuSeconds,
    stop: () => Promise.resolve(),
  };
}
