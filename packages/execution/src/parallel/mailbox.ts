/**
 * Questions of a worker about the state below shared memory. The calling thread, which owns the
 * state, answers them while it waits for the block: reads are synchronous on both sides.
 */
import { type Account, EvmError, type StateReader } from '@basalt/evm';
import type { WorkerChannel } from './control.ts';
import { ANSWER_BYTES, ANSWER_SPINS } from './limits.ts';

const FREE = 0;
const ASKED = 1;
const ANSWERED = 2;
const FAILED = 3;

const ASK_ACCOUNT = 1;
const ASK_STORAGE = 2;
const ASK_CODE = 3;
const ASK_BLOCK_HASH = 4;
const ASK_HAS_STORAGE = 5;

// Offsets in the question's view; the state word is at 0.
const KIND = 4;
/** Answer: whole length of what was asked for. */
const LENGTH = 8;
/** Question: first byte of code that is wanted. */
const OFFSET = 12;
const ADDRESS = 16;
const WORD = 36;
const NUMBER = 72;

/** The state below answers with an error of its own; the calling thread has it. */
export class HostFailed extends Error {}

/** By the worker. */
export class MailboxReader implements StateReader {
  readonly #channel: WorkerChannel;
  readonly #bytes: Uint8Array;
  readonly #nowMs: () => number;
  /** Time spent waiting for answers, ever. */
  waitedMs = 0;

  constructor(channel: WorkerChannel, nowMs: () => number) {
    this.#channel = channel;
    this.#nowMs = nowMs;
    const { buffer, byteOffset, byteLength } = channel.question;
    this.#bytes = new Uint8Array(buffer, byteOffset, byteLength);
  }

  readAccount(address: Uint8Array): Account | undefined {
    this.#bytes.set(address, ADDRESS);
    if (this.#ask(ASK_ACCOUNT) === 0) return undefined;
    const { answer } = this.#channel;
    const view = new DataView(answer.buffer, answer.byteOffset);
    const nonce = view.getBigUint64(0);
    let balance = 0n;
    for (let at = 8; at < 40; at += 8) balance = (balance << 64n) | view.getBigUint64(at);
    return { nonce, balance, codeHash: answer.slice(40, 72) };
  }

  readStorage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    this.#bytes.set(address, ADDRESS);
    this.#bytes.set(slot, WORD);
    this.#ask(ASK_STORAGE);
    return this.#channel.answer.slice(0, 32);
  }

  readCode(codeHash: Uint8Array): Uint8Array {
    const { question, answer } = this.#channel;
    this.#bytes.set(codeHash, WORD);
    question.setUint32(OFFSET, 0);
    const length = this.#ask(ASK_CODE);
    const code = new Uint8Array(length);
    let offset = 0;
    for (;;) {
      const part = Math.min(ANSWER_BYTES, length - offset);
      code.set(answer.subarray(0, part), offset);
      offset += part;
      if (offset === length) return code;
      this.#bytes.set(codeHash, WORD);
      question.setUint32(OFFSET, offset);
      this.#ask(ASK_CODE);
    }
  }

  blockHash(number: bigint): Uint8Array {
    this.#channel.question.setBigUint64(NUMBER, number);
    this.#ask(ASK_BLOCK_HASH);
    return this.#channel.answer.slice(0, 32);
  }

  hasStorage(address: Uint8Array): boolean {
    this.#bytes.set(address, ADDRESS);
    return this.#ask(ASK_HAS_STORAGE) === 1;
  }

  /** @returns the length in the answer */
  #ask(kind: number): number {
    const { state, question } = this.#channel;
    question.setUint32(KIND, kind);
    const askedMs = this.#nowMs();
    Atomics.store(state, 0, ASKED);
    this.#channel.ring();
    for (let i = 0; i < ANSWER_SPINS && Atomics.load(state, 0) === ASKED; i++);
    while (Atomics.load(state, 0) === ASKED) Atomics.wait(state, 0, ASKED);
    this.waitedMs += this.#nowMs() - askedMs;
    const answered = Atomics.exchange(state, 0, FREE);
    if (answered !== ANSWERED) throw new HostFailed('the state below could not be read');
    return question.getUint32(LENGTH);
  }
}

/** The calling thread's side: what it answers from. */
export interface MailboxState {
  readAccount(address: Uint8Array): Account | undefined;
  readStorage(address: Uint8Array, slot: Uint8Array): Uint8Array;
  readCode(codeHash: Uint8Array): Uint8Array;
  hasStorage(address: Uint8Array): boolean;
  blockHash(number: bigint): Uint8Array;
}

/**
 * Answers a worker's question where there is one.
 *
 * @returns false when there was none
 * @throws what `from` throws, after the worker was told that there is no answer
 */
export function answerMailbox(channel: WorkerChannel, from: MailboxState): boolean {
  const { state, question } = channel;
  if (Atomics.load(state, 0) !== ASKED) return false;
  let outcome = FAILED;
  try {
    question.setUint32(LENGTH, writeAnswer(channel, from));
    outcome = ANSWERED;
  } finally {
    Atomics.store(state, 0, outcome);
    Atomics.notify(state, 0);
  }
  return true;
}

function writeAnswer({ question, answer }: WorkerChannel, from: MailboxState): number {
  const bytes = new Uint8Array(question.buffer, question.byteOffset);
  const address = (): Uint8Array => bytes.slice(ADDRESS, ADDRESS + 20);
  const word = (): Uint8Array => bytes.slice(WORD, WORD + 32);
  switch (question.getUint32(KIND)) {
    case ASK_ACCOUNT:
      return writeAccount(answer, from.readAccount(address()));
    case ASK_STORAGE:
      return writeWord(answer, from.readStorage(address(), word()));
    case ASK_CODE: {
      const code = from.readCode(word());
      const offset = question.getUint32(OFFSET);
      answer.set(code.subarray(offset, offset + ANSWER_BYTES));
      return code.length;
    }
    case ASK_BLOCK_HASH:
      return writeWord(answer, from.blockHash(question.getBigUint64(NUMBER)));
    default:
      return from.hasStorage(address()) ? 1 : 0;
  }
}

function writeAccount(answer: Uint8Array, account: Account | undefined): number {
  if (account === undefined) return 0;
  const { nonce, balance, codeHash } = account;
  if (nonce >> 64n !== 0n || balance >> 256n !== 0n || codeHash.length !== 32) {
    throw new EvmError('bad-request', 'the state reader answered with a malformed account');
  }
  const view = new DataView(answer.buffer, answer.byteOffset);
  view.setBigUint64(0, nonce);
  for (let i = 0; i < 4; i++) {
    view.setBigUint64(32 - i * 8, BigInt.asUintN(64, balance >> BigInt(64 * i)));
  }
  answer.set(codeHash, 40);
  return 1;
}

function writeWord(answer: Uint8Array, word: Uint8Array): number {
  if (word.length !== 32) {
    throw new EvmError('bad-request', 'the state reader answered with a malformed word');
  }
  answer.set(word);
  return 32;
}
