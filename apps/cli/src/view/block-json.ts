import type { BlockReport } from '@basalt/client';
import { toBase64, toHex } from '@basalt/protocol';
import { isShowable } from './payload-preview.ts';

/** A block for programs: header fields, payload as text where it is text, and the checks. */
export function blockJson(report: BlockReport): Record<string, unknown> {
  const { block, verified, namespace, index } = report;
  const base = {
    namespace,
    index,
    hash: report.hash === undefined ? null : toHex(report.hash),
    status: report.status,
    verified,
    ...(report.status === 'refused' ? { code: report.error.code } : {}),
  };
  if (block === undefined) return base;
  const { header } = block.entry;
  const { payload } = block;
  return {
    ...base,
    timestampMs: header.timestampMs,
    previous: toHex(header.previous),
    payloadType: header.payloadType,
    payloadLength: header.payloadLength,
    payloadHash: toHex(header.payloadHash),
    algorithm: header.algorithm,
    keyId: toHex(header.keyId),
    ...payloadJson(payload),
  };
}

function payloadJson(payload: Uint8Array | undefined): Record<string, unknown> {
  if (payload === undefined) return { payload: null, pruned: true };
  if (isShowable(payload)) return { payload: Buffer.from(payload).toString() };
  return { payloadBase64: toBase64(payload) };
}
