import { EvmError } from '../errors.ts';
import type { Evm } from '../evm.ts';
import type { VersionedEngine } from './types.ts';

/**
 * The hands of one engine on the multi-version memory that it was planned with.
 *
 * @throws EvmError `bad-request` for an engine that was not made with `shared`
 */
export function versionedEngine(evm: Evm): VersionedEngine {
  throw new EvmError('bad-request', `the engine for ${evm.fork} shares no memory`);
}
