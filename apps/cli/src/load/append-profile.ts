import { randomBytes } from 'node:crypto';
import {
  ALGORITHM,
  assert,
  type ChainTip,
  createBlock,
  createSigner,
  encodeBlock,
  type NamespaceId,
  PAYLOAD_TYPE,
  type Signer,
  tipAfter,
  type WriteConsistency,
} from '@basalt/protocol';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import type { LoadTransport } from './http.ts';
import type { Outcome } from './open-loop.ts';
import type { LoadParts, Profile } from './types.ts';

/** Writers that are made ready at a time: each waits for a checkpoint, which they share. */
const MADE_AT_ONCE = 64;
const BLOCK_TYPE = 'application/x-olocus-block';

const PREFER: Readonly<Record<WriteConsistency, string>> = {
  immediate: 'wait-checkpoint',
  durable: 'durable',
  eventual: 'respond-async',
};

interface Writer {
  readonly namespace: NamespaceId;
  readonly signer: Signer;
  tip: ChainTip;
}

/**
 * One block a request, by writers with namespaces and keys of their own that are thrown away. A
 * writer's blocks follow each other, so there are as many writers as requests may be under way:
 * none has to wait in here, where its time would be told as the node's.
 */
export async function createAppendProfile(parts: LoadParts): Promise<Profile> {
  const { context, url, concurrency, payloadBytes, consistency } = parts;
  const client = await connect(context, { url });
  const create = async (): Promise<Writer> => {
    const signer = newSigner(context);
    const { namespace, genesis, hash } = await client.createNamespace({ label: 'load', signer });
    return { namespace, signer, tip: tipAfter(genesis, hash) };
  };
  const free: Writer[] = [];
  while (free.length < concurrency) {
    const length = Math.min(MADE_AT_ONCE, concurrency - free.length);
    free.push(...(await Promise.all(Array.from({ length }, create))));
  }
  return {
    noun: 'block',
    async send(transport) {
      const writer = free.pop();
      assert(writer !== undefined, 'more under way than there are writers');
      try {
        return await appendOne(context, writer, { payloadBytes, consistency, transport });
      } finally {
        free.push(writer);
      }
    },
  };
}

interface AppendParts {
  readonly payloadBytes: number;
  readonly consistency: WriteConsistency;
  readonly transport: LoadTransport;
}

async function appendOne(
  context: Context,
  writer: Writer,
  { payloadBytes, consistency, transport }: AppendParts,
): Promise<Outcome> {
  const { namespace, signer, tip } = writer;
  const timestampMs = Math.max(context.clock.nowMs(), tip.timestampMs);
  const payload = new Uint8Array(randomBytes(payloadBytes));
  const content = { timestampMs, payloadType: PAYLOAD_TYPE.opaque, payload };
  const { block, hash } = createBlock({
    namespace,
    tip,
    ...content,
    signer,
    provider: context.provider(),
  });
  const outcome = await transport.send({
    method: 'POST',
    path: '/blocks',
    mediaType: BLOCK_TYPE,
    prefer: PREFER[consistency],
    body: encodeBlock(block),
  });
  // A block that was refused is not there to follow: the next one takes its place.
  if (outcome.ok) writer.tip = tipAfter(block, hash);
  return outcome;
}

function newSigner(context: Context): Signer {
  const suite = context.provider().suite(ALGORITHM.ed25519);
  const seed = new Uint8Array(randomBytes(suite.seedBytes));
  return createSigner(suite.keyPairFromSeed(seed), context.provider());
}
