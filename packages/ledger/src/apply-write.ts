import {
  createBlock,
  HASH_KIND,
  PAYLOAD_BYTES_MAX,
  PAYLOAD_TYPE,
  ProtocolError,
  type Signer,
} from '@basalt/protocol';
import type { Draft } from './draft.ts';
import type { WriteJob } from './jobs.ts';
import type { AppendedBlock, LedgerComponents, LocalRecord } from './types.ts';

/** Above this a payload is hashed as a tree of 16 KiB chunks, so that ranges verify alone. */
const FLAT_HASH_BYTES_MAX = 65_536;

/**
 * Signs the records of one job into the draft: all of them, or none.
 * @throws ProtocolError of the rule that refuses a record
 */
// Life of a transaction, 13.
export function applyWrite(
  components: LedgerComponents,
  draft: Draft,
  job: WriteJob,
): AppendedBlock[] {
  // One record is all or nothing by itself; a mark copies the tree's peaks.
  const mark = job.records.length > 1 ? draft.mark() : undefined;
  try {
    const appended = job.records.map((record) => signRecord(components, draft, record, job.signer));
    draft.records.push(...job.named);
    return appended;
  } catch (error) {
    if (mark !== undefined) draft.backTo(mark);
    throw error;
  }
}

function signRecord(
  { crypto, clock }: LedgerComponents,
  draft: Draft,
  record: LocalRecord,
  signer: Signer,
): AppendedBlock {
  const { payload } = record;
  if (payload.length > PAYLOAD_BYTES_MAX) {
    throw new ProtocolError('payload-too-large', 'a payload holds at most 16 MiB', {
      found: payload.length,
    });
  }
  const { tip, namespace } = draft.chain;
  // A clock that went back must not stop the writer: equal timestamps are ordered by index.
  const timestampMs = Math.max(record.timestampMs ?? clock.nowMs(), tip?.timestampMs ?? 0);
  const { block, hash } = createBlock({
    namespace,
    tip,
    timestampMs,
    payloadType: record.payloadType ?? PAYLOAD_TYPE.opaque,
    payload,
    payloadHashKind: payload.length > FLAT_HASH_BYTES_MAX ? HASH_KIND.sha256Tree : HASH_KIND.sha256,
    signer,
    provider: crypto,
  });
  draft.add(block, hash, { kind: 'own' });
  return { index: block.entry.header.index, blockHash: hash };
}
