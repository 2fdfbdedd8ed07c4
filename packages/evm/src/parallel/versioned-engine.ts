import { EvmError } from '../errors.ts';
import type { Evm } from '../evm.ts';
import { writeBlock, writeTransaction } from '../kernel/environment.ts';
import { BLOCKED } from '../kernel/host.ts';
import { assertTenant, type EngineParts, partsOf } from '../kernel/parts.ts';
import { KernelSession } from '../kernel/session.ts';
import { checkTransaction, type RunPlan, runTransaction } from '../transaction/run.ts';
import type { Transaction, TransactionError } from '../transaction/types.ts';
import type { BlockSpace } from '../transaction/validate.ts';
import type { BlockEnvironment, StateReader } from '../types.ts';
import { errorNumber } from './result.ts';
import type { Incarnation, VersionedEngine } from './types.ts';

const WROTE_NEW: Incarnation = { status: 'executed', wroteNewLocation: true };
const WROTE_KNOWN: Incarnation = { status: 'executed', wroteNewLocation: false };
const NO_HASHES: readonly Uint8Array[] = [];

/**
 * The hands of one engine on the multi-version memory that it was planned with. The engine may
 * still be used as any other between blocks.
 *
 * @throws EvmError `bad-request` for an engine that was not made with `shared`
 */
export function versionedEngine(evm: Evm): VersionedEngine {
  const parts = partsOf(evm);
  if (parts?.isShared !== true) {
    throw new EvmError('bad-request', 'the engine was not made with a plan of shared memory');
  }
  return new KernelVersionedEngine(parts);
}

class KernelVersionedEngine implements VersionedEngine {
  readonly #parts: EngineParts;
  /** The block that was given last, and what stands in the kernel for it. */
  #given: BlockEnvironment | undefined;
  #written: BlockEnvironment | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  execute(
    index: number,
    incarnation: number,
    transaction: Transaction,
    block: BlockEnvironment,
    state: StateReader,
    space: BlockSpace,
  ): Incarnation {
    const parts = this.#parts;
    const { context, kernel, rules } = parts;
    const checked = checkTransaction(rules, transaction, block, space);
    const session = this.#begin(index, incarnation, state);
    try {
      if (checked.error !== undefined) return this.#refuse(checked.error);
      const { fees, gas } = checked;
      this.#writeBlock(block);
      const blobHashes = transaction.type === 3 ? transaction.blobHashes : NO_HASHES;
      const origin = transaction.sender;
      writeTransaction(kernel, { origin, gasPrice: fees.gasPrice, blobHashes });
      return this.#run(session, { transaction, block, fees, gas });
    } catch (error) {
      if (error === BLOCKED) return { status: 'blocked', by: context.blockedBy };
      throw error;
    } finally {
      session.close();
    }
  }

  validate(index: number): boolean {
    return this.#parts.kernel.exports.isStillValid(index) !== 0;
  }

  markEstimates(index: number): void {
    this.#parts.kernel.exports.markWrites(index);
  }

  /** Transactions of one block come one after another, and with the same object. */
  #writeBlock(block: BlockEnvironment): void {
    const parts = this.#parts;
    if (block === this.#given && parts.block === this.#written) return;
    this.#given = block;
    this.#written = writeBlock(parts.kernel, parts.rules, block, parts.block);
    parts.block = this.#written;
  }

  #begin(index: number, incarnation: number, state: StateReader): KernelSession {
    const parts = this.#parts;
    const { context, kernel, rules, tier } = parts;
    assertTenant(parts);
    parts.session?.close();
    kernel.exports.resetVersioned(index, incarnation);
    context.state = state;
    const session = new KernelSession(context, kernel, rules, tier);
    parts.session = session;
    return session;
  }

  #run(session: KernelSession, plan: RunPlan): Incarnation {
    const { kernel, rules } = this.#parts;
    const ran = runTransaction(session, rules, plan);
    if (ran.error !== undefined) return this.#refuse(ran.error);
    const { fees } = plan;
    const { halt } = ran.frame;
    const isWider = kernel.exports.publish(
      halt === undefined ? 1 : 0,
      ran.gasUsed,
      fees.blobGas,
      session.writeAmount(fees.gasPrice),
      halt === undefined ? session.createdRecord : 0,
    );
    return isWider === 0 ? WROTE_KNOWN : WROTE_NEW;
  }

  #refuse({ code, message }: TransactionError): Incarnation {
    const { at, bytes, exports } = this.#parts.kernel;
    const length = Math.min(message.length, MESSAGE_MAX);
    for (let index = 0; index < length; index++) {
      bytes[at.scratch + index] = message.charCodeAt(index);
    }
    const isWider = exports.publishRefusal(errorNumber(code), at.scratch, length);
    return isWider === 0 ? WROTE_KNOWN : WROTE_NEW;
  }
}

/** Longest words of a refusal; they hold figures of 78 digits at most. */
const MESSAGE_MAX = 1024;
