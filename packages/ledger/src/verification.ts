import { type Entry, equalBytes, type KeyState, ProtocolError, writerAt } from '@basalt/protocol';
import type { SubmittedItem } from './jobs.ts';
import type { BatchVerifier, VerificationItem } from './types.ts';

/**
 * Checks the signatures of blocks that may extend a chain of `size` blocks, as one batch. What
 * cannot be decided yet
 * (the key arrives in the same batch) stays unchecked, and every verdict carries the key that it
 * was
 * made with: the ordered stage decides with the key that counts there, so a key rotation on the way
 * can never make a wrong answer.
 */
export async function verifyAhead(
  keys: KeyState | undefined,
  size: number,
  items: readonly SubmittedItem[],
  verifier: BatchVerifier,
): Promise<void> {
  if (keys === undefined) return;
  const asked: SubmittedItem[] = [];
  const batch: VerificationItem[] = [];
  for (const item of items) {
    const { entry, payload } = item.block;
    // Already in the log: found to be a duplicate or a fork later, one by one.
    if (item.check.kind !== 'unchecked' || entry.header.index < size) continue;
    const publicKey = writerKey(keys, entry);
    if (publicKey === undefined) continue;
    asked.push(item);
    batch.push({ entry, publicKey, payload });
  }
  if (batch.length === 0) return;
  const verdicts = await verifier.verify(batch);
  asked.forEach((item, i) => {
    const { keyId } = item.block.entry.header;
    item.check = { kind: verdicts[i] === undefined ? 'valid' : 'invalid', keyId };
  });
}

function writerKey(keys: KeyState, entry: Entry): Uint8Array | undefined {
  try {
    const writer = writerAt(keys, entry.header);
    return equalBytes(writer.keyId, entry.header.keyId) ? writer.publicKey : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
