/** What an engine is made of, for those inside this package that need more than its face. */
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
  /** The open session; whoever opens another closes it. */
  session: KernelSession | undefined;
  /** The block that stands in the kernel's environment; undefined: none that counts. */
  block: BlockEnvironment | undefined;
}

const all = new WeakMap<Evm, EngineParts>();

export function keepParts(evm: Evm, parts: EngineParts): void {
  all.set(evm, parts);
}

export function partsOf(evm: Evm): EngineParts | undefined {
  return all.get(evm);
}
