import {
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
import { encodeIndex, recordName } from './chain-codec.ts';

/**
 * Two blocks at one index of one namespace, both signed by its writer, are a fork. The pair is
 * kept for ever and the namespace takes nothing more until a recovery block names the branch.
 */
export interface ForkFound {
  readonly index: number;
  readonly proof: Uint8Array;
  readonly records: readonly NamedRecord[];
}

/**
 * Judges a second block for an index that is taken.
 * @throws ProtocolError `invalid-signature`, `wrong-writer` when the rival proves nothing
 */
export function judgeRival(
  keys: KeyState,
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
  if (rival.header.version === 1) {
    throw new ProtocolError('fork', `index ${index} holds another block of this writer`, { index });
  }
  const proof: ForkProof = { kind: 'blocks', first: decodeEntry(stored.bytes), second: rival };
  const bytes = encodeForkProof(proof);
  const hash = toHex(forkProofHash(bytes, crypto.sha256));
  return {
    index,
    proof: bytes,
    records: [
      { name: recordName.fork(namespace, hash), value: bytes },
      { name: recordName.frozen(namespace), value: encodeIndex(index) },
    ],
  };
}
