import type { Ledger } from '@basalt/ledger';
import { type Checkpoint, type NamespaceId, parseCheckpoint, parseNote } from '@basalt/protocol';
import { GatewayError } from './errors.ts';

/** A checkpoint comes every 200 ms at most, a proof takes far less: a second try does. */
const TRIES_MAX = 5;

export interface UnderCheckpoint<Value> {
  readonly value: Value;
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/**
 * Makes something under the newest checkpoint and says under which: the ledger publishes on a
 * timer, so the newest one is read before and after, and the work is done again when it moved.
 *
 * @throws GatewayError `overloaded` when it moved five times; whatever `make` throws
 */
export async function underCheckpoint<Value>(
  ledger: Ledger,
  namespace: NamespaceId,
  make: () => Promise<Value>,
): Promise<UnderCheckpoint<Value>> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const before = await ledger.checkpoint(namespace);
    const value = await make();
    const note = await ledger.checkpoint(namespace);
    if (note !== undefined && note === before) {
      return { value, note, checkpoint: parseCheckpoint(parseNote(note).text) };
    }
  }
  throw new GatewayError('overloaded', 'the checkpoint keeps moving, try again');
}
