import { hash } from 'node:crypto';
import type { Ledger, LocalWriter } from '@basalt/ledger';
import { type CryptoProvider, encodeGenesis, keyId, type Signer } from '@basalt/protocol';

export interface OwnNamespaceComponents {
  readonly ledger: Pick<Ledger, 'createNamespace'>;
  /** Ed25519. */
  readonly signer: Signer;
  readonly crypto: CryptoProvider;
}

/**
 * A namespace that the node itself writes. The nonce follows from the key and the label, so the
 * same node finds it again: creating it is idempotent by the payload.
 */
export async function openOwnNamespace(
  { ledger, signer, crypto }: OwnNamespaceComponents,
  label: string,
): Promise<LocalWriter> {
  const { publicKey } = signer;
  const named = Buffer.concat([Buffer.from(`basalt/${label}\n`), publicKey]);
  const payload = encodeGenesis({
    strategy: { kind: 'per-writer', writer: keyId(1, publicKey, crypto.sha256) },
    label,
    currentKey: { algorithm: 1, publicKey },
    nextKeyHash: undefined,
    recoveryKeys: [],
    recoveryDelayMs: 0,
    parent: undefined,
    nonce: hash('sha256', named, 'buffer').subarray(0, 16),
  });
  return await ledger.createNamespace(payload, signer);
}
