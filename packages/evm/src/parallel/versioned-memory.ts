import { EvmError } from '../errors.ts';
import {
  copyOut,
  readWord,
  readWordAsBytes,
  type Writable,
  writeBytesAsWord,
  writeWord,
} from '../kernel/instance.ts';
import { loadKernel } from '../kernel/load-kernel-shell.ts';
import { RecordPool } from '../kernel/record-pool.ts';
import { ENGINES_MAX } from '../limits.ts';
import { EMPTY_CODE_HASH } from '../state/memory-state.ts';
import type { Account, AccountChange } from '../types.ts';
import * as L from './layout.ts';
import { readResult } from './result.ts';
import type { SharedMemoryPlan, VersionedMemory, VersionedResult } from './types.ts';

/** What the coordinator calls of the kernel (assembly/kernel/coordinate.ts). */
interface Coordination {
  attach(at: number, participant: number): void;
  openBlock(count: number): void;
  clearCells(): void;
  gatherCells(count: number): number;
  accountAfter(cell: number, count: number): number;
  slotAfter(cell: number, count: number): number;
  workAt(): number;
  commitBlock(count: number): void;
  readonly knownAccountCell: (word: number) => number;
  readonly knownSlotCell: (account: number, key: number) => number;
  readonly findAccountCell: (word: number) => number;
  readonly findSlotCell: (account: number, key: number) => number;
  setAccountBase(cell: number): void;
  clearStorageBase(cell: number): void;
  setSlotBase(cell: number): void;
}

/** Behind the answers in the working room: a word for addresses and keys. */
const KEY_WORD = 128;

type Slot = AccountChange['storage'][number];

export interface VersionedMemoryOptions {
  /** A kernel to run in place of the built one, as for engines. */
  readonly kernelModule?: WebAssembly.Module;
}

/**
 * The coordinator's side of the multi-version memory. One thread has it; it runs no transactions.
 *
 * @throws EvmError `kernel-missing`
 */
export function createVersionedMemory(
  plan: SharedMemoryPlan,
  options: VersionedMemoryOptions = {},
): VersionedMemory {
  const { memory, versionedAt } = plan;
  const module = options.kernelModule ?? loadKernel(true);
  const host: WebAssembly.ModuleImports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from === 'host') host[name] = (): number => 0;
  }
  host['bound'] = (): void => {
    throw new EvmError(
      'memory-bound',
      'the block has more transactions than versioned.transactions',
    );
  };
  const instance = new WebAssembly.Instance(module, { env: { memory }, host });
  const kernel = instance.exports as unknown as Coordination;
  kernel.attach(versionedAt, ENGINES_MAX);
  return new Coordinator(kernel, memory, versionedAt);
}

class Coordinator implements VersionedMemory {
  readonly #kernel: Coordination;
  readonly #header: number;
  readonly #work: number;
  readonly #in: Writable;
  readonly #pool = new RecordPool();

  constructor(kernel: Coordination, memory: WebAssembly.Memory, header: number) {
    this.#kernel = kernel;
    this.#header = header;
    this.#work = kernel.workAt();
    this.#in = { bytes: new Uint8Array(memory.buffer), view: new DataView(memory.buffer) };
  }

  beginBlock(transactions: number): void {
    this.#kernel.openBlock(transactions);
  }

  result(index: number): VersionedResult {
    const record = this.#u32(this.#header + L.V_RECORDS_AT) + index * L.RECORD_BYTES;
    const isInside = index >= 0 && index < this.#u32(this.#header + L.V_TRANSACTIONS);
    const result = isInside ? readResult(this.#in, record, this.#pool) : undefined;
    if (result === undefined) throw new EvmError('bad-request', `transaction ${index} has not run`);
    return result;
  }

  changes(count: number): AccountChange[] {
    const changes: AccountChange[] = [];
    let cell = this.#kernel.gatherCells(count);
    for (; cell !== 0; cell = this.#u32(cell + L.CELL_NEXT)) {
      const change = this.#changeOf(cell, count);
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }

  commit(count: number): void {
    this.#kernel.commitBlock(count);
  }

  applyToBase(changes: readonly AccountChange[]): void {
    const { knownAccountCell, knownSlotCell } = this.#kernel;
    for (const change of changes) this.#setBase(change, knownAccountCell, knownSlotCell);
  }

  addToBase(values: readonly AccountChange[]): void {
    const { findAccountCell, findSlotCell } = this.#kernel;
    for (const value of values) this.#setBase(value, findAccountCell, findSlotCell);
  }

  clear(): void {
    this.#kernel.clearCells();
  }

  hotKeys(limit: number): {
    readonly address: Uint8Array;
    readonly slot: Uint8Array | undefined;
    readonly aborts: number;
  }[] {
    const count = Math.min(this.#u32(this.#header + L.V_HOT_COUNT), L.HOT_MAX);
    const cells = Array.from({ length: count }, (_, place) =>
      this.#u32(this.#header + L.V_HOT + place * 4),
    );
    const keys = cells.map((cell) => {
      const isSlot = this.#u32(cell + L.CELL_KIND) === L.CELL_IS_SLOT;
      const account = isSlot ? this.#u32(cell + L.CELL_ACCOUNT) : cell;
      return {
        address: readWordAsBytes(this.#in, account + L.CELL_ADDRESS, 20),
        slot: isSlot ? readWordAsBytes(this.#in, cell + L.CELL_KEY, 32) : undefined,
        aborts: this.#u32(cell + L.CELL_ABORTS),
      };
    });
    return keys.sort((one, other) => other.aborts - one.aborts).slice(0, limit);
  }

  stats(): { readonly cells: number; readonly cellsMax: number; readonly blockBytesUsed: number } {
    const at = this.#header;
    const cellsMax = this.#u32(at + L.V_CELLS_MAX);
    return {
      cells: Math.min(this.#u32(at + L.V_CELL_COUNT), cellsMax),
      cellsMax,
      blockBytesUsed: Math.min(this.#u32(at + L.V_BLOCK_USED), this.#u32(at + L.V_BLOCK_BYTES)),
    };
  }

  #u32(at: number): number {
    return this.#in.view.getUint32(at, true);
  }

  #changeOf(cell: number, count: number): AccountChange | undefined {
    const known = this.#kernel.accountAfter(cell, count);
    if (known === 0) throw new EvmError('bad-request', 'the block has not come to its end');
    const at = this.#work;
    const address = readWordAsBytes(this.#in, cell + L.CELL_ADDRESS, 20);
    const existed = this.#u32(at + L.AFTER_EXISTED) !== 0;
    if (this.#u32(at + L.AFTER_EXISTS) === 0) {
      return existed
        ? { address, account: undefined, storageCleared: true, storage: [] }
        : undefined;
    }
    const storageCleared = this.#u32(at + L.AFTER_CLEARED) !== 0;
    const code = this.#u32(at + L.AFTER_CODE);
    const account: Account = {
      nonce: this.#in.view.getBigUint64(at + L.AFTER_NONCE, true),
      balance: readWord(this.#in, at + L.AFTER_BALANCE),
      codeHash: copyOut(this.#in, at + L.AFTER_CODE_HASH, 32),
    };
    const hasNewCode = !isSame(this.#in.bytes, at + L.AFTER_CODE_HASH, cell + L.CELL_CODE_HASH);
    const storage = this.#slotsOf(cell, count);
    const change = { address, account, storageCleared, storage };
    if (code === 0 && !hasNewCode) return change;
    return { ...change, code: code === 0 ? NO_CODE : copyOut(this.#in, code + 4, this.#u32(code)) };
  }

  #slotsOf(account: number, count: number): Slot[] {
    const slots: Slot[] = [];
    let cell = this.#u32(account + L.CELL_SLOTS);
    for (; cell !== 0; cell = this.#u32(cell + L.CELL_NEXT)) {
      if (this.#kernel.slotAfter(cell, count) === 0) continue;
      slots.push({
        slot: readWordAsBytes(this.#in, cell + L.CELL_KEY, 32),
        value: readWordAsBytes(this.#in, this.#work, 32),
      });
    }
    return slots;
  }

  /** `accountCell` and `slotCell` find a cell or give 0. */
  #setBase(
    { address, account, storageCleared, storage }: AccountChange,
    accountCell: Coordination['findAccountCell'],
    slotCell: Coordination['findSlotCell'],
  ): void {
    const key = this.#work + KEY_WORD;
    writeBytesAsWord(this.#in, key, address);
    const cell = accountCell(key);
    // Who has no cell has no slot with one either.
    if (cell === 0) return;
    const { view, bytes } = this.#in;
    view.setUint32(this.#work + L.AFTER_EXISTS, account === undefined ? 0 : 1, true);
    view.setBigUint64(this.#work + L.AFTER_NONCE, account?.nonce ?? 0n, true);
    writeWord(this.#in, this.#work + L.AFTER_BALANCE, account?.balance ?? 0n);
    bytes.set(account?.codeHash ?? EMPTY_CODE_HASH, this.#work + L.AFTER_CODE_HASH);
    this.#kernel.setAccountBase(cell);
    if (account === undefined || storageCleared) this.#kernel.clearStorageBase(cell);
    for (const { slot, value } of storage) {
      writeBytesAsWord(this.#in, key, slot);
      const found = slotCell(cell, key);
      if (found === 0) continue;
      writeBytesAsWord(this.#in, this.#work, value);
      this.#kernel.setSlotBase(found);
    }
  }
}

const NO_CODE = new Uint8Array(0);

function isSame(bytes: Uint8Array, one: number, other: number): boolean {
  for (let index = 0; index < 32; index++) {
    if (bytes[one + index] !== bytes[other + index]) return false;
  }
  return true;
}
