import type {
  Block,
  BlockHash,
  Checkpoint,
  Hash32,
  NamespaceId,
  WriterKey,
} from '@basalt/protocol';
import type { ClientError } from './errors.ts';

/** Names of what can be checked about a block. */
export type CheckName = keyof Checks;

/**
 * What was checked and holds. `false` means *not checked*, never "wrong": what is wrong is refused.
 */
export interface Checks {
  /** The payload's length and hash are those of the header. */
  readonly payloadHash: boolean;
  /** The signature over the header is good under `writer`'s key. */
  readonly signature: boolean;
  /**
   * That key was the namespace's writer at this index, going by the key blocks that the log shows;
   * each of them is signed, follows from the namespace id, and lies under the same checkpoint. That
   * the log hides none is not shown by this.
   */
  readonly writer: boolean;
  /** The log entry is leaf `index` of the tree of the checkpoint. */
  readonly inclusion: boolean;
  /** The checkpoint is signed by the log's key; see `trust` for where that key is from. */
  readonly checkpoint: boolean;
  /** The checkpoint extends one that this client held before; false at first sight of a log. */
  readonly consistency: boolean;
  /** The policy that was given accepts the checkpoint: its logs, its quorum of witnesses. */
  readonly policy: boolean;
}

/**
 * Where the log's key comes from: given by the caller (`pinned`), told by the node itself at first
 * contact and kept since (`first-use`), or no checkpoint was looked at (`none`).
 */
export type Trust = 'pinned' | 'first-use' | 'none';

export interface Verified extends Checks {
  readonly trust: Trust;
}

/** A checkpoint that was accepted. */
export interface VerifiedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The signed note, as served. */
  readonly note: string;
  /** Names of policy witnesses with a good cosignature. */
  readonly witnesses: readonly string[];
  /**
   * When the quorum of the policy had cosigned it, by the clocks of the witnesses: Unix
   * milliseconds. Undefined where no quorum was asked for: then nothing tells how old it is.
   */
  readonly witnessedMs: number | undefined;
  readonly verified: Pick<Verified, 'checkpoint' | 'consistency' | 'policy' | 'trust'>;
}

/** Inclusion proof of one block. Hashes are 32 bytes. */
export interface BlockProof {
  readonly namespace: NamespaceId;
  readonly index: number;
  readonly size: number;
  readonly root: Hash32;
  readonly leafHash: Hash32;
  /** The leaf's sibling first. */
  readonly hashes: readonly Hash32[];
  /** Signed note for `size` and `root`. */
  readonly checkpoint: string;
}

/** How to name a block: its hash in hex, or its place. */
export type BlockReference = string | { readonly namespace: NamespaceId; readonly index: number };

interface BlockFacts {
  readonly namespace: NamespaceId;
  readonly index: number;
  /** Inclusion proof as served, where one was asked for block by block. */
  readonly proof: BlockProof | undefined;
  readonly verified: Verified;
}

/**
 * A block as returned: `verified` when every check holds that could be made, and `verified` says
 * which those are; `unchecked` with `verify: 'none'`.
 */
export interface ServedBlock extends BlockFacts {
  readonly status: 'verified' | 'unchecked';
  readonly hash: BlockHash;
  /** `payload` is undefined where the node has pruned it. */
  readonly block: Block;
  /** The key that signed; undefined with `verify: 'none'`. */
  readonly writer: WriterKey | undefined;
}

/** What was served in the place of a block, and why it is refused. */
export interface RefusedBlock extends BlockFacts {
  readonly status: 'refused';
  /** The first thing that does not hold. */
  readonly error: ClientError;
  /** Everything that does not hold. `block` where the bytes are not the block asked for at all. */
  readonly failures: readonly {
    readonly check: CheckName | 'block';
    readonly error: ClientError;
  }[];
  /** The name that the served bytes have; undefined where they are no block. */
  readonly hash: BlockHash | undefined;
  /** As served and not to be believed. */
  readonly block: Block | undefined;
}

export type BlockReport = ServedBlock | RefusedBlock;

/** Options of every call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /**
   * What to do about a block that no checkpoint covers yet (younger than some 200 ms): `wait` for
   * one (default), or `if-covered`: return without inclusion and say so.
   */
  readonly inclusion?: 'wait' | 'if-covered';
}
