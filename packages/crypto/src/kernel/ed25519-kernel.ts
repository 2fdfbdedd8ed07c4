import { hash, randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { assert, fromHex } from '@basalt/protocol';
import { KERNEL_MESSAGE_BYTES_MAX } from '../limits.ts';

/** What `assembly/index.ts` exports. Addresses are byte offsets into `memory`. */
interface KernelExports extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory;
  init(): number;
  setKey(): number;
  hashMessages(count: number): void;
  verify(count: number): number;
  keyAddress(): number;
  signaturesAddress(): number;
  offsetsAddress(): number;
  coefficientsAddress(): number;
  statusAddress(): number;
  hashesAddress(): number;
  messagesAddress(): number;
  batchMax(): number;
  messageBytesMax(): number;
}

/** One signature of a batch; `signature` is 64 bytes, else it is not valid. */
export interface SignedMessage {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
}

/** Verifies Ed25519 signatures of one key by ZIP 215, many at a time. Synchronous. */
export interface Ed25519Kernel {
  /** One byte per item, in order: 1 valid, 0 not. Any count, any message length. */
  verifyMany(publicKey: Uint8Array, items: readonly SignedMessage[]): Uint8Array;
  verifyOne(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const COEFFICIENT_BYTES = 16;

/** The module that `npm test` and `npm start` compile; undefined where that did not happen. */
export function readKernelModule(): WebAssembly.Module | undefined {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const file = new URL('../../build/ed25519-batch.wasm', import.meta.url);
    bytes = new Uint8Array(readFileSync(file));
  } catch {
    return undefined;
  }
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined;
}

/**
 * An instance of the kernel, or undefined where it must not be used: not compiled, an engine
 * without relaxed SIMD, a processor without fused multiply-add, or a known answer gone wrong.
 * Callers then verify one by one; results are the same, only slower.
 */
export function createEd25519Kernel(
  module: WebAssembly.Module | undefined = readKernelModule(),
): Ed25519Kernel | undefined {
  if (module === undefined) return undefined;
  const exports = new WebAssembly.Instance(module).exports as KernelExports;
  if (exports.init() !== 1) return undefined;
  const kernel = new Kernel(exports);
  return passesKnownAnswers(kernel) ? kernel : undefined;
}

class Kernel implements Ed25519Kernel {
  readonly #exports: KernelExports;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #batchMax: number;
  readonly #messageBytesMax: number;
  /** The key that the tables in memory belong to. */
  #key: Uint8Array | undefined;

  constructor(exports: KernelExports) {
    this.#exports = exports;
    // `init` grew the memory to its final size: these views stay valid.
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#words = new Uint32Array(exports.memory.buffer);
    this.#batchMax = exports.batchMax();
    this.#messageBytesMax = exports.messageBytesMax();
  }

  verifyOne(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    return this.verifyMany(publicKey, [{ signature, message }])[0] === 1;
  }

  verifyMany(publicKey: Uint8Array, items: readonly SignedMessage[]): Uint8Array {
    const status = new Uint8Array(items.length);
    if (publicKey.length !== KEY_BYTES || !this.#setKey(publicKey)) return status;
    const short: number[] = [];
    const long: number[] = [];
    items.forEach(({ signature, message }, i) => {
      if (signature.length !== SIGNATURE_BYTES) return;
      (message.length <= KERNEL_MESSAGE_BYTES_MAX ? short : long).push(i);
    });
    this.#verifyShort(items, short, status);
    for (let start = 0; start < long.length; start += this.#batchMax) {
      const chunk = long.slice(start, start + this.#batchMax);
      chunk.forEach((i, slot) => this.#putHashed(publicKey, itemAt(items, i), slot));
      this.#run(chunk, status);
    }
    return status;
  }

  #setKey(publicKey: Uint8Array): boolean {
    if (this.#key !== undefined && Buffer.compare(this.#key, publicKey) === 0) return true;
    this.#key = undefined;
    this.#bytes.set(publicKey, this.#exports.keyAddress());
    if (this.#exports.setKey() !== 1) return false;
    this.#key = publicKey.slice();
    return true;
  }

  /** Fills and runs batches of messages that the kernel hashes itself. */
  #verifyShort(items: readonly SignedMessage[], indexes: number[], status: Uint8Array): void {
    const messages = this.#exports.messagesAddress();
    const offsets = this.#exports.offsetsAddress() / 4;
    let chunk: number[] = [];
    let used = 0;
    const flush = (): void => {
      this.#words[offsets + chunk.length] = used;
      this.#exports.hashMessages(chunk.length);
      this.#run(chunk, status);
      chunk = [];
      used = 0;
    };
    for (const i of indexes) {
      const { signature, message } = itemAt(items, i);
      const isFull = used + message.length > this.#messageBytesMax;
      if (chunk.length === this.#batchMax || isFull) flush();
      this.#putSignature(signature, chunk.length);
      this.#bytes.set(message, messages + used);
      this.#words[offsets + chunk.length] = used;
      used += message.length;
      chunk.push(i);
    }
    if (chunk.length > 0) flush();
  }

  #putSignature(signature: Uint8Array, slot: number): void {
    this.#bytes.set(signature, this.#exports.signaturesAddress() + SIGNATURE_BYTES * slot);
  }

  #putHashed(publicKey: Uint8Array, item: SignedMessage, slot: number): void {
    this.#putSignature(item.signature, slot);
    const r = item.signature.subarray(0, 32);
    const digest = hash('sha512', Buffer.concat([r, publicKey, item.message]), 'buffer');
    this.#bytes.set(digest, this.#exports.hashesAddress() + SIGNATURE_BYTES * slot);
  }

  #run(chunk: readonly number[], status: Uint8Array): void {
    // Unpredictable to whoever made the signatures: the soundness of the batch rests on it.
    const coefficients = this.#exports.coefficientsAddress();
    randomFillSync(this.#bytes, coefficients, COEFFICIENT_BYTES * chunk.length);
    this.#exports.verify(chunk.length);
    const results = this.#exports.statusAddress();
    chunk.forEach((i, slot) => {
      status[i] = this.#bytes[results + slot] ?? 0;
    });
  }
}

function itemAt(items: readonly SignedMessage[], index: number): SignedMessage {
  const item = items[index];
  assert(item !== undefined, 'indexes come from the items themselves');
  return item;
}

/** RFC 8032 section 7.1, test 3: public key, message, signature. */
const KNOWN_KEY = 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025';
const KNOWN_MESSAGE = 'af82';
const KNOWN_SIGNATURE =
  '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
  '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a';

/** One true and one false signature, through the single and the batch path. */
function passesKnownAnswers(kernel: Ed25519Kernel): boolean {
  const publicKey = fromHex(KNOWN_KEY);
  const good: SignedMessage = {
    signature: fromHex(KNOWN_SIGNATURE),
    message: fromHex(KNOWN_MESSAGE),
  };
  const bad: SignedMessage = { signature: good.signature, message: Uint8Array.of(0xaf, 0x83) };
  const accepts = kernel.verifyOne(good.signature, good.message, publicKey);
  const refuses = !kernel.verifyOne(bad.signature, bad.message, publicKey);
  const whole = kernel.verifyMany(
    publicKey,
    Array.from({ length: 16 }, () => good),
  );
  const mixed = kernel.verifyMany(publicKey, [good, good, good, bad, good, good]);
  const wholeIsRight = whole.every((value) => value === 1);
  const mixedIsRight = mixed.every((value, i) => value === (i === 3 ? 0 : 1));
  return accepts && refuses && wholeIsRight && mixedIsRight;
}
