import {
  applyKeyBlock,
  type Block,
  checkPayload,
  type Entry,
  initialKeyState,
  type KeyState,
  type NamespaceId,
  plainAlgorithm,
  signatureClaim,
  v1KeyState,
  verifySignatureWith,
  type WriterKey,
  writerAt,
} from '@basalt/protocol';
import { refusal, refuseUnless } from './errors.ts';
import type { ProviderSource } from './options.ts';

/**
 * Key state after one more key block, in the order of their indexes; the first makes the state and
 * must be the one that the namespace id was derived from. Payload, rules and signature are checked.
 *
 * @throws ClientError kind `refused`: `wrong-namespace`, `genesis-mismatch`, rule codes of key
 *   blocks
 */
export async function advanceKeys(
  namespace: NamespaceId,
  state: KeyState | undefined,
  block: Block,
  providers: ProviderSource,
): Promise<KeyState> {
  const { entry, payload } = block;
  if (entry.header.namespace !== namespace) {
    throw refusal('wrong-namespace', 'the node served a key block of another namespace', {
      found: entry.header.namespace,
      expected: namespace,
    });
  }
  const provider = await providers(plainAlgorithm(entry.header.algorithm));
  if (payload !== undefined) refuseUnless(() => checkPayload(entry, payload, provider));
  const after = refuseUnless(() => {
    if (state !== undefined) return applyKeyBlock(state, entry, payload);
    return firstState(entry, payload);
  });
  // The genesis is signed by the key that it names; later ones by who was entitled before them.
  const writer = refuseUnless(() => writerAt(state ?? after, entry.header));
  await requireSignature(providers, entry, writer, payload);
  return after;
}

function firstState(entry: Entry, payload: Uint8Array | undefined): KeyState {
  if (entry.header.version === 2) return initialKeyState(entry, payload ?? new Uint8Array(0));
  if (entry.publicKey === undefined) throw refusal('malformed', 'expected a key in version 1');
  const state = v1KeyState(entry.publicKey);
  if (state.namespace === entry.header.namespace) return state;
  throw refusal('genesis-mismatch', 'the namespace id does not belong to the first key', {
    namespace: entry.header.namespace,
  });
}

/** @throws ClientError kind `refused`: `invalid-signature`, `wrong-writer`, `unknown-algorithm` */
export async function requireSignature(
  providers: ProviderSource,
  entry: Entry,
  writer: WriterKey,
  payload: Uint8Array | undefined,
): Promise<void> {
  const { publicKey } = writer;
  const claim = refuseUnless(() => signatureClaim(entry, payload));
  const provider = await providers(claim.algorithm, [{ ...claim, publicKey }]);
  const verdict = verifySignatureWith(provider, entry, publicKey, payload);
  if (verdict === undefined) return;
  const message =
    verdict === 'invalid-signature'
      ? 'expected a signature over the header by the key of the writer'
      : `the signature cannot be checked: ${verdict}`;
  throw refusal(verdict, message, { index: entry.header.index });
}
