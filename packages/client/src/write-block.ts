import {
  type Block,
  type BlockHash,
  blockHash,
  encodeBlock,
  fromHex,
  leafHash,
  parseCheckpoint,
  parseNote,
  toHex,
  type WriteConsistency,
} from '@basalt/protocol';
import { ClientError, refusal, refuseUnless, serverErrorCode } from './errors.ts';
import { checkInclusion } from './inclusion.ts';
import {
  asObject,
  countField,
  hashListField,
  type JsonObject,
  parseJson,
  textField,
} from './json.ts';
import type { ClientContext } from './options.ts';
import { BLOCK_TYPE } from './requests.ts';
import type { Sessions } from './session.ts';
import type { BlockProof, CallOptions } from './types.ts';
import { whenCovered } from './when-covered.ts';

export interface WriteBlockOptions extends CallOptions {
  /**
   * When to come back: `immediate` once a signed checkpoint covers the block, with its proof
   * verified; `durable` (default) once it is synced; `eventual` once it is queued, and
   * `settledBlock` tells later what became of it.
   */
  readonly consistency?: WriteConsistency;
  /** Compare-and-swap: only if this is the head. */
  readonly ifHead?: BlockHash;
}

/** A block that a node took. */
export interface WrittenBlock {
  readonly status: 'accepted' | 'duplicate' | 'queued';
  readonly hash: BlockHash;
  readonly index: number;
  /** Verified; with `immediate`, unless the node had no proof at hand. */
  readonly proof: BlockProof | undefined;
}

const PREFER: Record<WriteConsistency, string> = {
  immediate: 'wait-checkpoint',
  durable: 'durable',
  eventual: 'respond-async',
};

/**
 * Sends one signed block. Sending it again is harmless.
 *
 * @throws ClientError codes of the rules and of the node; kind `refused` for a proof that does not
 *   hold
 */
export async function writeBlock(
  sessions: Sessions,
  context: ClientContext,
  block: Block,
  options: WriteBlockOptions,
): Promise<WrittenBlock> {
  const { consistency = 'durable', ifHead } = options;
  const { token } = context;
  const { sha256 } = await context.provider(1);
  const hash = blockHash(block.entry, block.payload, sha256);
  const reply = await context.transport.request('/blocks', {
    method: 'POST',
    headers: {
      'content-type': BLOCK_TYPE,
      accept: 'application/json',
      prefer: PREFER[consistency],
      ...(ifHead === undefined ? {} : { 'if-match': `"${toHex(ifHead)}"` }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: encodeBlock(block),
    signal: options.signal,
  });
  const object = asObject(parseJson(reply.body), 'the whole');
  if (textField(object, 'hash') !== toHex(hash)) {
    throw refusal('wrong-block', 'the node answers about another block', {});
  }
  const status = reply.status === 202 ? 'queued' : reply.status === 201 ? 'accepted' : 'duplicate';
  const { index } = block.entry.header;
  const proof = object['proof'] === undefined ? undefined : readProof(object, block, sha256);
  if (proof !== undefined) {
    const session = await sessions.open(block.entry.header.namespace, options);
    await checkInclusion(session, block.entry, proof, options);
  }
  return { status, hash, index, proof };
}

function readProof(
  object: JsonObject,
  { entry }: Block,
  sha256: (bytes: Uint8Array) => Uint8Array,
): BlockProof {
  const proof = asObject(object['proof'], 'proof');
  const checkpoint = textField(object, 'checkpoint');
  const { root } = refuseUnless(() => parseCheckpoint(parseNote(checkpoint).text));
  return {
    namespace: entry.header.namespace,
    index: entry.header.index,
    size: countField(proof, 'size'),
    root,
    leafHash: leafHash(entry.bytes, sha256),
    hashes: hashListField(proof, 'hashes'),
    checkpoint,
  };
}

/** What became of a block that was queued. */
export interface SettledBlock {
  readonly status: 'committed' | 'checkpointed';
  readonly index: number;
}

/**
 * Asks until a queued block is in the log; the node's word, `get` verifies it.
 *
 * @throws ClientError the code of the rule that refused it; `not-covered` when it stays queued;
 *   `unknown-block` when the node has forgotten it
 */
export async function settledBlock(
  context: ClientContext,
  hash: BlockHash | string,
  call: CallOptions,
): Promise<SettledBlock> {
  const name = toHex(typeof hash === 'string' ? fromHex(hash) : hash);
  return await whenCovered(
    context,
    async () => {
      const reply = await context.transport.request(`/blocks/${name}/status`, {
        headers: { accept: 'application/json' },
        signal: call.signal,
        isFresh: true,
      });
      const object = asObject(parseJson(reply.body), 'the whole');
      const status = textField(object, 'status');
      const index = countField(object, 'index');
      if (status === 'committed' || status === 'checkpointed') return { status, index };
      if (status === 'queued') {
        throw new ClientError('rejected', 'not-covered', 'the block is still queued', { index });
      }
      const { code, message } = object;
      const words = typeof message === 'string' ? message : 'the node refused the block';
      throw new ClientError('rejected', serverErrorCode(code), words, { index });
    },
    call,
  );
}
