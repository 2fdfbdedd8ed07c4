import type { BlockReport } from '@basalt/client';
import { reasonOf } from '@basalt/client';
import { PAYLOAD_TYPE, payloadTypeName } from '@basalt/protocol';
import { formatBytes } from './format.ts';
import { previewPayload } from './payload-text.ts';

/** One line about a block for a list: what it says, or why it is refused. */
export function previewReport(report: BlockReport): string {
  if (report.status === 'refused') return reasonOf(report.error);
  const { payload, entry } = report.block;
  const { payloadType, payloadLength } = entry.header;
  if (payload === undefined) return 'payload no longer kept';
  if (payloadType === PAYLOAD_TYPE.namespaceGenesis) return 'genesis: label, writer, recovery keys';
  const isOwn = payloadType > PAYLOAD_TYPE.opaque && payloadType <= 0xff;
  // The ledger's own payloads are binary; their name says more than their first bytes.
  if (isOwn) return `${payloadTypeName(payloadType)}, ${formatBytes(payloadLength)}`;
  return previewPayload(payload);
}
