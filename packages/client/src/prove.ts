import { formatTlogProof, parseNote } from '@basalt/protocol';
import { refuseUnless } from './errors.ts';
import type { BlockProof, ServedBlock } from './types.ts';

/** A block with a proof that stands on its own. */
export interface ProvenBlock {
  readonly block: ServedBlock;
  readonly proof: BlockProof;
  /**
   * A `.tlog-proof` file (c2sp.org/tlog-proof) that carries the log entry as its extra data, so
   * that file, record and policy are all that `verifyProof` needs.
   */
  readonly text: string;
}

/** The proof file of a verified block. */
export function formatProof(block: ServedBlock, proof: BlockProof): string {
  return refuseUnless(() =>
    formatTlogProof({
      index: proof.index,
      proof: proof.hashes,
      note: parseNote(proof.checkpoint),
      extra: block.block.entry.bytes,
    }),
  );
}
