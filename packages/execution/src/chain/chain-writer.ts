import type { AccountChange } from '@basalt/evm';
import { assert, equalBytes } from '@basalt/protocol';
import { encodeBlock } from '../block/block-codec.ts';
import type { Block, Receipt } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import type { StateView } from '../state/types.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';
import { checkBody, unsignedSenders } from './block-body.ts';
import { ChainRunner, type ReadyBlock } from './chain-runner.ts';
import { checkHeader } from './header-rules.ts';
import { INTERVENTIONS_BYTES_MAX, REMOVED_BLOCKS_MAX } from './limits.ts';
import { checkOmmers } from './ommers.ts';
import { encodeBlockPayload, encodeRewindPayload } from './payload.ts';
import type { BlockAttributes, BuiltBlock, Chain, ChainEvent } from './types.ts';

/** The part of a chain that changes it; one job at a time, in the order of the calls. */
export class ChainWriter extends ChainRunner implements Chain {
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  /** The log holds what the state does not: only a new start can say what holds. */
  #broken: string | undefined;

  build(
    candidates: readonly RecoveredTransaction[],
    attributes: BlockAttributes,
  ): Promise<BuiltBlock> {
    return this.#run(async () => {
      const { built } = await this.buildNext(candidates, attributes);
      this.executor.forgetState();
      return built;
    });
  }

  // Life of a transaction, 8.
  propose(
    candidates: readonly RecoveredTransaction[],
    attributes: BlockAttributes,
  ): Promise<BuiltBlock> {
    return this.#run(async () => {
      const interventions = this.pending;
      const { built, staged, encoded } = await this.buildNext(candidates, attributes);
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
      if (known !== undefined && equalBytes(known, block.hash)) {
        return { receipts: (await this.receipts(number)) ?? [] };
      }
      checkHeader(block.header, this.newest.block, this.config);
      const { fork } = this.config.forkAt(block.header.number, block.header.timestamp);
      checkBody(block, fork, this.config.chainId);
      if (block.ommers.length > 0) checkOmmers(block, await this.ancestors(), this.config);
      const interventions = this.pending;
      const ready = await this.verify(block, interventions);
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
      const removedCount = this.headNumber - number;
      const removed = await this.#removedAbove(number);
      if (number < this.headNumber) await this.#goBack(number, hash);
      this.pending = [];
      this.#emit({
        kind: 'rewind',
        block: this.newest.block,
        receipts: this.newest.receipts ?? (await this.receipts(number)) ?? [],
        removedCount,
        removed,
      });
    });
  }

  intervene(changesOf: (head: StateView) => readonly AccountChange[]): Promise<void> {
    return this.#run(async () => {
      const head = this.stateAt(this.headNumber);
      assert(head !== undefined, 'the state of the head is always there');
      const pending = [...this.pending, ...changesOf(head)];
      const bytes = pending.reduce((sum, change) => sum + sizeOf(change), 0);
      if (bytes > INTERVENTIONS_BYTES_MAX) {
        const message = `changes by hand of ${bytes} bytes, at most ${INTERVENTIONS_BYTES_MAX}`;
        throw new ExecutionError('oversize', message, { bytes });
      }
      this.pending = pending;
    });
  }

  interventions(): readonly AccountChange[] {
    return this.pending;
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

  /** First the log, then everything that follows from it. */
  // Life of a transaction, 14.
  async #keep({ block, receipts, staged }: ReadyBlock, payload: Uint8Array): Promise<void> {
    const appended = this.#append(payload);
    // Rows are made while the log writes and syncs.
    const prepared = this.index.prepare(block, receipts);
    const logIndex = await appended;
    try {
      this.world.commit(staged, block.hash);
      const hot = this.hotOf(block, receipts, logIndex);
      this.setHead(hot);
      this.pending = [];
      await this.index.put(hot, this.metaAfter(logIndex + 1), prepared);
    } catch (error) {
      this.#break(error);
      throw error;
    }
    this.#emit({ kind: 'block', block, receipts, removedCount: 0, removed: [] });
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
      this.executor.forgetState();
      this.setHead(target);
      await this.index.rewind(undone, this.metaAfter(logIndex + 1));
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
      this.executor.forgetState();
      if (this.log.length !== length) this.#break(error);
      throw error;
    }
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
    const result = this.#last.then(async () => {
      this.#assertWhole();
      return await job();
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
    for (const listener of this.#listeners) listener(event);
  }
}

/** About what it takes in a payload. */
function sizeOf({ code, storage }: AccountChange): number {
  return 128 + (code?.length ?? 0) + storage.length * 72;
}

function damaged(message: string): ExecutionError {
  return new ExecutionError('damaged-state', message);
}
