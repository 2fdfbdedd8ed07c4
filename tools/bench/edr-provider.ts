import { loadPeer } from './peers.ts';

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

/** EDR in this process: native revm in a native addon, as it lies under Hardhat. */
export interface EdrProvider {
  /** @throws {Error} with the message of a refused request */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
}

export interface EdrOptions {
  readonly chainId?: bigint;
  readonly blockGasLimit: bigint;
  /** False: blocks are made when they are asked for. */
  readonly autoMine: boolean;
  /** In place of the fork's own system contracts alone. */
  readonly accounts?: readonly object[];
}

/** A new chain of its own. */
export async function createEdrProvider(options: EdrOptions): Promise<EdrProvider> {
  const edr = loadPeer('@nomicfoundation/edr') as Edr;
  const context = new edr.EdrContext();
  await context.registerProviderFactory(edr.L1_CHAIN_TYPE, edr.l1ProviderFactory());
  const config = {
    allowBlocksWithSameTimestamp: false,
    allowUnlimitedContractSize: true,
    bailOnCallFailure: true,
    bailOnTransactionFailure: true,
    chainId: options.chainId ?? 1n,
    coinbase: new Uint8Array(20),
    defaultTransactionGasLimit: 16_000_000n,
    genesisState: [
      ...edr.l1GenesisState(edr.l1HardforkFromString('osaka')),
      ...(options.accounts ?? []),
    ],
    hardfork: 'osaka',
    initialBaseFeePerGas: 1n,
    initialParentBeaconBlockRoot: new Uint8Array(32),
    minGasPrice: 0n,
    mining: {
      autoMine: options.autoMine,
      blockGasLimit: options.blockGasLimit,
      memPool: { order: 'Fifo' },
    },
    network: {
      genesisBlockGasLimit: options.blockGasLimit,
      genesisBlobGas: { gasUsed: 0n, excessGas: 0n },
    },
    networkId: options.chainId ?? 1n,
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
  return {
    async request(method, params) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
      const { data } = await provider.handleRequest(body);
      const answer = (typeof data === 'string' ? JSON.parse(data) : data) as {
        result?: unknown;
        error?: { message: string };
      };
      if (answer.error !== undefined) throw new Error(`EDR: ${answer.error.message}`);
      return answer.result;
    },
  };
}
