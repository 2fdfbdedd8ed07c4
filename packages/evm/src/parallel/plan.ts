import { EvmError } from '../errors.ts';
import type { MemorySizes } from '../evm.ts';
import { TARGET_BYTES } from '../jit/limits.ts';
import { layOut } from '../kernel/instance.ts';
import {
  DEFAULT_VERSIONED_MEMORY,
  ENGINES_MAX,
  INSTANCE_BYTES_MAX,
  PARALLEL_MEMORY,
} from '../limits.ts';
import { versionedBytes, writeVersionedHeader } from './layout.ts';
import type { SharedMemoryPlan, VersionedMemorySizes } from './types.ts';

export interface SharedMemoryOptions {
  /** Engines that run at the same time, one a thread. */
  readonly engines: number;
  readonly engineSizes?: Partial<MemorySizes>;
  readonly versioned?: Partial<VersionedMemorySizes>;
  /** Room behind everything else, for the caller. */
  readonly extraBytes?: number;
  /** Mixed into the positions of cells; see `EvmOptions.hashSeed`. */
  readonly hashSeed?: bigint;
}

const PAGE_BYTES = 65_536;
/** Static data of the kernel lies below (assembly/compile.mjs). */
const FIRST = 65_536;

/**
 * Makes one shared memory for several engines and the multi-version memory between them, and says
 * where each lies. Nothing is instantiated: that is `createEvm({ shared })` and
 * `createVersionedMemory`.
 *
 * @throws EvmError `bad-request` for sizes that do not fit below 2 GB, `kernel-missing`
 */
export function planSharedMemory(options: SharedMemoryOptions): SharedMemoryPlan {
  const { engines, extraBytes = 0, hashSeed = 0n } = options;
  const engineSizes = { ...PARALLEL_MEMORY, ...options.engineSizes };
  const versioned = { ...DEFAULT_VERSIONED_MEMORY, ...options.versioned };
  assertCount('engines', engines, ENGINES_MAX);
  assertCount('extraBytes', extraBytes + 1, INSTANCE_BYTES_MAX);
  for (const [name, value] of Object.entries(versioned)) {
    assertCount(`versioned.${name}`, value, INSTANCE_BYTES_MAX);
  }
  const bases: number[] = [];
  let at = FIRST;
  for (let engine = 0; engine < engines; engine++) {
    bases.push(at);
    at = toPage(layOut(at, engineSizes) + TARGET_BYTES);
    if (at > INSTANCE_BYTES_MAX) refuse();
  }
  const versionedAt = at;
  const bytes = toPage(versionedBytes(versioned));
  const extraAt = versionedAt + bytes;
  const end = toPage(extraAt + extraBytes);
  if (end > INSTANCE_BYTES_MAX) refuse();
  const pages = end / PAGE_BYTES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  writeVersionedHeader(memory, versionedAt, versioned, engines, hashSeed);
  return {
    memory,
    engines: bases,
    engineSizes,
    versionedAt,
    versionedBytes: bytes,
    extraAt,
    extraBytes,
  };
}

function toPage(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

function assertCount(name: string, value: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > most) {
    throw new EvmError('bad-request', `${name} must be a whole number up to ${most}`);
  }
}

function refuse(): never {
  throw new EvmError('bad-request', 'the sizes add up to more than 2 GB');
}
