import {
  decodeSnapshotManifest,
  type NamespaceId,
  openSnapshotChunk,
  parsePolicy,
  SNAPSHOT_CHUNK_BYTES_MAX,
  SNAPSHOT_MANIFEST_BYTES_MAX,
  type SnapshotManifest,
} from '@basalt/protocol';
import type { ClientOptions } from './client.ts';
import { proveConsistency, type VerifiedConsistency } from './consistency.ts';
import { ClientError, refusal, refuseUnless } from './errors.ts';
import { asUsage, createContext } from './options.ts';
import { readCheckpoint } from './read-checkpoint.ts';
import { createSessions } from './session.ts';
import type { CallOptions } from './types.ts';

export interface SnapshotRequest extends CallOptions {
  readonly namespace: NamespaceId;
  /** Blocks that the snapshot covers; those of the newest checkpoint where absent. */
  readonly height?: number;
  /** How many of the newest blocks come with it, at least; whole bundles of 256. Default 1. */
  readonly blocks?: number;
}

/** A manifest whose root belongs to the tree of a signed checkpoint. */
export interface VerifiedManifest {
  readonly manifest: SnapshotManifest;
  /** How its root hangs together with the newest checkpoint. */
  readonly consistency: VerifiedConsistency;
}

/** What another node makes a copy of a namespace from. */
export interface SnapshotDownload {
  /**
   * The manifest of a snapshot, shown to be under the newest checkpoint. The sizes in bytes stay
   * the node's word until the last chunk is there, and so does that no key block is missing.
   *
   * @throws ClientError kind `refused`: `wrong-block`, `malformed`, `invalid-proof`, codes of
   *   `LogView.admit`; `no-trust`
   */
  manifest(request: SnapshotRequest): Promise<VerifiedManifest>;
  /** The same for a manifest that is here already: an import that goes on. */
  verify(manifest: SnapshotManifest, call?: CallOptions): Promise<VerifiedManifest>;
  /**
   * The bytes of one chunk, checked with the manifest alone: any node may have sent them.
   * @throws ClientError kind `refused` with the codes of `openSnapshotChunk` and the `chunk`
   */
  chunk(manifest: SnapshotManifest, chunk: number, call?: CallOptions): Promise<Uint8Array>;
}

/** Nothing is asked of the node before the first call. */
export function createSnapshotDownload(options: ClientOptions): SnapshotDownload {
  const { policy, ...rest } = options;
  const parsed = typeof policy === 'string' ? asUsage(() => parsePolicy(policy)) : policy;
  const context = createContext(parsed === undefined ? rest : { ...rest, policy: parsed });
  const sessions = createSessions(context);
  const { transport } = context;
  if (context.verify === 'none') {
    throw new ClientError('usage', 'no-trust', 'a client that verifies nothing cannot copy');
  }

  async function verify(
    manifest: SnapshotManifest,
    call: CallOptions = {},
  ): Promise<VerifiedManifest> {
    const { namespace, height: size, root } = manifest.snapshot;
    const session = await sessions.open(namespace, call);
    return { manifest, consistency: await proveConsistency(session, { size, root }, call) };
  }

  return {
    verify,
    async manifest({ namespace, height, blocks = 1, ...call }) {
      const session = await sessions.open(namespace, call);
      const wanted = height ?? (await readCheckpoint(session, call)).checkpoint.size;
      const path = `/chains/${namespace}/snapshots/${wanted}/chunks?blocks=${blocks}`;
      const bytesMax = SNAPSHOT_MANIFEST_BYTES_MAX;
      const { body } = await transport.request(path, { bytesMax, signal: call.signal });
      const manifest = refuseUnless(() => decodeSnapshotManifest(body, session.hash));
      const { snapshot, from } = manifest;
      if (snapshot.namespace !== namespace || snapshot.height !== wanted) {
        throw refusal('wrong-block', 'the manifest is of another namespace or height');
      }
      if (from > Math.max(0, wanted - blocks)) {
        throw refusal('wrong-block', `the snapshot brings fewer than ${blocks} blocks`);
      }
      return verify(manifest, call);
    },
    async chunk(manifest, chunk, call = {}) {
      const { snapshot, from } = manifest;
      const { namespace, height } = snapshot;
      const path = `/chains/${namespace}/snapshots/${height}/chunks/${chunk}?from=${from}`;
      const bytesMax = SNAPSHOT_CHUNK_BYTES_MAX;
      const { body } = await transport.request(path, { bytesMax, signal: call.signal });
      const provider = await context.provider(1);
      refuseUnless(() => openSnapshotChunk(manifest, chunk, body, provider));
      return body;
    },
  };
}
