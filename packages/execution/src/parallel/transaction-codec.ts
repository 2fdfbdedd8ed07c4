/**
 * Transactions as bytes in shared memory: written once by the calling thread, each read by the
 * worker that runs it. A structured clone would be made anew for every worker.
 *
 * ```
 *   u32 count, u32 offset of each, then of each: u8 type, u8 has a callee, fields
 *   amount: u8 number of 64-bit limbs, limbs from the least
 *   bytes:  u32 length, bytes
 * ```
 */
import type { AccessListEntry, Authorization, Transaction } from '@basalt/evm';
import { TRANSACTION_BUFFER_BYTES } from './limits.ts';

const LIMB_BITS = 64n;
const LIMB_LIMIT = 2n ** 64n;
const LIMB_MASK = LIMB_LIMIT - 1n;
const WORD_LIMIT = 2n ** 256n;
/** An address is written faster byte by byte. */
const LOOP_BYTES_MAX = 32;
/** More than any fixed part takes: nine amounts of 256 bits, two addresses, lengths. */
const FIXED_BYTES_MAX = 512;

/** Keeps its buffer from block to block and takes a larger one where needed. */
export class TransactionWriter {
  #buffer = new SharedArrayBuffer(TRANSACTION_BUFFER_BYTES);
  #bytes = new Uint8Array(this.#buffer);
  #view = new DataView(this.#buffer);
  #at = 0;

  /**
   * @returns undefined for a transaction that has no such form: a negative amount, say. What is
   *   wrong with it is the engine's to tell
   */
  write(transactions: readonly Transaction[]): SharedArrayBuffer | undefined {
    this.#at = 0;
    this.#room(4 + transactions.length * 4);
    this.#view.setUint32(0, transactions.length, true);
    this.#at = 4 + transactions.length * 4;
    let index = 0;
    for (const transaction of transactions) {
      if (!hasPlainAmounts(transaction)) return undefined;
      this.#room(FIXED_BYTES_MAX);
      this.#view.setUint32(4 + index * 4, this.#at, true);
      this.#transaction(transaction);
      index++;
    }
    return this.#buffer;
  }

  #transaction(transaction: Transaction): void {
    this.#byte(transaction.type);
    this.#byte(transaction.to === undefined ? 0 : 1);
    this.#blob(transaction.sender);
    if (transaction.to !== undefined) this.#blob(transaction.to);
    this.#amount(transaction.nonce);
    this.#amount(transaction.gasLimit);
    this.#amount(transaction.value);
    this.#blob(transaction.data);
    if ('gasPrice' in transaction) {
      this.#amount(transaction.gasPrice);
    } else {
      this.#amount(transaction.maxFeePerGas);
      this.#amount(transaction.maxPriorityFeePerGas);
    }
    if (transaction.type !== 0) this.#accessList(transaction.accessList);
    if (transaction.type === 3) {
      this.#amount(transaction.maxFeePerBlobGas);
      this.#blobs(transaction.blobHashes);
    }
    if (transaction.type === 4) this.#authorizations(transaction.authorizations);
  }

  #accessList(list: readonly AccessListEntry[]): void {
    this.#length(list.length);
    for (const { address, slots } of list) {
      this.#blob(address);
      this.#blobs(slots);
    }
  }

  #authorizations(list: readonly Authorization[]): void {
    this.#length(list.length);
    for (const { chainId, address, nonce, authority } of list) {
      this.#room(FIXED_BYTES_MAX);
      this.#amount(chainId);
      this.#blob(address);
      this.#amount(nonce);
      this.#byte(authority === undefined ? 0 : 1);
      if (authority !== undefined) this.#blob(authority);
    }
  }

  #blobs(list: readonly Uint8Array[]): void {
    this.#length(list.length);
    for (const bytes of list) this.#blob(bytes);
  }

  #byte(value: number): void {
    this.#view.setUint8(this.#at++, value);
  }

  #length(value: number): void {
    this.#room(FIXED_BYTES_MAX);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  #blob(bytes: Uint8Array): void {
    this.#room(bytes.length + FIXED_BYTES_MAX);
    this.#length(bytes.length);
    if (bytes.length > LOOP_BYTES_MAX) this.#bytes.set(bytes, this.#at);
    else for (let i = 0; i < bytes.length; i++) this.#bytes[this.#at + i] = bytes[i] as number;
    this.#at += bytes.length;
  }

  #amount(value: bigint): void {
    const head = this.#at++;
    if (value < LIMB_LIMIT) {
      // No objects on the way: most amounts are such.
      const limbs = value === 0n ? 0 : 1;
      this.#view.setUint8(head, limbs);
      this.#view.setBigUint64(this.#at, value, true);
      this.#at += limbs * 8;
      return;
    }
    let limbs = 0;
    for (let rest = value; rest !== 0n; rest >>= LIMB_BITS) {
      this.#view.setBigUint64(this.#at, rest & LIMB_MASK, true);
      this.#at += 8;
      limbs++;
    }
    this.#view.setUint8(head, limbs);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.byteLength) return;
    const larger = new SharedArrayBuffer((this.#at + bytes) * 2);
    const copy = new Uint8Array(larger);
    copy.set(this.#bytes);
    this.#buffer = larger;
    this.#bytes = copy;
    this.#view = new DataView(larger);
  }
}

/** Amounts of at most 256 bits, so that a fixed part has a bound. */
function hasPlainAmounts(transaction: Transaction): boolean {
  // Those of a devnet's impersonated senders run one after another.
  if (transaction.isUnsigned === true) return false;
  const { nonce, gasLimit, value } = transaction;
  if (!isPlain(nonce) || !isPlain(gasLimit) || !isPlain(value)) return false;
  if ('gasPrice' in transaction) return isPlain(transaction.gasPrice);
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction;
  if (!isPlain(maxFeePerGas) || !isPlain(maxPriorityFeePerGas)) return false;
  if (transaction.type === 3) return isPlain(transaction.maxFeePerBlobGas);
  if (transaction.type !== 4) return true;
  return transaction.authorizations.every((each) => isPlain(each.chainId) && isPlain(each.nonce));
}

function isPlain(amount: bigint): boolean {
  return amount >= 0n && amount < WORD_LIMIT;
}

/** Reads single transactions of what {@link TransactionWriter} wrote. */
export class TransactionReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  read(index: number): Transaction {
    this.#at = this.#view.getUint32(4 + index * 4, true);
    const type = this.#byte();
    const hasCallee = this.#byte() === 1;
    const common = {
      sender: this.#blob(),
      to: hasCallee ? this.#blob() : undefined,
      nonce: this.#amount(),
      gasLimit: this.#amount(),
      value: this.#amount(),
      data: this.#blob(),
    };
    if (type === 0) return { type, ...common, gasPrice: this.#amount() };
    if (type === 1) {
      return { type, ...common, gasPrice: this.#amount(), accessList: this.#accessList() };
    }
    const fees = {
      maxFeePerGas: this.#amount(),
      maxPriorityFeePerGas: this.#amount(),
      accessList: this.#accessList(),
    };
    if (type === 2) return { type, ...common, ...fees };
    if (type === 3) {
      const maxFeePerBlobGas = this.#amount();
      return { type, ...common, ...fees, maxFeePerBlobGas, blobHashes: this.#blobs() };
    }
    return { type: 4, ...common, ...fees, authorizations: this.#authorizations() };
  }

  #accessList(): AccessListEntry[] {
    return this.#list(() => ({ address: this.#blob(), slots: this.#blobs() }));
  }

  #authorizations(): Authorization[] {
    return this.#list(() => ({
      chainId: this.#amount(),
      address: this.#blob(),
      nonce: this.#amount(),
      authority: this.#byte() === 1 ? this.#blob() : undefined,
    }));
  }

  #blobs(): Uint8Array[] {
    return this.#list(() => this.#blob());
  }

  #list<T>(read: () => T): T[] {
    const length = this.#length();
    const list: T[] = [];
    for (let i = 0; i < length; i++) list.push(read());
    return list;
  }

  #byte(): number {
    return this.#view.getUint8(this.#at++);
  }

  #length(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  /** A view: the engine copies what it takes into its own memory. */
  #blob(): Uint8Array {
    const length = this.#length();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #amount(): bigint {
    const limbs = this.#byte();
    if (limbs === 0) return 0n;
    let value = 0n;
    for (let limb = limbs - 1; limb > 0; limb--) {
      value = (value | this.#view.getBigUint64(this.#at + limb * 8, true)) << LIMB_BITS;
    }
    value |= this.#view.getBigUint64(this.#at, true);
    this.#at += limbs * 8;
    return value;
  }
}
