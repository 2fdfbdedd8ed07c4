import {
  type Block,
  blockHash,
  type Entry,
  equalBytes,
  type HashFunction,
  type KeyState,
  type NamespaceId,
} from '@basalt/protocol';
import { refusal, refuseUnless } from './errors.ts';
import { advanceKeys } from './key-chain.ts';
import { BATCH_BLOCKS_MAX, KEY_BLOCKS_MAX } from './limits.ts';
import type { LogView } from './log-view.ts';
import { checkManyInclusions } from './many-inclusions.ts';
import type { ClientContext } from './options.ts';
import { fetchBlock, fetchKeyBlocks } from './requests.ts';
import type { CallOptions } from './types.ts';
import { whenCovered } from './when-covered.ts';

export interface WritersParts {
  readonly namespace: NamespaceId;
  readonly context: ClientContext;
  readonly log: LogView;
  readonly hash: HashFunction;
}

/** Who may sign in one namespace, from the key blocks in its own log. */
export interface Writers {
  /**
   * Key state that covers all blocks below `size`. The node is asked again when it was asked before
   * a longer chain was known; key blocks seen before are not checked twice.
   *
   * @throws ClientError kind `refused`: `genesis-mismatch`, rule codes of key blocks, `invalid-
   *   proof`
   */
  upTo(size: number, call: CallOptions): Promise<KeyState>;
}

interface Known {
  readonly state: KeyState;
  /** Key blocks applied so far, by hash, in order. */
  readonly hashes: readonly Uint8Array[];
  /** Blocks below this index need no further question. */
  readonly size: number;
}

export function createWriters(parts: WritersParts): Writers {
  let known: Known | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  async function refresh(size: number, call: CallOptions): Promise<KeyState> {
    if (known !== undefined && known.size >= size) return known.state;
    const { transport } = parts.context;
    const blocks = await fetchKeyBlocks(transport, parts.namespace, KEY_BLOCKS_MAX, call);
    // A chain of version 1 starts without a key block: its first block carries the key.
    if (blocks[0]?.entry.header.index !== 0) {
      const first = { namespace: parts.namespace, index: 0 };
      blocks.unshift(await fetchBlock(transport, first, call));
    }
    known = { ...(await resolve(parts, known, blocks, call)), size };
    return known.state;
  }

  return {
    upTo(size, call) {
      const turn = queue.then(
        () => refresh(size, call),
        () => refresh(size, call),
      );
      queue = turn.catch(() => undefined);
      return turn;
    },
  };
}

async function resolve(
  parts: WritersParts,
  known: Known | undefined,
  blocks: readonly Block[],
  call: CallOptions,
): Promise<Omit<Known, 'size'>> {
  const hashes: Uint8Array[] = [];
  const fresh: Entry[] = [];
  let state = known?.state;
  for (const [place, block] of blocks.entries()) {
    const hash = refuseUnless(() => blockHash(block.entry, block.payload, parts.hash));
    const before = known?.hashes[place];
    if (before !== undefined && !equalBytes(before, hash)) {
      throw refusal('genesis-mismatch', 'the node changed its mind about a key block', { place });
    }
    hashes.push(hash);
    if (before !== undefined) continue;
    state = await advanceKeys(parts.namespace, state, block, parts.context.provider);
    fresh.push(block.entry);
  }
  if (state === undefined || hashes.length < (known?.hashes.length ?? 0)) {
    throw refusal('missing-block', 'expected all key blocks of the namespace, genesis first', {
      namespace: parts.namespace,
      found: hashes.length,
    });
  }
  for (let start = 0; start < fresh.length; start += BATCH_BLOCKS_MAX) {
    const part = fresh.slice(start, start + BATCH_BLOCKS_MAX);
    await whenCovered(parts.context, () => checkManyInclusions(parts, part, call), call);
  }
  return { state, hashes };
}
