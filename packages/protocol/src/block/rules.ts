import type { BlockHash } from '../brands.ts';
import { equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { FUTURE_MS_MAX } from '../limits.ts';
import { deriveNamespaceId } from '../namespace/id.ts';
import { nobleHashes } from '../suites/noble-hashes.ts';
import type { Entry } from './entry.ts';
import { hashPayload, type PayloadHashes } from './hash.ts';
import type { BlockHeader } from './header.ts';
import { PAYLOAD_TYPE } from './payload-types.ts';

/** What the next block of a namespace must build on. A namespace without blocks has no tip. */
export interface ChainTip {
  /** Blocks so far, at least 1: the index of the next one. */
  readonly size: number;
  readonly headHash: BlockHash;
  /** Timestamp of the head. */
  readonly timestampMs: number;
}

export interface SuccessionOptions {
  /** The receiver's clock, at live ingest only: history is never too old and never too new. */
  readonly nowMs?: number;
}

/**
 * Whether a block may follow the tip, from its header alone. Checked in this order:
 *
 * 1. index is the next one: `invalid-index`
 * 2. index 0 (version 2): zero previous, payload type genesis; the genesis type nowhere else:
 *    `invalid-genesis`
 * 3. previous is the head's hash (zero at index 0): `broken-chain`
 * 4. timestamp not below the head's; in version 1, which counts seconds, above it:
 *    `timestamp-regression`
 * 5. with `nowMs`: at most 300 s ahead: `too-far-in-future`
 *
 * Who may sign is for `writerAt`, the payload for `checkPayload`. Payload types that nobody
 * knows are allowed.
 * @throws ProtocolError the codes above
 */
export function checkSuccession(
  tip: ChainTip | undefined,
  header: BlockHeader,
  options: SuccessionOptions = {},
): void {
  const expectedIndex = tip?.size ?? 0;
  if (header.index !== expectedIndex) {
    throw new ProtocolError('invalid-index', 'expected the next index of the namespace', {
      found: header.index,
      expected: expectedIndex,
    });
  }
  if (header.version === 2) checkGenesisForm(header);
  const previousMatches =
    tip === undefined ? isZero(header.previous) : equalBytes(header.previous, tip.headHash);
  if (!previousMatches) {
    throw new ProtocolError('broken-chain', 'expected previous to be the hash of the head', {
      index: header.index,
    });
  }
  if (tip !== undefined) checkTimestampOrder(tip.timestampMs, header);
  const { nowMs } = options;
  if (nowMs !== undefined && header.timestampMs > nowMs + FUTURE_MS_MAX) {
    throw new ProtocolError('too-far-in-future', 'expected a timestamp at most 300 s ahead', {
      found: header.timestampMs,
      nowMs,
    });
  }
}

/**
 * Whether the payload is the one the header speaks of; for a genesis block, also whether the
 * namespace id belongs to it.
 * @throws ProtocolError `payload-mismatch` (length or hash), `invalid-genesis`
 */
export function checkPayload(
  entry: Entry,
  payload: Uint8Array,
  provider: PayloadHashes = nobleHashes,
): void {
  const { header } = entry;
  if (payload.length !== header.payloadLength) {
    throw new ProtocolError('payload-mismatch', 'expected the payload length of the header', {
      index: header.index,
      found: payload.length,
      expected: header.payloadLength,
    });
  }
  if (!equalBytes(hashPayload(payload, header.payloadHashKind, provider), header.payloadHash)) {
    throw new ProtocolError('payload-mismatch', 'expected the payload hash of the header', {
      index: header.index,
    });
  }
  if (header.version === 2 && header.payloadType === PAYLOAD_TYPE.namespaceGenesis) {
    const derived = deriveNamespaceId(payload, provider.sha256);
    if (derived !== header.namespace) {
      throw new ProtocolError('invalid-genesis', 'expected the namespace id of this genesis', {
        found: header.namespace,
        expected: derived,
      });
    }
  }
}

function checkGenesisForm(header: BlockHeader): void {
  const isGenesisType = header.payloadType === PAYLOAD_TYPE.namespaceGenesis;
  if (header.index > 0) {
    if (!isGenesisType) return;
    throw new ProtocolError('invalid-genesis', 'expected a genesis payload at index 0 only', {
      index: header.index,
    });
  }
  if (!isGenesisType) {
    throw new ProtocolError('invalid-genesis', 'expected a genesis payload at index 0', {
      payloadType: header.payloadType,
    });
  }
  if (!isZero(header.previous)) {
    throw new ProtocolError('invalid-genesis', 'expected a previous hash of zero at index 0');
  }
}

function checkTimestampOrder(tipTimestampMs: number, header: BlockHeader): void {
  const isAfter =
    header.version === 1
      ? header.timestampMs > tipTimestampMs
      : header.timestampMs >= tipTimestampMs;
  if (isAfter) return;
  throw new ProtocolError('timestamp-regression', 'expected a timestamp not before the head', {
    found: header.timestampMs,
    head: tipTimestampMs,
    version: header.version,
  });
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
