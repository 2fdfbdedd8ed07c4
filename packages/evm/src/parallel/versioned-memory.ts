import { EvmError } from '../errors.ts';
import type { SharedMemoryPlan, VersionedMemory } from './types.ts';

/** The coordinator's side of the multi-version memory. One thread has it. */
export function createVersionedMemory(plan: SharedMemoryPlan): VersionedMemory {
  throw new EvmError('bad-request', `no versions at ${plan.versionedAt} yet`);
}
