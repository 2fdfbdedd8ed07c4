import {
  type AlgorithmId,
  assert,
  dataView,
  ERROR_CODES,
  type ProtocolErrorCode,
  type Verdict,
} from '@basalt/protocol';
import type { SignatureTask } from '../batch/task.ts';
import type { HashItem } from '../batch/verify-batch.ts';

/**
 * How work lies in the memory shared with a worker. Little state, no structured clone: one copy in,
 * views out. Every record starts with a fixed part, then its byte fields:
 *
 *   signatures: u32 algorithm, u32 key length, u32 message length, u32 signature length
 *   hashes:     u32 entry length, u32 payload length
 */
const TASK_FIXED_BYTES = 16;
const HASH_FIXED_BYTES = 8;

export function taskBytes(task: SignatureTask): number {
  const { publicKey, message, signature } = task;
  return TASK_FIXED_BYTES + publicKey.length + message.length + signature.length;
}

export function hashItemBytes(item: HashItem): number {
  return HASH_FIXED_BYTES + item.entry.bytes.length + item.payload.length;
}

export function packTasks(tasks: readonly SignatureTask[], memory: Uint8Array): void {
  const writer = new Writer(memory);
  for (const { algorithm, publicKey, message, signature } of tasks) {
    writer.numbers(algorithm, publicKey.length, message.length, signature.length);
    writer.bytes(publicKey);
    writer.bytes(message);
    writer.bytes(signature);
  }
}

export function unpackTasks(memory: Uint8Array, count: number): SignatureTask[] {
  const reader = new Reader(memory);
  return Array.from({ length: count }, () => {
    const algorithm = reader.number() as AlgorithmId;
    const keyLength = reader.number();
    const messageLength = reader.number();
    const signatureLength = reader.number();
    return {
      algorithm,
      publicKey: reader.bytes(keyLength),
      message: reader.bytes(messageLength),
      signature: reader.bytes(signatureLength),
    };
  });
}

export function packHashItems(items: readonly HashItem[], memory: Uint8Array): void {
  const writer = new Writer(memory);
  for (const { entry, payload } of items) {
    writer.numbers(entry.bytes.length, payload.length);
    writer.bytes(entry.bytes);
    writer.bytes(payload);
  }
}

/** Entries are decoded by the worker: these were encoded by `Entry.bytes`. */
export interface PackedHashItem {
  readonly entryBytes: Uint8Array;
  readonly payload: Uint8Array;
}

export function unpackHashItems(memory: Uint8Array, count: number): PackedHashItem[] {
  const reader = new Reader(memory);
  return Array.from({ length: count }, () => {
    const entryLength = reader.number();
    const payloadLength = reader.number();
    return { entryBytes: reader.bytes(entryLength), payload: reader.bytes(payloadLength) };
  });
}

const CODE_NAMES: ReadonlyMap<number, ProtocolErrorCode> = new Map(
  Object.entries(ERROR_CODES).map(([name, code]) => [code, name as ProtocolErrorCode]),
);

/** A verdict as one byte: 0 valid, else the protocol's number of the code. */
export function verdictToByte(verdict: Verdict): number {
  return verdict === undefined ? 0 : ERROR_CODES[verdict];
}

export function byteToVerdict(byte: number): Verdict {
  if (byte === 0) return undefined;
  const name = CODE_NAMES.get(byte);
  assert(name !== undefined, 'workers answer with codes of the protocol');
  return name;
}

class Writer {
  readonly #memory: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(memory: Uint8Array) {
    this.#memory = memory;
    this.#view = dataView(memory);
  }

  numbers(...values: readonly number[]): void {
    for (const value of values) {
      this.#view.setUint32(this.#offset, value);
      this.#offset += 4;
    }
  }

  bytes(bytes: Uint8Array): void {
    this.#memory.set(bytes, this.#offset);
    this.#offset += bytes.length;
  }
}

class Reader {
  readonly #memory: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(memory: Uint8Array) {
    this.#memory = memory;
    this.#view = dataView(memory);
  }

  number(): number {
    this.#offset += 4;
    return this.#view.getUint32(this.#offset - 4);
  }

  bytes(length: number): Uint8Array {
    this.#offset += length;
    return this.#memory.subarray(this.#offset - length, this.#offset);
  }
}
