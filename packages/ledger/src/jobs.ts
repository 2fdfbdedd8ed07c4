import type { Block, BlockHash, Signer } from '@basalt/protocol';
import type { NamedRecord } from '@basalt/store';
import type { spanHere } from '@basalt/telemetry';
import type { SignatureCheck } from './chain-state.ts';
import type { AppendedBlock, LocalRecord, SubmitOutcome } from './types.ts';

/** One submitted block on its way through the pipeline. */
export interface SubmittedItem {
  readonly block: Block;
  readonly hash: BlockHash;
  /** Written by the verification stage. */
  check: SignatureCheck;
}

interface JobBase {
  readonly ifHead: BlockHash | undefined;
  /** Blocks and bytes that this job holds of the queue's bound. */
  readonly blockCount: number;
  readonly byteCount: number;
  /** Resolves when the job may be applied (signatures checked). */
  readonly ready: Promise<void>;
  /** True once `ready` has resolved: the job can join a group without waiting. */
  isReady: boolean;
  /** The span in which it was asked for, where traces are made. */
  readonly trace: ReturnType<typeof spanHere>;
  reject(error: unknown): void;
}

/** Foreign blocks: signed elsewhere, verified here. */
export interface SubmitJob extends JobBase {
  readonly kind: 'submit';
  readonly items: readonly SubmittedItem[];
  resolve(outcomes: SubmitOutcome[]): void;
}

/** Records of a local writer: signed when their place in the chain is known. */
export interface WriteJob extends JobBase {
  readonly kind: 'write';
  readonly records: readonly LocalRecord[];
  readonly signer: Signer;
  /** Named records that must change in the same group (the super-tree's values). */
  readonly named: readonly NamedRecord[];
  resolve(blocks: AppendedBlock[]): void;
}

export type Job = SubmitJob | WriteJob;

/** FIFO of one namespace. Its length is bounded by the pipeline's budget, not by itself. */
export class JobQueue {
  readonly #jobs: Job[] = [];
  running = false;

  push(job: Job): void {
    this.#jobs.push(job);
  }

  get empty(): boolean {
    return this.#jobs.length === 0;
  }

  peek(): Job | undefined {
    return this.#jobs[0];
  }

  /** The first job and those after it that are ready too, up to `blocksMax` blocks. */
  takeGroup(blocksMax: number): Job[] {
    const group: Job[] = [];
    let blocks = 0;
    for (const job of this.#jobs) {
      if (group.length > 0 && (!job.isReady || blocks + job.blockCount > blocksMax)) break;
      group.push(job);
      blocks += job.blockCount;
    }
    this.#jobs.splice(0, group.length);
    return group;
  }

  takeAll(): Job[] {
    return this.#jobs.splice(0);
  }
}
