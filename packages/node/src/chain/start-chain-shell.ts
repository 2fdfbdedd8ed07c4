import { randomBytes } from 'node:crypto';
import {
  type Chain,
  createDevnet,
  type Devnet,
  deriveDevnetKeys,
  devnetGenesis,
  loadSign,
  mnemonicOfSeed,
  type Pool,
  readGenesis,
  type Sign,
  signTransaction,
  TEST_MNEMONIC,
  type TransactionFields,
} from '@basalt/execution';
import { createJsonRpcServer, isLoopback } from '@basalt/json-rpc';
import type { Ledger } from '@basalt/ledger';
import { type Clock, type CryptoProvider, equalBytes, type Scheduler } from '@basalt/protocol';
import type { ExecutionStatus, Logger, MetricsRegistry } from '@basalt/telemetry';
import type { ChainKeys } from '../chain-config.ts';
import { NodeError } from '../errors.ts';
import { rpcLimits } from '../rpc-config.ts';
import type { ChainInfo, DevnetInfo } from './chain-info.ts';
import { executionMetrics, showChain } from './chain-metrics.ts';
import { ExecutionWatch } from './execution-status.ts';
import { type NewChain, type OpenedChain, openChain } from './open-chain-shell.ts';
import { openPool } from './open-pool-shell.ts';
import { createTransactionProofs, type TransactionProofs } from './transaction-proofs.ts';

export interface StartChainComponents {
  readonly ledger: Ledger;
  readonly crypto: CryptoProvider;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
  readonly dataDir: string;
  readonly version: string;
  /** Where the ledger is served; undefined before it is. */
  readonly ledgerUrl: () => string | undefined;
}

/** What is no setting: secrets, and what a command decides. */
export interface ChainExtras {
  /** Of the accounts of a new chain. */
  readonly mnemonic?: string;
  /** State and index live in memory. */
  readonly isTemporary?: boolean;
}

export interface StartedChain {
  readonly chain: Chain;
  readonly proofs: TransactionProofs;
  readonly info: ChainInfo;
  readonly execution: () => ExecutionStatus;
  /** What controllers steer. */
  readonly tuned: Pick<OpenedChain, 'executor' | 'world'>;
  /** Answers what is under way, makes what was accepted durable, closes all files. */
  stop(): Promise<void>;
}

/** The first block of a chain that repeats: 2026-01-01. */
const SEEDED_GENESIS_SECONDS = 1_767_225_600n;

/**
 * Opens the chain beside a ledger and serves it: chain, pool, devnet, JSON-RPC, in this order, and
 * back in the other.
 *
 * @throws NodeError `port-in-use`, `cannot-listen`, `bad-config`, `data-damaged`
 */
export async function startChain(
  components: StartChainComponents,
  config: ChainKeys,
  extras: ChainExtras = {},
): Promise<StartedChain> {
  const stops: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    let failure: { error: unknown } | undefined;
    for (const each of stops.splice(0).toReversed()) {
      try {
        await each();
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  };
  try {
    return { ...(await start(components, config, extras, stops)), stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function start(
  components: StartChainComponents,
  config: ChainKeys,
  extras: ChainExtras,
  stops: (() => unknown)[],
): Promise<Omit<StartedChain, 'stop'>> {
  const { clock, metrics, logger } = components;
  const measured = executionMetrics(metrics);
  const watch = new ExecutionWatch(clock);
  const opened = await openChain(components, {
    workers: config.chainWorkers,
    engine: config.chainEngine,
    isTemporary: extras.isTemporary ?? false,
    executed(block) {
      const { results, gasUsed, statistics } = block;
      measured(statistics);
      watch.executed(block);
      const { mode, durationMs: milliseconds } = statistics;
      logger.debug('executed', { transactions: results.length, gasUsed, mode, milliseconds });
    },
    found: () => newChain(config, extras, clock),
  }).catch(adviseOthers);
  stops.push(() => opened.close());
  const { chain, recoverer, world, log } = opened;
  const head = Number(chain.head().header.number);
  const folder = extras.isTemporary === true ? undefined : opened.folder;
  const pool = await openPool({ chain, recoverer, clock, logger, metrics, folder }, stops);
  stops.push(showChain(metrics, { chain, pool, world }));
  stops.push(watch.follow(chain));
  const made = openDevnet(components, config, opened, pool, await loadSign());
  if (made !== undefined) {
    stops.push(() => made.devnet.close());
    void warmUp(opened, made.devnet).catch(() => undefined);
  }
  const proofs = createTransactionProofs(chain, log, components.ledgerUrl);
  const rpcUrl = await serve(components, config, stops, {
    chain,
    pool: made?.devnet.pool ?? pool,
    devnet: made?.devnet,
    proofs,
  });
  const { number, timestamp, gasLimit } = chain.head().header;
  const info: ChainInfo = {
    rpcUrl,
    chainId: chain.config.chainId,
    fork: chain.config.forkAt(number, timestamp).fork,
    gasLimit,
    head,
    isNew: opened.isNew,
    namespace: log.namespace,
    workers: opened.executor.workers,
    engine: config.chainEngine,
    devnet: made?.info,
  };
  logger.info('chain', { rpcUrl, chainId: String(info.chainId), head });
  if (made !== undefined && !isLoopback(config.rpcHost)) {
    logger.warn(
      'this devnet can be reached from other machines: whoever reaches it spends from all its ' +
        'accounts, sets balances and takes blocks back; listen on 127.0.0.1 unless they all may',
      { rpcHost: config.rpcHost },
    );
  }
  const execution = (): ExecutionStatus => watch.status(chain, opened.executor);
  return { chain, proofs, info, execution, tuned: opened };
}

function newChain(config: ChainKeys, extras: ChainExtras, clock: Clock): NewChain {
  const { chainSeed: seed, chainAccounts: accounts } = config;
  const mnemonic = extras.mnemonic ?? (seed === undefined ? TEST_MNEMONIC : mnemonicOfSeed(seed));
  const keys = deriveDevnetKeys(mnemonic, accounts);
  const now = BigInt(Math.floor(clock.nowMs() / 1000));
  const genesis = devnetGenesis({
    keys,
    chainId: BigInt(config.chainId),
    fork: config.chainFork,
    gasLimit: BigInt(config.chainGasLimit),
    balanceEther: BigInt(config.chainBalance),
    timestamp: seed === undefined ? now : SEEDED_GENESIS_SECONDS,
  });
  return { kind: 'devnet', genesis, mnemonic: keys.mnemonic, accounts, seed };
}

/** What is damaged is the chain alone. */
function adviseOthers(error: unknown): never {
  if (!(error instanceof NodeError) || error.code !== 'data-damaged') throw error;
  const message = `${error.message}; the other namespaces are served with `;
  throw new NodeError(error.code, `${message}\`basalt start --no-chain\``, { cause: error });
}

/** Threads and engines start now and not with somebody's first transaction; nothing is kept. */
async function warmUp({ chain, recoverer }: OpenedChain, devnet: Devnet): Promise<void> {
  const { address, privateKey } = devnet.faucet;
  const { number, timestamp } = chain.head().header;
  const { fork } = chain.config.forkAt(number, timestamp);
  const fields: TransactionFields = {
    type: 0,
    nonce: 0n,
    gasPrice: 0n,
    gasLimit: 21_000n,
    to: address,
    value: 0n,
    data: new Uint8Array(0),
  };
  const signed = signTransaction(fields, chain.config.chainId, privateKey);
  await Promise.all([recoverer.recover([signed], fork), chain.build([], devnet.nextAttributes())]);
}

/** undefined: the chain was imported. */
function openDevnet(
  { clock, scheduler, logger }: StartChainComponents,
  config: ChainKeys,
  { chain, file }: OpenedChain,
  pool: Pool,
  sign: Sign,
): { devnet: Devnet; info: DevnetInfo } | undefined {
  if (file.kind === 'imported') return undefined;
  const { seed, mnemonic } = file;
  const keys = deriveDevnetKeys(mnemonic, file.accounts);
  const blockTimeMs = config.chainBlockTimeMs;
  const devnet = createDevnet(
    {
      chain,
      pool,
      clock,
      scheduler,
      sign,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      onError: (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        logger.error('a block could not be made', { reason });
      },
    },
    {
      keys,
      mining:
        blockTimeMs === 0 ? { mode: 'instant' } : { mode: 'interval', intervalMs: blockTimeMs },
      ...(seed === undefined ? {} : { seed }),
    },
  );
  const { accounts, faucet } = keys;
  const balanceEther = genesisEther(file.genesis, accounts[0]?.address);
  return { devnet, info: { accounts, faucet, mnemonic, balanceEther, blockTimeMs, seed } };
}

/** Ether that an account of a genesis document begins with. */
function genesisEther(genesis: unknown, address: Uint8Array | undefined): number {
  const { changes } = readGenesis(genesis);
  const found = changes.find((change) => address && equalBytes(change.address, address));
  return Number((found?.account?.balance ?? 0n) / 10n ** 18n);
}

/**
 * What `web3_clientVersion` says. Hardhat's network helpers refuse to touch a chain whose name
 * begins with none of those they know (`hardhat`, `anvil`, `zksync`): a devnet says which it
 * behaves like.
 */
function clientVersion(version: string, isDevnet: boolean): string {
  return isDevnet ? `anvil-compatible/basalt/${version}` : `basalt/${version}`;
}

interface Served {
  readonly chain: Chain;
  readonly pool: Pool;
  readonly devnet: Devnet | undefined;
  readonly proofs: TransactionProofs;
}

async function serve(
  components: StartChainComponents,
  config: ChainKeys,
  stops: (() => unknown)[],
  served: Served,
): Promise<string> {
  const { clock, logger, metrics, version } = components;
  const { rpcHost: host, rpcPort: port } = config;
  const { devnet, ...others } = served;
  const server = createJsonRpcServer({
    ...others,
    ...(devnet === undefined ? {} : { devnet }),
    clock,
    metrics,
    logger: logger.child({ part: 'json-rpc' }),
    limits: rpcLimits(config),
    origins: config.rpcOrigins,
    hosts: config.rpcHosts,
    clientVersion: clientVersion(version, devnet !== undefined),
  });
  stops.push(() => server.stop());
  try {
    return (await server.listen({ host, port })).url;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') {
      throw new NodeError(
        'port-in-use',
        `another program listens on ${host}:${port}, where the chain's JSON-RPC was to be: stop ` +
          'it, choose another port (`basalt devnet --port 8546`, else --set rpcPort=8546), or go ' +
          'without a chain (`npm start -- --no-chain`)',
        { cause: error },
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new NodeError('cannot-listen', `cannot listen on ${host}:${port}: ${reason}`, {
      cause: error,
    });
  }
}
