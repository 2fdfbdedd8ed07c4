import { checkPayload, type Entry, ProtocolError, type Verdict } from '@basalt/protocol';
import type { NativeProvider } from '../native/provider.ts';
import type { VerifierPool } from '../pool/verifier-pool.ts';
import { planBatch, type VerificationItem } from './task.ts';
import { verifyGroup } from './verify-group.ts';

/** One payload to be checked against the hash in its header. */
export interface HashItem {
  readonly entry: Entry;
  readonly payload: Uint8Array;
}

export interface BatchOptions {
  /** Does the work where `parallel` is absent; make one a thread and keep it. */
  readonly provider: NativeProvider;
  /** Spreads the batch over worker threads and leaves this thread free. */
  readonly parallel?: VerifierPool | undefined;
}

/**
 * Checks the signatures of many blocks. One verdict per block, in order: undefined for valid, else
 * `invalid-signature`, `wrong-writer` (the header names another key) or `payload-mismatch` (version
 * 1 without its payload). Payloads of version 2 are for `verifyHashBatch`.
 *
 * Blocks are grouped by key: groups of Ed25519 go through the batch kernel, Merkle-signed ones cost
 * one signature per distinct root. Verdicts equal those of `verifySignature` of the protocol.
 * @throws CryptoError `queue-full`, `closed`, `worker-failed` with `parallel` only
 */
export async function verifyBatch(
  items: readonly VerificationItem[],
  options: BatchOptions,
): Promise<Verdict[]> {
  return options.parallel ? options.parallel.verify(items) : verifyBatchSync(items, options);
}

/** `verifyBatch` on this thread. */
export function verifyBatchSync(
  items: readonly VerificationItem[],
  options: Pick<BatchOptions, 'provider'>,
): Verdict[] {
  const { provider } = options;
  const { verdicts, groups } = planBatch(items, provider.sha256);
  for (const group of groups) {
    const valid = verifyGroup(provider, group);
    group.positions.forEach((position, i) => {
      if (valid[i] !== 1) verdicts[position] = 'invalid-signature';
    });
  }
  return verdicts;
}

/**
 * Checks that each payload is the one its header names: length, hash of any kind, and for a genesis
 * block the namespace id made from it. Verdicts in order: undefined, `payload-mismatch`,
 * `invalid-genesis`.
 * @throws CryptoError `queue-full`, `closed`, `worker-failed` with `parallel` only
 */
export async function verifyHashBatch(
  items: readonly HashItem[],
  options: BatchOptions,
): Promise<Verdict[]> {
  if (options.parallel) return options.parallel.verifyHashes(items);
  return items.map(({ entry, payload }) => payloadVerdict(entry, payload, options.provider));
}

/** `checkPayload` as a verdict. */
export function payloadVerdict(
  entry: Entry,
  payload: Uint8Array,
  provider: NativeProvider,
): Verdict {
  try {
    checkPayload(entry, payload, provider);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}
