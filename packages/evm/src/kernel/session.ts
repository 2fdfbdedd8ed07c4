import { EvmError } from '../errors.ts';
import type {
  AccountHandle,
  FrameAccounts,
  FrameRequest,
  FrameResult,
  Session,
  SessionResult,
} from '../evm.ts';
import type { ForkRules } from '../forks.ts';
import type { Tier } from '../jit/tier.ts';
import { GAS_LIMIT_MAX } from '../limits.ts';
import type { Tracer } from '../trace/types.ts';
import type { Account } from '../types.ts';
import { assertBits, assertLength } from './assert-input.ts';
import { addressAt, collect, readAccount } from './collect.ts';
import { haltOf } from './halts.ts';
import type { HostContext } from './host.ts';
import { copyOut, type KernelInstance, readWord, writeBytesAsWord, writeWord } from './instance.ts';
import { ACCOUNT_BALANCE, ACCOUNT_FLAGS, ACCOUNT_IS_EXISTING, ACCOUNT_IS_WARM } from './layout.ts';
import { createTraceHost } from './trace-host.ts';

const NO_BYTES = new Uint8Array(0);
const NO_SLOTS: readonly Uint8Array[] = [];

/** Places in the host's scratch: an address, a key or amount, another amount. */
const ADDRESS_WORD = 0;
const VALUE_WORD = 32;
const BOUND_WORD = 64;
const WORD_LIMIT = 2n ** 256n;

/** State of the journal at a mark. */
interface Mark {
  readonly journal: number;
  readonly logs: number;
  readonly refund: bigint;
}

/** The one implementation of {@link Session}: a thin face over the kernel's journal. */
export class KernelSession implements Session {
  readonly #context: HostContext;
  readonly #kernel: KernelInstance;
  readonly #rules: ForkRules;
  readonly #tier: Tier | undefined;
  readonly #marks: Mark[] = [];
  #isOpen = true;
  /** Record of the contract that the outermost frame made, failed or not; 0: it made none. */
  createdRecord = 0;

  /** The kernel was reset and its environment written. */
  constructor(
    context: HostContext,
    kernel: KernelInstance,
    rules: ForkRules,
    tier: Tier | undefined,
  ) {
    this.#context = context;
    this.#kernel = kernel;
    this.#rules = rules;
    this.#tier = tier;
  }

  handle(address: Uint8Array): AccountHandle {
    return this.#record(address) as AccountHandle;
  }

  getAccount(address: Uint8Array): Account | undefined {
    const record = this.#load(address);
    const flags = this.#kernel.view.getUint32(record + ACCOUNT_FLAGS, true);
    return flags & ACCOUNT_IS_EXISTING ? readAccount(this.#kernel, record) : undefined;
  }

  getBalance(address: Uint8Array): bigint {
    const record = this.#record(address);
    this.#kernel.exports.loadBalance(record);
    return readWord(this.#kernel, record + ACCOUNT_BALANCE);
  }

  getNonce(address: Uint8Array): bigint {
    return BigInt.asUintN(64, this.#kernel.exports.loadNonce(this.#record(address)));
  }

  exists(address: Uint8Array): boolean {
    return this.#kernel.exports.existsNow(this.#record(address)) !== 0;
  }

  getCode(address: Uint8Array): Uint8Array {
    const record = this.#record(address);
    const { exports } = this.#kernel;
    const size = exports.codeSize(record);
    return size === 0 ? NO_BYTES : copyOut(this.#kernel, exports.codeAt(record), size);
  }

  setBalance(address: Uint8Array, balance: bigint): void {
    const word = this.#amount(balance);
    this.#kernel.exports.setBalance(this.#record(address), word);
  }

  addBalance(account: Uint8Array | AccountHandle, amount: bigint): void {
    const word = this.#amount(amount);
    this.#kernel.exports.addBalance(this.#recordOf(account), word);
  }

  credit(account: Uint8Array | AccountHandle, amount: bigint): void {
    const word = this.#amount(amount);
    this.#kernel.exports.credit(this.#recordOf(account), word);
  }

  setNonce(address: Uint8Array, nonce: bigint): void {
    assertBits(nonce, 64, 'nonce');
    this.#kernel.exports.setNonce(this.#record(address), nonce);
  }

  charge(account: AccountHandle, nonce: bigint, least: bigint, amount: bigint): boolean {
    assertBits(nonce, 64, 'nonce');
    const needed = least < amount ? amount : least;
    // No balance is so high.
    if (needed >= WORD_LIMIT) return false;
    const taken = this.#amount(amount);
    const bound = this.#kernel.at.scratch + BOUND_WORD;
    writeWord(this.#kernel, bound, needed);
    return this.#kernel.exports.charge(account, nonce, bound, taken) !== 0;
  }

  setCode(address: Uint8Array, code: Uint8Array): void {
    const record = this.#record(address);
    const at = this.#writeInput(code, 0);
    this.#kernel.exports.setCode(record, at, code.length);
  }

  warm(account: Uint8Array | AccountHandle, slots: readonly Uint8Array[] = NO_SLOTS): void {
    const record = this.#recordOf(account);
    this.#kernel.exports.warm(record);
    const word = this.#kernel.at.scratch + VALUE_WORD;
    for (const slot of slots) {
      assertLength(slot, 32, 'slot');
      writeBytesAsWord(this.#kernel, word, slot);
      this.#kernel.exports.warmKey(record, word);
    }
  }

  isWarm(address: Uint8Array): boolean {
    const flags = this.#kernel.view.getUint32(this.#record(address) + ACCOUNT_FLAGS, true);
    return (flags & ACCOUNT_IS_WARM) !== 0;
  }

  addRefund(gas: bigint): void {
    this.#assertOpen();
    this.#kernel.exports.addRefund(gas);
  }

  snapshot(): number {
    this.#assertOpen();
    this.#marks.push(this.#mark());
    return this.#marks.length - 1;
  }

  revert(snapshot: number): void {
    this.#assertOpen();
    const mark = this.#marks[snapshot];
    if (mark === undefined) throw new EvmError('bad-request', 'no such snapshot');
    this.#marks.length = snapshot;
    this.#rewind(mark);
  }

  #mark(): Mark {
    const { exports } = this.#kernel;
    const journal = exports.journalPosition();
    return { journal, logs: exports.logsEnd(), refund: exports.refundCounter() };
  }

  #rewind(mark: Mark): void {
    this.#kernel.exports.revert(mark.journal, mark.logs, mark.refund);
  }

  run(request: FrameRequest, accounts?: FrameAccounts): FrameResult {
    this.#assertOpen();
    const { gasLimit, value = 0n, isStatic = false } = request;
    if (gasLimit < 0n || gasLimit > GAS_LIMIT_MAX) {
      throw new EvmError('bad-request', 'the gas limit must be between 0 and 2^63 - 1');
    }
    if (isStatic && value !== 0n) {
      throw new EvmError('bad-request', 'a static call moves no value');
    }
    const tier = this.#tier;
    let isDone = false;
    try {
      const result =
        tier === undefined
          ? this.#runOnce(request, accounts)
          : this.#runTiered(tier, request, accounts);
      isDone = true;
      return result;
    } finally {
      // A host that throws leaves the frames open: this session cannot go on.
      if (!isDone) this.close();
    }
  }

  trace(request: FrameRequest, tracer: Tracer): FrameResult {
    const context = this.#context;
    context.tracer = createTraceHost(this.#kernel, this.#rules.fork, tracer);
    this.#kernel.exports.setTracing(1);
    try {
      return this.run(request);
    } finally {
      this.#kernel.exports.setTracing(0);
      context.tracer = undefined;
    }
  }

  finish(): SessionResult {
    this.#assertOpen();
    const result = collect(this.#kernel, this.#rules);
    this.close();
    return result;
  }

  /** The engine goes on to another session. */
  close(): void {
    this.#isOpen = false;
    this.#context.state = undefined;
  }

  #runTiered(tier: Tier, request: FrameRequest, accounts: FrameAccounts | undefined): FrameResult {
    const mark = this.#mark();
    return tier.run(request, {
      once: () => this.#runOnce(request, accounts),
      rewind: () => this.#rewind(mark),
      outcome: (result) => {
        const { logs, changes } = collect(this.#kernel, this.#rules);
        return { result, logs, changes };
      },
    });
  }

  #runOnce(request: FrameRequest, accounts: FrameAccounts | undefined): FrameResult {
    if (request.to === undefined) return this.#runCreate(request);
    const { from = this.#record(request.from), to = this.#record(request.to) } = accounts ?? {};
    return this.#runCall(request, from, to);
  }

  #runCall(request: FrameRequest, from: number, to: number): FrameResult {
    const { data = NO_BYTES, code } = request;
    const value = this.#amount(request.value ?? 0n);
    const input = this.#writeInput(data, 0);
    const codeAt = code === undefined ? 0 : this.#writeInput(code, data.length);
    const halt = this.#kernel.exports.runCall(
      from,
      to,
      value,
      request.gasLimit,
      input,
      data.length,
      request.isStatic === true ? 1 : 0,
      codeAt,
      code?.length ?? 0,
    );
    return this.#result(halt, undefined);
  }

  #runCreate(request: FrameRequest): FrameResult {
    const { data = NO_BYTES } = request;
    const { exports } = this.#kernel;
    const from = this.#record(request.from);
    const nonce = request.nonce ?? BigInt.asUintN(64, exports.loadNonce(from));
    const account = exports.createdAccount(from, nonce);
    this.createdRecord = account;
    const value = this.#amount(request.value ?? 0n);
    const code = this.#writeInput(data, 0);
    const halt = exports.runCreate(from, account, value, request.gasLimit, code, data.length);
    return this.#result(halt, addressAt(this.#kernel, account));
  }

  #result(number: number, created: Uint8Array | undefined): FrameResult {
    const { exports, at } = this.#kernel;
    const halt = haltOf(number);
    const refund = exports.refundCounter();
    const size = exports.outputLength();
    return {
      halt,
      gasLeft: exports.gasLeft(),
      gasRefund: refund < 0n ? 0n : refund,
      output: size === 0 ? NO_BYTES : copyOut(this.#kernel, at.returnBuffer, size),
      created: halt === undefined ? created : undefined,
    };
  }

  /** Writes bytes into the start of frame memory, behind `offset` bytes written before. */
  #writeInput(data: Uint8Array, offset: number): number {
    const { at, bytes, sizes } = this.#kernel;
    if (offset + data.length + 128 > sizes.frameMemoryBytes) {
      throw new EvmError('memory-bound', 'the input does not fit into frameMemoryBytes');
    }
    bytes.set(data, at.frameMemory + offset);
    return at.frameMemory + offset;
  }

  /** Writes an amount where the kernel's exports take one from; valid until the next one. */
  writeAmount(value: bigint): number {
    return this.#amount(value);
  }

  #amount(value: bigint): number {
    this.#assertOpen();
    assertBits(value, 256, 'amount');
    const word = this.#kernel.at.scratch + VALUE_WORD;
    writeWord(this.#kernel, word, value);
    return word;
  }

  /** Record of an address, read from the state below. */
  #load(address: Uint8Array): number {
    const record = this.#record(address);
    this.#kernel.exports.loadAccount(record);
    return record;
  }

  #recordOf(account: Uint8Array | AccountHandle): number {
    if (typeof account !== 'number') return this.#record(account);
    this.#assertOpen();
    return account;
  }

  #record(address: Uint8Array): number {
    this.#assertOpen();
    assertLength(address, 20, 'address');
    const word = this.#kernel.at.scratch + ADDRESS_WORD;
    // The kernel looks at these twenty bytes only.
    const { bytes } = this.#kernel;
    for (let index = 0; index < 20; index++) bytes[word + index] = address[19 - index] ?? 0;
    return this.#kernel.exports.accountOf(word);
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new EvmError('session-closed', 'this session has ended');
  }
}
