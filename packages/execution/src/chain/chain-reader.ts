import type { AccountChange, BlockEnvironment, Recover } from '@basalt/evm';
import { isAtLeast } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { encodeBlock } from '../block/block-codec.ts';
import { BloomBuilder } from '../block/bloom.ts';
import { decodeStoredReceipts } from '../block/stored-receipts.ts';
import type { Block, BlockHeader, Receipt } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import type { Engines } from '../executor/engines.ts';
import type { AccountProof, StateView, WorldState } from '../state/types.ts';
import { baseFeeAfter } from './base-fee.ts';
import { blobBaseFee, excessBlobGasAfter } from './blob-gas.ts';
import { joinWithSenders } from './block-body.ts';
import type { BlockIndex, HotBlock } from './block-index.ts';
import { environmentOf } from './environment.ts';
import type { ForkSchedule } from './fork-schedule.ts';
import type { ParsedGenesis } from './genesis.ts';
import { createLayeredState } from './layered-state.ts';
import { BLOCK_HASHES_MAX, OMMER_DEPTH_MAX } from './limits.ts';
import { createReceiptMaker } from './make-receipts.ts';
import { decodeChainPayload } from './payload.ts';
import { createPlainExecutor } from './plain-executor.ts';
import { processBlock, stateBeforeTransactions } from './process-block.ts';
import type { BlockLog, TransactionLocation } from './types.ts';

const ZERO_HASH = new Uint8Array(32);

/** What a chain is read from. */
export interface ReaderParts {
  readonly genesis: ParsedGenesis;
  readonly world: WorldState;
  readonly log: BlockLog;
  readonly index: BlockIndex;
  /** Engines for system calls. */
  readonly engines: Engines;
  readonly recover: Recover;
}

/** The part of a chain that answers questions. Blocks above the head do not exist for it. */
export class ChainReader {
  readonly genesis: ParsedGenesis;
  protected readonly world: WorldState;
  protected readonly log: BlockLog;
  protected readonly index: BlockIndex;
  protected readonly engines: Engines;
  protected readonly recover: Recover;
  protected readonly genesisBlock: HotBlock;
  protected newest: HotBlock;
  /** Changes by hand that no block carries yet. */
  protected pending: readonly AccountChange[] = [];
  readonly #blooms = new BloomBuilder();

  constructor({ genesis, world, log, index, engines, recover }: ReaderParts) {
    this.genesis = genesis;
    this.world = world;
    this.log = log;
    this.index = index;
    this.engines = engines;
    this.recover = recover;
    this.genesisBlock = genesisBlockOf(genesis);
    this.newest = this.genesisBlock;
  }

  get config(): ForkSchedule {
    return this.genesis.config;
  }

  head(): Block {
    return this.newest.block;
  }

  async block(number: number): Promise<Block | undefined> {
    return (await this.hotBlock(number))?.block;
  }

  async blockByHash(hash: Uint8Array): Promise<Block | undefined> {
    const number = this.#numberOf(hash);
    return number === undefined ? undefined : await this.block(number);
  }

  hashOf(number: number): Uint8Array | undefined {
    if (number === this.headNumber) return this.newest.block.hash;
    if (number === 0) return this.genesis.hash;
    return this.#isOnChain(number) ? this.index.row(number)?.hash : undefined;
  }

  async receipts(number: number): Promise<readonly Receipt[] | undefined> {
    const hot = await this.hotBlock(number);
    if (hot === undefined || hot.receipts !== undefined) return hot?.receipts;
    const { block } = hot;
    const stored = this.index.storedReceipts(number);
    if (stored === undefined) return await this.#runForReceipts(block);
    const { baseFee, blobBaseFee: fee } = this.environment(block.header);
    const { transactions } = block;
    const context = { transactions, baseFee, blobBaseFee: fee, blooms: this.#blooms };
    return decodeStoredReceipts(stored, context);
  }

  locate(transactionHash: Uint8Array): TransactionLocation | undefined {
    const found = this.index.locate(transactionHash);
    return found !== undefined && this.#isOnChain(found.blockNumber) ? found : undefined;
  }

  logIndexOf(number: number): number | undefined {
    return number > 0 && this.#isOnChain(number) ? this.index.row(number)?.logIndex : undefined;
  }

  stateAt(number: number): StateView | undefined {
    if (number !== this.headNumber) return this.world.at(number);
    const head = this.world.head();
    return this.pending.length === 0 ? head : createLayeredState(head, [this.pending]);
  }

  prove(number: number, address: Uint8Array, slots: readonly Uint8Array[]): AccountProof {
    return this.world.prove(number, address, slots);
  }

  rootAfter(number: number, changes: readonly AccountChange[]): Uint8Array {
    const isHead = number === this.headNumber;
    return this.world.rootAfter(number, isHead ? [...this.pending, ...changes] : changes);
  }

  environment(header: BlockHeader): BlockEnvironment {
    return environmentOf(header, this.config);
  }

  blockHashFor(number: bigint): (of: bigint) => Uint8Array {
    return (of) => {
      if (of >= number || of < number - BigInt(BLOCK_HASHES_MAX) || of < 0n) return ZERO_HASH;
      return this.hashOf(Number(of)) ?? ZERO_HASH;
    };
  }

  async stateBefore(block: Block): Promise<StateView> {
    const { header } = block;
    const number = Number(header.number);
    const base = number === 0 ? undefined : this.world.at(number - 1);
    if (base === undefined) throw unknownState(`the state before block ${number} is gone`, number);
    const interventions = await this.#interventionsOf(block);
    const { fork } = this.config.forkAt(header.number, header.timestamp);
    const evm = await this.engines.get(fork);
    const { ommers, withdrawals, transactions } = block;
    const draft = { header, ommers, withdrawals, transactions, interventions };
    const blockHash = this.blockHashFor(header.number);
    return stateBeforeTransactions(draft, { schedule: this.config, evm, base, blockHash });
  }

  nextBaseFee(): bigint | undefined {
    const { header } = this.newest.block;
    const { fork } = this.config.forkAt(header.number + 1n, header.timestamp + 1n);
    return isAtLeast(fork, 'london') ? baseFeeAfter(header) : undefined;
  }

  nextBlobBaseFee(timestamp: bigint): bigint | undefined {
    const { header } = this.newest.block;
    const { fork, blobs } = this.config.forkAt(header.number + 1n, timestamp);
    if (blobs === undefined) return undefined;
    return blobBaseFee(excessBlobGasAfter(header, fork, blobs), blobs);
  }

  protected get headNumber(): number {
    return Number(this.newest.block.header.number);
  }

  /** A block of the chain, from memory or the log. */
  protected async hotBlock(number: number): Promise<HotBlock | undefined> {
    if (number === this.headNumber) return this.newest;
    if (!this.#isOnChain(number)) return undefined;
    if (number === 0) return this.genesisBlock;
    const hot = this.index.hot(number);
    if (hot !== undefined) return hot;
    const row = this.index.row(number);
    if (row === undefined) return undefined;
    const payload = decodeChainPayload(await this.log.read(row.logIndex));
    if (payload.kind !== 'block' || !equalBytes(payload.block.hash, row.hash)) {
      const message = `entry ${row.logIndex} of the log is not block ${number}`;
      throw new ExecutionError('damaged-state', message, { number });
    }
    const block = joinWithSenders(payload.block, row.senders, this.recover);
    const loaded: HotBlock = { block, receipts: undefined, row };
    // The chain may have gone back while the log was read.
    const present = this.hashOf(number);
    if (present === undefined || !equalBytes(present, row.hash)) return undefined;
    this.index.warm(loaded);
    return loaded;
  }

  /** Blocks up to the head, newest first, as far as ommers reach. */
  protected async ancestors(): Promise<Block[]> {
    const ancestors: Block[] = [];
    for (let number = this.headNumber; number >= 0; number--) {
      if (ancestors.length > OMMER_DEPTH_MAX) break;
      const block = await this.block(number);
      if (block !== undefined) ancestors.push(block);
    }
    return ancestors;
  }

  #isOnChain(number: number): boolean {
    return Number.isInteger(number) && number >= 0 && number <= this.headNumber;
  }

  #numberOf(hash: Uint8Array): number | undefined {
    if (equalBytes(hash, this.newest.block.hash)) return this.headNumber;
    if (equalBytes(hash, this.genesis.hash)) return 0;
    const number = this.index.numberOf(hash);
    if (number === undefined) return undefined;
    const present = this.hashOf(number);
    return present !== undefined && equalBytes(present, hash) ? number : undefined;
  }

  /** What was changed by hand before a block, from its entry in the log. */
  async #interventionsOf(block: Block): Promise<readonly AccountChange[]> {
    const number = Number(block.header.number);
    const present = this.hashOf(number);
    const row = this.index.row(number);
    if (present !== undefined && row !== undefined && equalBytes(present, block.hash)) {
      const payload = decodeChainPayload(await this.log.read(row.logIndex));
      return payload.kind === 'block' ? payload.interventions : [];
    }
    return number === this.headNumber + 1 ? this.pending : [];
  }

  /** Receipts that are not stored any more, while the state before them is there. */
  async #runForReceipts(block: Block): Promise<readonly Receipt[] | undefined> {
    const { header, transactions, ommers, withdrawals } = block;
    const { fork } = this.config.forkAt(header.number, header.timestamp);
    const base = this.world.at(Number(header.number) - 1);
    // Before Byzantium they hold roots, which only the head's trie gives.
    if (base === undefined || !isAtLeast(fork, 'byzantium')) return undefined;
    const interventions = await this.#interventionsOf(block);
    const draft = { header, transactions, ommers, withdrawals, interventions };
    const { receipts } = await processBlock(draft, {
      schedule: this.config,
      executor: createPlainExecutor(this.engines),
      evm: await this.engines.get(fork),
      receipts: createReceiptMaker(),
      base,
      blockHash: this.blockHashFor(header.number),
      purpose: 'import',
      rootAfter: () => ZERO_HASH,
    });
    return receipts;
  }
}

function genesisBlockOf({ hash, header }: ParsedGenesis): HotBlock {
  const withdrawals = header.withdrawalsRoot === undefined ? undefined : [];
  const body = { header, transactions: [], ommers: [], withdrawals };
  const block: Block = { hash, ...body, sizeBytes: encodeBlock(body).length };
  const senders = new Uint8Array(0);
  const row = { hash, logIndex: 0, totalDifficulty: header.difficulty, senders };
  return { block, receipts: [], row };
}

function unknownState(message: string, number: number): ExecutionError {
  return new ExecutionError('unknown-state', message, { number });
}
