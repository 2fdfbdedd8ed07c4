import type { AccountChange } from '@basalt/evm';
import { isAtLeast } from '@basalt/evm';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encodeBlock } from '../block/block-codec.ts';
import { BLOCK_BYTES_MAX } from '../block/limits.ts';
import type { Block, Receipt } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import type { BlockExecutor } from '../executor/types.ts';
import type { StagedState } from '../state/types.ts';
import type { Recoverer } from '../transaction/recoverer-shell.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';
import { checkBody, recoverBlock, unsignedSenders } from './block-body.ts';
import { type HotBlock, type IndexMeta, joinSenders } from './block-index.ts';
import { ChainReader, type ReaderParts } from './chain-reader.ts';
import { checkProcessed, type DraftHeader, draftHeader, finishBlock } from './finish-block.ts';
import { checkHeader } from './header-rules.ts';
import { checkEqual, isEqual } from './invalid-block.ts';
import { INTERVENTIONS_BYTES_MAX, OMMER_DEPTH_MAX, REMOVED_BLOCKS_MAX } from './limits.ts';
import { createReceiptMaker } from './make-receipts.ts';
import { checkOmmers } from './ommers.ts';
import { decodeChainPayload, encodeBlockPayload, encodeRewindPayload } from './payload.ts';
import { type BlockDraft, type ProcessedBlock, processBlock } from './process-block.ts';
import { alignState, surveyLog } from './replay.ts';
import type { BlockAttributes, BuiltBlock, Chain, ChainEvent } from './types.ts';

export interface WriterParts extends ReaderParts {
  readonly executor: BlockExecutor;
  readonly recoverer: Pick<Recoverer, 'recover'>;
}

/** A block that ran, whose state is staged. */
interface ReadyBlock {
  readonly block: Block;
  readonly receipts: readonly Receipt[];
  readonly staged: StagedState;
}

/** A header, a hash, places in lists: what a block takes beside its transactions. */
const BLOCK_OVERHEAD_BYTES = 2_048;
const TRANSACTION_OVERHEAD_BYTES = 4;

/** The part of a chain that changes it; one job at a time, in the order of the calls. */
export class ChainWriter extends ChainReader implements Chain {
  readonly #executor: BlockExecutor;
  readonly #recoverer: Pick<Recoverer, 'recover'>;
  readonly #receiptMaker = createReceiptMaker();
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  #last: Promise<unknown> = Promise.resolve();
  #jobs = 0;
  #isClosed = false;
  /** The log holds what the state does not: only a new start can say what holds. */
  #broken: string | undefined;

  constructor(parts: WriterParts) {
    super(parts);
    this.#executor = parts.executor;
    this.#recoverer = parts.recoverer;
  }

  build(
    candidates: readonly RecoveredTransaction[],
    attributes: BlockAttributes,
  ): Promise<BuiltBlock> {
    return this.#run(async () => {
      const { built } = await this.#build(candidates, attributes);
      this.#executor.forgetState();
      return built;
    });
  }

  propose(
    candidates: readonly RecoveredTransaction[],
    attributes: BlockAttributes,
  ): Promise<BuiltBlock> {
    return this.#run(async () => {
      const interventions = this.pending;
      const { built, staged, encoded } = await this.#build(candidates, attributes);
      const { block, receipts } = built;
      const unsigned = unsignedSenders(block.transactions);
      const payload = encodeBlockPayload(encoded, interventions, unsigned);
      await this.#keep({ block, receipts, staged }, payload);
      return built;
    });
  }

  import(block: Block): Promise<{ readonly receipts: readonly Receipt[] }> {
    return this.#run(async () => {
      const number = Number(block.header.number);
      const known = this.hashOf(number);
      if (known !== undefined && isEqual(known, block.hash)) {
        return { receipts: (await this.receipts(number)) ?? [] };
      }
      checkHeader(block.header, this.newest.block, this.config);
      const { fork } = this.config.forkAt(block.header.number, block.header.timestamp);
      checkBody(block, fork, this.config.chainId);
      if (block.ommers.length > 0) checkOmmers(block, await this.#ancestors(), this.config);
      const interventions = this.pending;
      const ready = await this.#verify(block, interventions);
      const payload = encodeBlockPayload(encodeBlock(block), interventions, []);
      await this.#keep(ready, payload);
      return { receipts: ready.receipts };
    });
  }

  rewind(number: number): Promise<void> {
    return this.#run(async () => {
      const hash = this.hashOf(number);
      if (hash === undefined) {
        const message = `block ${number} is not on the chain, whose head is ${this.headNumber}`;
        throw new ExecutionError('unknown-block', message, { number });
      }
      if (number < this.world.oldest) {
        const message = `states go back to block ${this.world.oldest}, not to ${number}`;
        throw new ExecutionError('unknown-state', message, { number });
      }
      const removed = await this.#removedAbove(number);
      if (number < this.headNumber) await this.#goBack(number, hash);
      this.pending = [];
      this.#emit({
        kind: 'rewind',
        block: this.newest.block,
        receipts: this.newest.receipts ?? (await this.receipts(number)) ?? [],
        removed,
      });
    });
  }

  intervene(changes: readonly AccountChange[]): void {
    this.#assertOpen();
    const pending = [...this.pending, ...changes];
    const bytes = pending.reduce((sum, change) => sum + sizeOf(change), 0);
    if (bytes > INTERVENTIONS_BYTES_MAX) {
      const message = `changes by hand of ${bytes} bytes, at most ${INTERVENTIONS_BYTES_MAX}`;
      throw new ExecutionError('oversize', message, { bytes });
    }
    if (this.#jobs === 0) {
      this.pending = pending;
      return;
    }
    // What is being built does not have them; they come after it.
    this.#run(async () => {
      this.pending = [...this.pending, ...changes];
    }).catch(() => undefined);
  }

  subscribe(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#last;
    await this.index.flush();
    await this.world.flush();
  }

  /** Makes index and state agree with the log; see {@link surveyLog}. */
  async open(onReplay: ((block: number, head: number) => void) | undefined): Promise<void> {
    const { genesis, index, log, world } = this;
    const meta = index.meta();
    const survey = await surveyLog(log, index, genesis.hash);
    const { base, fresh, undone, head } = survey;
    const rowIndex = (number: number): number | undefined =>
      number > base ? fresh[number - base - 1]?.logIndex : index.row(number)?.logIndex;
    const hashAt = (number: number): Uint8Array | undefined => {
      if (number > base) return fresh[number - base - 1]?.hash;
      return number === 0 ? genesis.hash : index.row(number)?.hash;
    };
    const common = alignState(world, head, hashAt);
    const start = Math.min(base, common);
    this.config.setMergeBlock(meta?.mergeBlock);
    // Entries from here on lead from `base` to the head: none goes back below it.
    const metaAt = (number: number): IndexMeta => ({
      genesisHash: genesis.hash,
      logLength: fresh[Math.max(number, base) - base]?.logIndex ?? log.length,
      head: Math.max(number, base),
      mergeBlock: this.config.mergeBlock,
    });
    if (undone.length > 0) await index.rewind(undone, metaAt(base));
    await this.#startAt(start);
    for (let number = start + 1; number <= head; number++) {
      const logIndex = rowIndex(number);
      if (logIndex === undefined) throw damaged(`block ${number} is in no entry of the log`);
      await this.#replay(logIndex, number <= common, metaAt);
      onReplay?.(number, head);
    }
  }

  /** Runs a block of the log again, or only puts it into the index where the state has it. */
  async #replay(
    logIndex: number,
    isInState: boolean,
    metaAt: (number: number) => IndexMeta,
  ): Promise<void> {
    const payload = decodeChainPayload(await this.log.read(logIndex));
    if (payload.kind !== 'block') throw damaged(`entry ${logIndex} of the log is no block`);
    const { header } = payload.block;
    const { fork } = this.config.forkAt(header.number, header.timestamp);
    const sources = { recoverer: this.#recoverer, recover: this.recover };
    const block = await recoverBlock(payload.block, payload.unsigned, fork, sources);
    let receipts: readonly Receipt[] | undefined;
    if (!isInState) {
      const ready = await this.#verify(block, payload.interventions);
      this.world.commit(ready.staged, block.hash);
      receipts = ready.receipts;
    }
    const hot = this.#hotOf(block, receipts, logIndex);
    this.#setHead(hot);
    await this.index.put(hot, metaAt(Number(header.number)));
  }

  async #startAt(number: number): Promise<void> {
    if (number === 0) {
      this.#setHead(this.genesisBlock);
      return;
    }
    const row = this.index.row(number);
    if (row === undefined) throw damaged(`block ${number} is not in the index`);
    const payload = decodeChainPayload(await this.log.read(row.logIndex));
    if (payload.kind !== 'block') throw damaged(`entry ${row.logIndex} of the log is no block`);
    const { header } = payload.block;
    const { fork } = this.config.forkAt(header.number, header.timestamp);
    const sources = { recoverer: this.#recoverer, recover: this.recover };
    const block = await recoverBlock(payload.block, payload.unsigned, fork, sources);
    this.#setHead({ block, receipts: undefined, row });
  }

  async #build(
    candidates: readonly RecoveredTransaction[],
    attributes: BlockAttributes,
  ): Promise<{
    readonly built: BuiltBlock;
    readonly staged: StagedState;
    readonly encoded: Uint8Array;
  }> {
    const header = draftHeader(this.newest.block, attributes, this.config);
    const { fork } = this.config.forkAt(header.number, header.timestamp);
    const withdrawals = isAtLeast(fork, 'shanghai') ? (attributes.withdrawals ?? []) : undefined;
    const draft: BlockDraft & { readonly header: DraftHeader } = {
      header,
      transactions: fitting(candidates, (withdrawals?.length ?? 0) * 64),
      ommers: [],
      withdrawals,
      interventions: this.pending,
    };
    const processed = await this.#process(draft, 'build');
    const staged = this.world.stage(processed.changes);
    const { block, encoded } = finishBlock(draft, processed, staged.root, this.config);
    const { receipts, statistics, requests } = processed;
    const refused = refusedOf(draft, processed);
    return { built: { block, receipts, statistics, requests, refused }, staged, encoded };
  }

  /** Runs a block and compares everything that its header says came of it. */
  async #verify(block: Block, interventions: readonly AccountChange[]): Promise<ReadyBlock> {
    const { header, transactions, ommers, withdrawals } = block;
    const draft: BlockDraft = { header, transactions, ommers, withdrawals, interventions };
    const processed = await this.#process(draft, 'import');
    try {
      checkProcessed(block, processed);
      const staged = this.world.stage(processed.changes);
      checkEqual('stateRoot', staged.root, header.stateRoot);
      return { block, receipts: processed.receipts, staged };
    } catch (error) {
      this.#executor.forgetState();
      throw error;
    }
  }

  async #process(draft: BlockDraft, purpose: 'import' | 'build'): Promise<ProcessedBlock> {
    const { number, timestamp } = draft.header;
    const { fork } = this.config.forkAt(number, timestamp);
    const evm = await this.engines.get(fork);
    try {
      return await processBlock(draft, {
        schedule: this.config,
        executor: this.#executor,
        evm,
        receipts: this.#receiptMaker,
        base: this.world.head(),
        blockHash: this.blockHashFor(number),
        purpose,
        rootAfter: (changes) => this.world.stage(changes).root,
      });
    } catch (error) {
      this.#executor.forgetState();
      throw error;
    }
  }

  /** First the log, then everything that follows from it. */
  async #keep({ block, receipts, staged }: ReadyBlock, payload: Uint8Array): Promise<void> {
    const logIndex = await this.#append(payload);
    try {
      this.world.commit(staged, block.hash);
      const hot = this.#hotOf(block, receipts, logIndex);
      this.#setHead(hot);
      this.pending = [];
      await this.index.put(hot, this.#meta(logIndex + 1));
    } catch (error) {
      this.#break(error);
      throw error;
    }
    this.#emit({ kind: 'block', block, receipts, removed: [] });
  }

  async #goBack(number: number, hash: Uint8Array): Promise<void> {
    const target = await this.hotBlock(number);
    if (target === undefined) throw damaged(`block ${number} is not in the log`);
    const undone: { number: number; hash: Uint8Array }[] = [];
    for (let above = this.headNumber; above > number; above--) {
      const aboveHash = this.hashOf(above);
      if (aboveHash !== undefined) undone.push({ number: above, hash: aboveHash });
    }
    const logIndex = await this.#append(encodeRewindPayload(number, hash));
    try {
      this.world.rewind(number);
      this.#executor.forgetState();
      this.#setHead(target);
      await this.index.rewind(undone, this.#meta(logIndex + 1));
    } catch (error) {
      this.#break(error);
      throw error;
    }
  }

  async #append(payload: Uint8Array): Promise<number> {
    const { length } = this.log;
    try {
      return (await this.log.append(payload)).index;
    } catch (error) {
      this.#executor.forgetState();
      if (this.log.length !== length) this.#break(error);
      throw error;
    }
  }

  /** Total difficulty decides where proof of stake begins (EIP-3675). */
  #setHead(hot: HotBlock): void {
    this.newest = hot;
    const { config } = this;
    const next = hot.block.header.number + 1n;
    if (config.mergeBlock !== undefined && config.mergeBlock > next) {
      config.setMergeBlock(undefined);
    }
    const total = config.terminalTotalDifficulty;
    if (config.mergeBlock === undefined && total !== undefined) {
      if (hot.row.totalDifficulty >= total) config.setMergeBlock(next);
    }
  }

  #hotOf(block: Block, receipts: readonly Receipt[] | undefined, logIndex: number): HotBlock {
    const totalDifficulty = this.newest.row.totalDifficulty + block.header.difficulty;
    const senders = joinSenders(block.transactions);
    return { block, receipts, row: { hash: block.hash, logIndex, totalDifficulty, senders } };
  }

  #meta(logLength: number): IndexMeta {
    const { mergeBlock } = this.config;
    return { genesisHash: this.genesis.hash, logLength, head: this.headNumber, mergeBlock };
  }

  /** Blocks up to the head, newest first, as far as ommers reach. */
  async #ancestors(): Promise<Block[]> {
    const ancestors: Block[] = [];
    for (let number = this.headNumber; number >= 0; number--) {
      if (ancestors.length > OMMER_DEPTH_MAX) break;
      const block = await this.block(number);
      if (block !== undefined) ancestors.push(block);
    }
    return ancestors;
  }

  async #removedAbove(number: number): Promise<ChainEvent['removed']> {
    const removed: { block: Block; receipts: readonly Receipt[] }[] = [];
    for (let above = this.headNumber; above > number; above--) {
      if (removed.length === REMOVED_BLOCKS_MAX) break;
      const block = await this.block(above);
      if (block === undefined) continue;
      removed.push({ block, receipts: (await this.receipts(above)) ?? [] });
    }
    return removed;
  }

  async #run<Result>(job: () => Promise<Result>): Promise<Result> {
    this.#assertOpen();
    this.#jobs++;
    const result = this.#last.then(async () => {
      try {
        this.#assertWhole();
        return await job();
      } finally {
        this.#jobs--;
      }
    });
    this.#last = result.catch(() => undefined);
    return await result;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ExecutionError('closed', 'the chain was closed');
    this.#assertWhole();
  }

  #assertWhole(): void {
    if (this.#broken === undefined) return;
    const message = `the chain has to be opened again: ${this.#broken}`;
    throw new ExecutionError('damaged-state', message);
  }

  #break(error: unknown): void {
    this.#broken ??= error instanceof Error ? error.message : String(error);
  }

  #emit(event: ChainEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** The first of the candidates, as many as a block has room for in bytes (EIP-7934). */
function fitting(
  candidates: readonly RecoveredTransaction[],
  otherBytes: number,
): readonly RecoveredTransaction[] {
  let bytes = BLOCK_OVERHEAD_BYTES + otherBytes;
  for (const [index, { raw }] of candidates.entries()) {
    bytes += raw.length + TRANSACTION_OVERHEAD_BYTES;
    if (bytes > BLOCK_BYTES_MAX) return candidates.slice(0, index);
  }
  return candidates;
}

/** What does not fit into what others left may stand in the next block: that is no refusal. */
function refusedOf(draft: BlockDraft, processed: ProcessedBlock): Map<string, string> {
  const refused = new Map<string, string>();
  for (const [index, result] of processed.results.entries()) {
    const transaction = draft.transactions[index];
    if (result.included || transaction === undefined) continue;
    const { code, message } = result.error;
    const fitsAlone = transaction.fields.gasLimit <= draft.header.gasLimit;
    if (code === 'gas-limit-over-block' && fitsAlone) continue;
    if (code === 'blob-gas-over-block') continue;
    refused.set(bytesToHex(transaction.hash), `${code}: ${message}`);
  }
  return refused;
}

/** About what it takes in a payload. */
function sizeOf({ code, storage }: AccountChange): number {
  return 128 + (code?.length ?? 0) + storage.length * 72;
}

function damaged(message: string): ExecutionError {
  return new ExecutionError('damaged-state', message);
}
