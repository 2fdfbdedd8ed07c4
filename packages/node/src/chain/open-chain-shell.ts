import { join } from 'node:path';
import type { TierOptions } from '@basalt/evm';
import {
  type BlockExecutor,
  CHAIN_TABLES,
  type Chain,
  completeGenesis,
  createBlockExecutor,
  createChain,
  createRecoverer,
  createStateEngine,
  createWorldState,
  type ExecutedBlock,
  ExecutionError,
  type ParsedGenesis,
  type Recoverer,
  readGenesis,
  type WorldState,
} from '@basalt/execution';
import type { Ledger } from '@basalt/ledger';
import { type CryptoProvider, fromHex, toHex } from '@basalt/protocol';
import { createLmdbTables, createMemoryTables } from '@basalt/store';
import type { Logger, MetricsRegistry } from '@basalt/telemetry';
import { NodeError } from '../errors.ts';
import { openNodeKey } from '../node-keys-shell.ts';
import { type ChainFile, readChainFile, writeChainFile } from './chain-file-shell.ts';
import { executionFaults } from './execution-faults.ts';
import { type LedgerBlockLog, openLedgerBlockLog } from './ledger-block-log-shell.ts';
import { meteredExecutor } from './metered-executor.ts';

export interface OpenChainComponents {
  readonly ledger: Ledger;
  readonly crypto: CryptoProvider;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Of the node; everything of the chain lies in `chain` below it. */
  readonly dataDir: string;
}

export interface OpenChainOptions {
  readonly workers: number;
  readonly engine: 'interpreter' | 'tiered';
  /** For tests: another generator of code. */
  readonly tier?: TierOptions;
  /** State and index in memory: they go with the process. The log stays what it is. */
  readonly isTemporary: boolean;
  /** Told what each block took. */
  readonly executed: (block: ExecutedBlock) => void;
  /** How to found the chain where there is none; its state root follows from the document. */
  readonly found: () => NewChain;
}

/** A chain before it is founded. */
export type NewChain =
  | {
      readonly kind: 'devnet';
      readonly genesis: unknown;
      readonly mnemonic: string;
      readonly accounts: number;
      readonly seed: string | undefined;
    }
  | { readonly kind: 'imported'; readonly genesis: unknown };

/** A chain with everything below it. */
export interface OpenedChain {
  readonly chain: Chain;
  readonly log: LedgerBlockLog;
  readonly world: WorldState;
  readonly executor: BlockExecutor;
  readonly recoverer: Recoverer;
  readonly file: ChainFile;
  /** Where everything of the chain but its log lies. */
  readonly folder: string;
  /** True where it was founded just now. */
  readonly isNew: boolean;
  close(): Promise<void>;
}

const INDEX_FORMAT = 'basalt-chain-index 1';

/** How often a long replay after a crash is told about. */
const REPLAY_LOG_BLOCKS = 1_000;

/**
 * Opens the chain of a data folder, or founds it: its log in the ledger, its state and index beside
 * it. What a crash took from state or index is made again from the log before this resolves.
 *
 * @throws NodeError `data-damaged`, `bad-config`, `key-damaged`
 */
export async function openChain(
  components: OpenChainComponents,
  options: OpenChainOptions,
): Promise<OpenedChain> {
  const closes: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closes.splice(0).toReversed()) await each();
  };
  try {
    return { ...(await open(components, options, closes)), close };
  } catch (error) {
    await close().catch(() => undefined);
    throw asNodeError(error);
  }
}

async function open(
  components: OpenChainComponents,
  options: OpenChainOptions,
  closes: (() => Promise<unknown>)[],
): Promise<Omit<OpenedChain, 'close'>> {
  const { ledger, crypto, logger, metrics, dataDir } = components;
  const { workers, engine, isTemporary } = options;
  const folder = join(dataDir, 'chain');
  const { signer } = await openNodeKey(join(dataDir, 'chain.key'), crypto, undefined);
  const log = await openLedgerBlockLog({ ledger, signer, crypto });
  const path = join(folder, 'chain.json');
  const known = await readChainFile(path);
  if (known === undefined && log.length > 0) {
    const message = `${path} is missing, and the log holds ${log.length} entries of its chain`;
    throw new NodeError('data-damaged', `${message}: bring the file back from a copy`);
  }
  const given: Given =
    known === undefined ? { isNew: true, made: options.found() } : { isNew: false, file: known };
  const stateEngine = await createStateEngine(isTemporary ? {} : { path: join(folder, 'state') });
  // A devnet goes back to any of its blocks: `reset` to the first, a snapshot of long ago.
  const { kind } = given.isNew ? given.made : given.file;
  const window = kind === 'devnet' ? { windowBlocks: 'all' as const } : {};
  const world = createWorldState({ engine: stateEngine, ...window });
  closes.push(() => world.close());
  const tables = isTemporary
    ? createMemoryTables({ tables: CHAIN_TABLES })
    : await createLmdbTables({
        path: join(folder, 'index'),
        tables: CHAIN_TABLES,
        format: INDEX_FORMAT,
      });
  closes.push(() => tables.close());
  const { file, genesis } = given.isNew ? found(given.made, world) : reopen(given.file);
  if (given.isNew) await writeChainFile(path, file);
  const { onDifference, onWorkerLost } = executionFaults(logger, metrics);
  const tier = { ...options.tier, onDifference };
  const executor = meteredExecutor(
    createBlockExecutor({ workers, engine, tier, onWorkerLost }),
    options.executed,
  );
  closes.push(() => executor.close());
  const recoverer = createRecoverer({ threads: workers === 1 ? 0 : workers });
  closes.push(() => recoverer.close());
  const onReplay = (block: number, head: number): void => {
    if (block % REPLAY_LOG_BLOCKS === 0) logger.warn('running the log again', { block, head });
  };
  const chain = await createChain(
    { genesis, world, executor, log, tables, recoverer },
    { onReplay },
  );
  closes.push(() => chain.close());
  return { chain, log, world, executor, recoverer, file, folder, isNew: given.isNew };
}

/** What a data folder has, or what it is to be founded with. */
type Given =
  | { readonly isNew: true; readonly made: NewChain }
  | { readonly isNew: false; readonly file: ChainFile };

interface Founded {
  readonly file: ChainFile;
  readonly genesis: ParsedGenesis;
}

function found(made: NewChain, world: WorldState): Founded {
  const plan = readGenesis(made.genesis);
  const { root } = world.stage(plan.changes);
  return { file: { ...made, stateRoot: toHex(root) }, genesis: completeGenesis(plan, root) };
}

function reopen(file: ChainFile): Founded {
  return { file, genesis: completeGenesis(readGenesis(file.genesis), fromHex(file.stateRoot)) };
}

function asNodeError(error: unknown): unknown {
  if (!(error instanceof ExecutionError)) return error;
  const code = error.code === 'invalid-genesis' ? 'bad-config' : 'data-damaged';
  const message = `the chain cannot be opened: ${error.message}`;
  return new NodeError(code, message, { cause: error });
}
