/**
 * One instance of the WASM kernel with its memory, and the plain ways to read and write that
 * memory. The instance keeps the addresses; whoever calls keeps the order (`reset` before a
 * session).
 */
import { EvmError } from '../errors.ts';
import type { MemorySizes } from '../evm.ts';
import { INSTANCE_BYTES_MAX, NEW_CODE_BYTES, RETURN_BYTES } from '../limits.ts';
import { loadKernel } from './load-kernel-shell.ts';
import { RecordPool } from './record-pool.ts';

const PAGE_BYTES = 65_536;
/** Regions begin behind the kernel's static data (assembly/compile.mjs). */
const REGIONS_START = 65_536;

/** Pointers and lengths are unsigned 32-bit numbers, gas and nonces 64-bit. */
export interface KernelExports {
  initialize(
    base: number,
    frameMemoryBytes: number,
    codeBytes: number,
    accounts: number,
    slots: number,
    logBytes: number,
    journalBytes: number,
    newCodeBytes: number,
    returnBytes: number,
    seed: bigint,
  ): number;
  prepare(): void;
  reset(): void;
  completeOpcodes(): void;
  setRule(index: number, value: bigint): void;
  setTracing(isTracing: number): void;
  environmentAt(): number;
  hostScratchAt(): number;
  opcodeTableAt(): number;
  frameMemoryAt(): number;
  accountsAt(): number;
  slotsAt(): number;
  logsAt(): number;
  newCodeAt(): number;
  newCodeUsedEnd(): number;
  returnBufferAt(): number;
  accountCount(): number;
  slotsCount(): number;
  logsEnd(): number;
  outputLength(): number;
  gasLeft(): bigint;
  refundCounter(): bigint;
  codeEvictions(): number;
  journalPosition(): number;
  revert(journal: number, log: number, refund: bigint): void;
  addRefund(gas: bigint): void;
  setTiering(heat: bigint, freshFrames: number): void;
  enableNative(isOn: number, only: number): void;
  nativeFrames(): number;
  freshNativeFrames(): number;
  installNative(hash: number, entry: number): void;
  forgetNative(hash: number): void;
  lastNativeRun(hash: number): number;
  presentRun(): number;
  readonly table: WebAssembly.Table;
  attach(at: number, participant: number): void;
  forgetTables(): void;
  resetVersioned(index: number, incarnation: number): void;
  publish(
    isWell: number,
    gasUsed: bigint,
    blobGas: bigint,
    gasPrice: number,
    created: number,
  ): number;
  publishRefusal(error: number, message: number, length: number): number;
  isStillValid(index: number): number;
  markWrites(index: number): void;
  accountOf(word: number): number;
  loadAccount(account: number): void;
  loadBalance(account: number): void;
  loadNonce(account: number): bigint;
  existsNow(account: number): number;
  credit(account: number, amount: number): void;
  setBalance(account: number, balance: number): void;
  addBalance(account: number, amount: number): void;
  setNonce(account: number, nonce: bigint): void;
  charge(account: number, nonce: bigint, least: number, amount: number): number;
  setCode(account: number, code: number, length: number): void;
  codeSize(account: number): number;
  codeAt(account: number): number;
  warm(account: number): void;
  warmKey(account: number, key: number): void;
  createdAccount(creator: number, nonce: bigint): number;
  hash(input: number, length: number, output: number): void;
  runCall(
    from: number,
    to: number,
    value: number,
    gas: bigint,
    input: number,
    inputLength: number,
    isStatic: number,
    code: number,
    codeLength: number,
  ): number;
  runCreate(
    from: number,
    account: number,
    value: number,
    gas: bigint,
    code: number,
    length: number,
  ): number;
}

export interface KernelInstance {
  readonly exports: KernelExports;
  readonly memory: WebAssembly.Memory;
  readonly isShared: boolean;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly sizes: MemorySizes;
  readonly pool: RecordPool;
  /** Fixed addresses, read once. */
  readonly at: {
    readonly environment: number;
    readonly scratch: number;
    readonly frameMemory: number;
    readonly accounts: number;
    readonly slots: number;
    readonly logs: number;
    readonly newCode: number;
    readonly returnBuffer: number;
    /** The bytes asked for behind the kernel's regions. */
    readonly extra: number;
  };
}

export interface InstanceOptions {
  readonly sizes: MemorySizes;
  readonly sharedMemory?: WebAssembly.Memory | undefined;
  /** Where the regions begin in shared memory; behind static data where absent. */
  readonly base?: number | undefined;
  /** Mixed into table positions, so that nobody can aim for slow tables. */
  readonly seed?: bigint | undefined;
  /** Kernel to run instead of the built one. */
  readonly module?: WebAssembly.Module | undefined;
  /** Bytes for the host's own use behind the kernel's regions. */
  readonly extraBytes?: number | undefined;
}

/**
 * Instantiates the kernel on a private memory of its own, or on a shared one.
 *
 * @throws EvmError `bad-request` when the sizes do not fit, `kernel-missing`
 */
export function instantiate(
  options: InstanceOptions,
  host: WebAssembly.ModuleImports,
): KernelInstance {
  const { sizes, sharedMemory } = options;
  assertSizes(sizes);
  const isShared = sharedMemory !== undefined;
  const memory = sharedMemory ?? new WebAssembly.Memory({ initial: 1 });
  const module = options.module ?? loadKernel(isShared);
  const instance = new WebAssembly.Instance(module, { env: { memory }, host });
  const exports = instance.exports as unknown as KernelExports;
  const end = initialize(exports, options.base ?? REGIONS_START, sizes, options.seed ?? 0n);
  const missing =
    Math.ceil((end + (options.extraBytes ?? 0)) / PAGE_BYTES) -
    memory.buffer.byteLength / PAGE_BYTES;
  if (missing > 0) growMemory(memory, missing);
  exports.prepare();
  return {
    exports,
    memory,
    isShared,
    bytes: new Uint8Array(memory.buffer),
    view: new DataView(memory.buffer),
    sizes,
    pool: new RecordPool(),
    at: {
      environment: exports.environmentAt(),
      scratch: exports.hostScratchAt(),
      frameMemory: exports.frameMemoryAt(),
      accounts: exports.accountsAt(),
      slots: exports.slotsAt(),
      logs: exports.logsAt(),
      newCode: exports.newCodeAt(),
      returnBuffer: exports.returnBufferAt(),
      extra: end,
    },
  };
}

function initialize(
  exports: KernelExports,
  base: number,
  sizes: MemorySizes,
  seed: bigint,
): number {
  return exports.initialize(
    base,
    sizes.frameMemoryBytes,
    sizes.codeBytes,
    sizes.accounts,
    sizes.slots,
    sizes.logBytes,
    sizes.journalBytes,
    NEW_CODE_BYTES,
    RETURN_BYTES,
    seed,
  );
}

/**
 * Where the regions of an engine with these sizes end when they begin at `base`. Asks the kernel,
 * which knows, on a memory of one page.
 *
 * @throws EvmError `bad-request` when the sizes do not fit, `kernel-missing`
 */
export function layOut(base: number, sizes: MemorySizes): number {
  assertSizes(sizes);
  const module = loadKernel(false);
  const host: WebAssembly.ModuleImports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from === 'host') host[name] = (): number => 0;
  }
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, host });
  return initialize(exports as unknown as KernelExports, base, sizes, 0n) >>> 0;
}

function growMemory(memory: WebAssembly.Memory, pages: number): void {
  try {
    memory.grow(pages);
  } catch {
    throw new EvmError('bad-request', `memory cannot grow by ${pages} pages for these sizes`);
  }
}

function assertSizes(sizes: MemorySizes): void {
  for (const [name, value] of Object.entries(sizes) as [string, number][]) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new EvmError('bad-request', `memory.${name} must be a positive whole number`);
    }
  }
  const { accounts, slots } = sizes;
  const records = accounts * (256 + 32) + slots * (128 + 32);
  const plain = sizes.frameMemoryBytes + sizes.codeBytes + sizes.logBytes + sizes.journalBytes;
  // 40 MB: stacks, new code, return data and the small tables.
  if (records + plain + NEW_CODE_BYTES + RETURN_BYTES + 40 * 2 ** 20 > INSTANCE_BYTES_MAX) {
    throw new EvmError('bad-request', 'the memory sizes add up to more than 2 GB');
  }
}

/** Linear memory, or a copy of a part of it. */
export interface Readable {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Linear memory, for those that write. */
export type Writable = Readable;

// ---- words ----

const LIMB_LIMIT = 2n ** 64n;

/** The 32-byte word at an address, four little-endian u64 with the least first. */
export function readWord({ view }: Readable, at: number): bigint {
  const low = view.getBigUint64(at, true);
  // Looked at as numbers, for each limb read as a bigint is an object: most are zero.
  if (!isZero(view, at + 16, 16)) {
    const l3 = view.getBigUint64(at + 24, true);
    const upper = (l3 << 64n) | view.getBigUint64(at + 16, true);
    return (upper << 128n) | (view.getBigUint64(at + 8, true) << 64n) | low;
  }
  return isZero(view, at + 8, 8) ? low : (view.getBigUint64(at + 8, true) << 64n) | low;
}

function isZero(view: DataView, at: number, length: number): boolean {
  let bits = 0;
  for (let offset = at; offset < at + length; offset += 4) bits |= view.getInt32(offset, true);
  return bits === 0;
}

export function writeWord({ view }: Writable, at: number, value: bigint): void {
  view.setBigUint64(at, value, true);
  if (value < LIMB_LIMIT) {
    for (let offset = at + 8; offset < at + 32; offset += 8) view.setFloat64(offset, 0);
    return;
  }
  const upper = value >> 64n;
  view.setBigUint64(at + 8, upper, true);
  view.setBigUint64(at + 16, upper >> 64n, true);
  view.setBigUint64(at + 24, upper >> 128n, true);
}

/** Writes up to 32 big-endian bytes as a word. */
export function writeBytesAsWord({ bytes }: Writable, at: number, value: Uint8Array): void {
  const { length } = value;
  for (let index = 0; index < 32; index++) {
    bytes[at + index] = index < length ? (value[length - 1 - index] ?? 0) : 0;
  }
}

/** The low `length` bytes of a word, big-endian. */
export function readWordAsBytes(
  { bytes }: Readable,
  at: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(length);
  for (let index = 0; index < length; index++) value[index] = bytes[at + length - 1 - index] ?? 0;
  return value;
}

/** A copy of bytes, never on shared memory. */
export function copyOut({ bytes }: Readable, at: number, length: number): Uint8Array {
  return bytes.slice(at, at + length);
}
