import type { AccountChange } from '@basalt/evm';
import { isAtLeast } from '@basalt/evm';
import { bytesToHex } from '@noble/hashes/utils.js';
import { BLOCK_BYTES_MAX } from '../block/limits.ts';
import type { Block, Receipt } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import type { BlockExecutor } from '../executor/types.ts';
import type { StagedState } from '../state/types.ts';
import type { Recoverer } from '../transaction/recoverer-shell.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';
import { recoverBlock } from './block-body.ts';
import { type HotBlock, type IndexMeta, joinSenders } from './block-index.ts';
import { BlockPace } from './block-pace.ts';
import { ChainReader, type ReaderParts } from './chain-reader.ts';
import { checkProcessed, type DraftHeader, draftHeader, finishBlock } from './finish-block.ts';
import { checkEqual } from './invalid-block.ts';
import { createReceiptMaker } from './make-receipts.ts';
import { decodeChainPayload } from './payload.ts';
import { type BlockDraft, type ProcessedBlock, processBlock } from './process-block.ts';
import { alignState, surveyLog } from './replay.ts';
import type { BlockAttributes, BuiltBlock } from './types.ts';

export interface RunnerParts extends ReaderParts {
  readonly executor: BlockExecutor;
  readonly recoverer: Pick<Recoverer, 'recover'>;
}

/** A block that ran, whose state is staged. */
export interface ReadyBlock {
  readonly block: Block;
  readonly receipts: readonly Receipt[];
  readonly staged: StagedState;
}

/** A header, a hash, places in lists: what a block takes beside its transactions. */
const BLOCK_OVERHEAD_BYTES = 2_048;
const TRANSACTION_OVERHEAD_BYTES = 4;

/** The part of a chain that runs blocks: new ones, foreign ones, and those of the log again. */
export class ChainRunner extends ChainReader {
  protected readonly executor: BlockExecutor;
  protected readonly recoverer: Pick<Recoverer, 'recover'>;
  readonly #receiptMaker = createReceiptMaker();
  readonly #pace = new BlockPace();

  constructor(parts: RunnerParts) {
    super(parts);
    this.executor = parts.executor;
    this.recoverer = parts.recoverer;
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
    const sources = { recoverer: this.recoverer, recover: this.recover };
    const block = await recoverBlock(payload.block, payload.unsigned, fork, sources);
    let receipts: readonly Receipt[] | undefined;
    if (!isInState) {
      const ready = await this.verify(block, payload.interventions);
      this.world.commit(ready.staged, block.hash);
      receipts = ready.receipts;
    }
    const hot = this.hotOf(block, receipts, logIndex);
    this.setHead(hot);
    const prepared = this.index.prepare(block, receipts);
    await this.index.put(hot, metaAt(Number(header.number)), prepared);
  }

  async #startAt(number: number): Promise<void> {
    if (number === 0) {
      this.setHead(this.genesisBlock);
      return;
    }
    const row = this.index.row(number);
    if (row === undefined) throw damaged(`block ${number} is not in the index`);
    const payload = decodeChainPayload(await this.log.read(row.logIndex));
    if (payload.kind !== 'block') throw damaged(`entry ${row.logIndex} of the log is no block`);
    const { header } = payload.block;
    const { fork } = this.config.forkAt(header.number, header.timestamp);
    const sources = { recoverer: this.recoverer, recover: this.recover };
    const block = await recoverBlock(payload.block, payload.unsigned, fork, sources);
    this.setHead({ block, receipts: undefined, row });
  }

  protected async buildNext(
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
      transactions: fitting(this.#inTime(candidates, attributes), (withdrawals?.length ?? 0) * 64),
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
  protected async verify(
    block: Block,
    interventions: readonly AccountChange[],
  ): Promise<ReadyBlock> {
    const { header, transactions, ommers, withdrawals } = block;
    const draft: BlockDraft = { header, transactions, ommers, withdrawals, interventions };
    const processed = await this.#process(draft, 'import');
    try {
      checkProcessed(block, processed);
      const staged = this.world.stage(processed.changes);
      checkEqual('stateRoot', staged.root, header.stateRoot);
      return { block, receipts: processed.receipts, staged };
    } catch (error) {
      this.executor.forgetState();
      throw error;
    }
  }

  async #process(draft: BlockDraft, purpose: 'import' | 'build'): Promise<ProcessedBlock> {
    const { number, timestamp } = draft.header;
    const { fork } = this.config.forkAt(number, timestamp);
    const evm = await this.engines.get(fork);
    try {
      const processed = await processBlock(draft, {
        schedule: this.config,
        executor: this.executor,
        evm,
        receipts: this.#receiptMaker,
        base: this.world.head(),
        blockHash: this.blockHashFor(number),
        purpose,
        rootAfter: (changes) => this.world.stage(changes).root,
      });
      this.#pace.record(processed.results.length, processed.statistics.durationMs);
      return processed;
    } catch (error) {
      this.executor.forgetState();
      throw error;
    }
  }

  /** The first of the candidates, as many as the time is enough for. */
  #inTime(
    candidates: readonly RecoveredTransaction[],
    { timeBudgetMs }: BlockAttributes,
  ): readonly RecoveredTransaction[] {
    if (timeBudgetMs === undefined) return candidates;
    return candidates.slice(0, this.#pace.transactionsIn(timeBudgetMs));
  }

  /** Total difficulty decides where proof of stake begins (EIP-3675). */
  protected setHead(hot: HotBlock): void {
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

  protected hotOf(
    block: Block,
    receipts: readonly Receipt[] | undefined,
    logIndex: number,
  ): HotBlock {
    const totalDifficulty = this.newest.row.totalDifficulty + block.header.difficulty;
    const senders = joinSenders(block.transactions);
    return { block, receipts, row: { hash: block.hash, logIndex, totalDifficulty, senders } };
  }

  protected metaAfter(logLength: number): IndexMeta {
    const { mergeBlock } = this.config;
    return { genesisHash: this.genesis.hash, logLength, head: this.headNumber, mergeBlock };
  }
}

/** The first of the candidates, as many as a block has room for in bytes (EIP-7934). */
function fitting(
  candidates: readonly RecoveredTransaction[],
  otherBytes: number,
): readonly RecoveredTransaction[] {
  let bytes = BLOCK_OVERHEAD_BYTES + otherBytes;
  const end = candidates.findIndex(({ raw }) => {
    bytes += raw.length + TRANSACTION_OVERHEAD_BYTES;
    return bytes > BLOCK_BYTES_MAX;
  });
  return end < 0 ? candidates : candidates.slice(0, end);
}

/** What does not fit into what others left may stand in the next block: that is no refusal. */
function refusedOf(draft: BlockDraft, processed: ProcessedBlock): Map<string, string> {
  const refused = new Map<string, string>();
  processed.results.forEach((result, index) => {
    const transaction = draft.transactions[index];
    if (result.included || transaction === undefined) return;
    const { code, message } = result.error;
    const fitsAlone = transaction.fields.gasLimit <= draft.header.gasLimit;
    if (code === 'gas-limit-over-block' && fitsAlone) return;
    if (code === 'blob-gas-over-block') return;
    refused.set(bytesToHex(transaction.hash), `${code}: ${message}`);
  });
  return refused;
}

function damaged(message: string): ExecutionError {
  return new ExecutionError('damaged-state', message);
}
