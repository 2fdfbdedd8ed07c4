import {
  blockHash,
  type CryptoProvider,
  decodeEntry,
  type Entry,
  encodeForkProof,
  equalBytes,
  type ForkProof,
  forkProofHash,
  type KeyState,
  ProtocolError,
  toHex,
  verifySignature,
  writerAt,
} from '@basalt/protocol';
import type { NamedRecord } from '@basalt/store';
import { encodeFrozen, recordName } from './chain-codec.ts';
import type { Frozen } from './chain-state.ts';

/**
 * Two blocks at one index of one namespace, both signed by its writer, are a fork. The pair is
 * kept for ever and the namespace takes nothing more until a recovery block names the branch.
 */
export interface ForkFound {
  /** undefined where a later recovery has settled the matter already. */
  readonly frozen: Frozen | undefined;
  readonly records: readonly NamedRecord[];
}

/**
 * Judges a second block for an index that is taken. `tipMs` is the timestamp of the head.
 * @throws ProtocolError `invalid-signature`, `wrong-writer` when the rival proves nothing;
 *   `invalid-index` where two keys that may both sign here met: a recovery and the writer's block
 */
export function judgeRival(
  keys: KeyState,
  tipMs: number,
  stored: Entry,
  rival: Entry,
  payload: Uint8Array | undefined,
  crypto: CryptoProvider,
): ForkFound {
  const writer = writerAt(keys, rival.header);
  const verdict = verifySignature(rival, writer.publicKey, payload, crypto);
  if (verdict !== undefined) {
    throw new ProtocolError(verdict, 'another block holds this index, and this one proves nothing');
  }
  const { namespace, index } = rival.header;
  if (!equalBytes(rival.header.keyId, stored.header.keyId)) {
    // Nobody has signed twice, so nobody is to blame: the later one takes the next index.
    throw new ProtocolError('invalid-index', 'another block, by another key, holds this index', {
      index,
    });
  }
  if (rival.header.version === 1 || stored.header.version === 1) {
    throw new ProtocolError('fork', `index ${index} holds another block of this writer`, { index });
  }
  const proof: ForkProof = { kind: 'blocks', first: decodeEntry(stored.bytes), second: rival };
  const bytes = encodeForkProof(proof);
  const isSettled = index < lastRecoveryIndex(keys) || isReplaced(keys, rival.header.keyId, tipMs);
  const branch = blockHash(stored, undefined, crypto.sha256);
  const frozen = isSettled ? undefined : { index, branch };
  const hash = toHex(forkProofHash(bytes, crypto.sha256));
  const records: NamedRecord[] = [{ name: recordName.fork(namespace, hash), value: bytes }];
  if (frozen !== undefined) {
    records.push({ name: recordName.frozen(namespace), value: encodeFrozen(frozen) });
  }
  return { frozen, records };
}

/** A fork below this index is history: the recovery block came after it. 0 without any. */
function lastRecoveryIndex(keys: KeyState): number {
  const recovered = keys.periods.findLast((period) => period.fromTimestampMs !== undefined);
  return Math.max(keys.pending?.index ?? 0, (recovered?.fromIndex ?? 1) - 1);
}

/**
 * Whether a recovery in force has put this key aside. Blocks dated before it are still signed by
 * that key, so whoever has stolen it could go on to forge second blocks there: the proof is kept,
 * but it stops nobody any more.
 */
function isReplaced(keys: KeyState, keyId: Uint8Array, tipMs: number): boolean {
  const { pending, periods, recoveryKeys } = keys;
  const isNow = pending !== undefined && tipMs >= pending.effectiveMs;
  const from = periods.findLastIndex((period) => period.fromTimestampMs !== undefined);
  if (!isNow && from === -1) return false;
  const inForce = isNow ? [pending.newKey] : periods.slice(from);
  return ![...inForce, ...recoveryKeys].some((key) => equalBytes(key.keyId, keyId));
}
