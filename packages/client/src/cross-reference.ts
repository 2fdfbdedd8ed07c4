import {
  type BlockHash,
  blockHash,
  type CrossReference,
  decodeBlock,
  decodeCrossReference,
  encodeCrossReference,
  leafHash,
  type NamespaceId,
  PAYLOAD_TYPE,
  rootFromInclusion,
  type SuperInclusion,
  type SuperStatement,
  verifyCrossReference,
  verifyInclusion,
} from '@basalt/protocol';
import { type HeldHead, proveConsistency } from './consistency.ts';
import { ClientError, refusal, refuseUnless } from './errors.ts';
import type { ClientContext } from './options.ts';
import { fetchBlock, fetchProof } from './requests.ts';
import type { Sessions } from './session.ts';
import { readSuperProof } from './super-proof.ts';
import type { CallOptions, ServedBlock, VerifiedCheckpoint } from './types.ts';
import { whenCovered } from './when-covered.ts';

/** A reference between namespaces that holds. */
export interface VerifiedReference {
  readonly reference: CrossReference;
  /** The block that refers. */
  readonly block: ServedBlock;
  /** What the super-log says about the target's namespace. */
  readonly statement: SuperStatement;
  /** The super-log's newest checkpoint, which continues the head that the reference names. */
  readonly checkpoint: VerifiedCheckpoint;
}

/**
 * Checks a block's reference to another namespace. The head of the super-log that it leads to is
 * believed because the super-log's newest checkpoint, verified by this client, continues it.
 *
 * @throws ClientError kind `usage`: `unknown-payload-type` where the block refers to nothing; kind
 *   `refused`: `invalid-reference` (wrong ends, or anything newer than the block),
 *   `invalid-proof`, `wrong-origin` (not under the super-log), codes of `LogView.admit`
 */
export async function verifyReference(
  sessions: Sessions,
  context: ClientContext,
  block: ServedBlock,
  call: CallOptions,
): Promise<VerifiedReference> {
  const { entry, payload } = block.block;
  if (entry.header.payloadType !== PAYLOAD_TYPE.crossReference || payload === undefined) {
    throw new ClientError('usage', 'unknown-payload-type', 'expected a block that refers', {
      payloadType: entry.header.payloadType,
    });
  }
  const provider = await context.provider(1);
  const reference = refuseUnless(() => decodeCrossReference(payload));
  const { head, superNamespace } = refuseUnless(() =>
    headOf(reference.superInclusion, provider.sha256),
  );
  const statement = refuseUnless(() =>
    verifyCrossReference(reference, entry.header, head, provider),
  );
  const session = await sessions.open(superNamespace, call);
  const { origin } = session.log.trust;
  if (!origin.endsWith('/super')) {
    throw refusal('wrong-origin', 'expected the reference to lie under a super-log', { origin });
  }
  // That the log with this name is that of the namespace is shown by its first leaf.
  await session.writers.upTo(1, call);
  const { to } = await proveConsistency(session, head, call);
  return { reference, block, statement, checkpoint: to };
}

/** The head that an inclusion leads to, not believed yet, and whose log it is in. */
function headOf(
  inclusion: SuperInclusion,
  sha256: (data: Uint8Array) => Uint8Array,
): { readonly head: HeldHead; readonly superNamespace: NamespaceId } {
  const { entry } = decodeBlock(inclusion.superBlock);
  const root = rootFromInclusion(
    {
      leafHash: leafHash(entry.bytes, sha256),
      index: entry.header.index,
      size: inclusion.size,
      proof: inclusion.proof,
    },
    sha256,
  );
  return { head: { size: inclusion.size, root }, superNamespace: entry.header.namespace };
}

export interface ReferOptions extends CallOptions {
  /** The namespace that will carry the reference, and a block of it, usually its head. */
  readonly source: { readonly namespace: NamespaceId; readonly block: BlockHash };
  /** What is referred to. It must be the newest that its namespace has, or nothing may follow. */
  readonly target: { readonly namespace: NamespaceId; readonly index: number };
}

/** A payload of type 0x0005, and the time that its block must not lie before. */
export interface PreparedReference {
  readonly payload: Uint8Array;
  readonly payloadType: number;
  readonly timestampMs: number;
}

/**
 * Collects the proof of a reference, each part verified, and waits until the super-log covers the
 * target (an epoch, a second by default). A namespace that goes on growing faster than epochs pass
 * is found with two different sizes again and again: `not-covered`.
 *
 * @throws ClientError `not-covered`; kind `refused`: what does not hold
 */
export async function prepareReference(
  sessions: Sessions,
  context: ClientContext,
  options: ReferOptions,
): Promise<PreparedReference> {
  const { source, target } = options;
  const provider = await context.provider(1);
  const { sha256 } = provider;
  const targetBlock = await fetchBlock(context.transport, target, options);
  const { entry } = targetBlock;
  const proven = await whenCovered(
    context,
    async () => {
      const found = await readSuperProof(sessions, context, target.namespace, options);
      const { value } = found;
      if (value === undefined || value.size <= target.index) throw notCovered(target.index);
      const proof = await fetchProof(context.transport, target, options);
      if (proof.size !== value.size) throw notCovered(target.index);
      refuseUnless(() =>
        verifyInclusion(
          {
            leafHash: leafHash(entry.bytes, sha256),
            index: target.index,
            size: value.size,
            root: value.root,
            proof: proof.hashes,
          },
          sha256,
        ),
      );
      return { found, hashes: proof.hashes };
    },
    options,
  );
  const { found, hashes } = proven;
  const hash = refuseUnless(() => blockHash(entry, targetBlock.payload, sha256));
  const { timestampMs: superMs } = found.superRoot;
  const timestampMs = Math.max(context.clock.nowMs(), superMs, entry.header.timestampMs);
  const payload = encodeCrossReference({
    sourceNamespace: source.namespace,
    sourceBlock: source.block,
    targetNamespace: target.namespace,
    targetBlock: hash,
    timestampMs,
    targetEntry: entry,
    proof: hashes,
    superInclusion: found.inclusion,
  });
  return { payload, payloadType: PAYLOAD_TYPE.crossReference, timestampMs };
}

function notCovered(index: number): ClientError {
  return new ClientError('rejected', 'not-covered', 'the super-log does not cover the block yet', {
    index,
  });
}
