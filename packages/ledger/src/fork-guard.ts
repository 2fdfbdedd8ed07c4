import {
  type BlockHash,
  type CryptoProvider,
  decodeEntry,
  type Entry,
  encodeForkProof,
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
 * Judges a second block for an index that is taken.
 * @throws ProtocolError `invalid-signature`, `wrong-writer` when the rival proves nothing
 */
export function judgeRival(
  keys: KeyState,
  stored: Entry,
  storedHash: BlockHash,
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
  if (rival.header.version === 1) {
    throw new ProtocolError('fork', `index ${index} holds another block of this writer`, { index });
  }
  const proof: ForkProof = { kind: 'blocks', first: decodeEntry(stored.bytes), second: rival };
  const bytes = encodeForkProof(proof);
  const frozen = index < lastRecoveryIndex(keys) ? undefined : { index, branch: storedHash };
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
