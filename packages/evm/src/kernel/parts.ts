/** What an engine is made of, for those inside this package that need more than its face. */
import { EvmError } from '../errors.ts';
import type { Evm } from '../evm.ts';
import type { ForkRules } from '../forks.ts';
import type { Tier } from '../jit/tier.ts';
import type { BlockEnvironment } from '../types.ts';
import type { HostContext } from './host.ts';
import type { KernelInstance } from './instance.ts';
import type { KernelSession } from './session.ts';

export interface EngineParts {
  readonly context: HostContext;
  readonly kernel: KernelInstance;
  readonly rules: ForkRules;
  readonly tier: Tier | undefined;
  /** It was made with a plan, and knows the multi-version memory. */
  readonly isShared: boolean;
  readonly tenancy: Tenancy;
  /** The open session; whoever opens another closes it. */
  session: KernelSession | undefined;
  /** The block that stands in the kernel's environment. */
  block: BlockEnvironment | undefined;
}

/** An engine's hold on its place in a memory. */
export interface Tenancy {
  /** Another engine was made in the same place: this one must not touch the memory any more. */
  isOver: boolean;
}

const tenants = new WeakMap<WebAssembly.Memory, Map<number, Tenancy>>();

/** Takes a place in a shared memory over from the engine of this thread that had it. */
export function moveIn(memory: WebAssembly.Memory, base: number): Tenancy {
  const places = tenants.get(memory) ?? new Map<number, Tenancy>();
  tenants.set(memory, places);
  const before = places.get(base);
  if (before !== undefined) before.isOver = true;
  const tenancy = { isOver: false };
  places.set(base, tenancy);
  return tenancy;
}

const all = new WeakMap<Evm, EngineParts>();

export function assertTenant({ tenancy }: EngineParts): void {
  if (!tenancy.isOver) return;
  throw new EvmError('session-closed', 'another engine was made in the place of this one');
}

export function keepParts(evm: Evm, parts: EngineParts): void {
  all.set(evm, parts);
}

export function partsOf(evm: Evm): EngineParts | undefined {
  return all.get(evm);
}
