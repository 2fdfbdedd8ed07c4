import { randomBytes } from 'node:crypto';
import {
  ALGORITHM,
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

/** Writers that are made ready at a time: their first blocks share a sync. */
const MADE_AT_ONCE = 64;
/** Writers that are made beforehand: enough for a node that answers within this time. */
const PREPARED_SECONDS = 0.5;
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
 * writer's blocks follow each other, so there are as many writers as requests are under way at
 * once. Those that a node needs which answers in time are made beforehand, the others when a
 * request finds none free; a namespace is for ever, so none is made that nothing asked for.
 */
export async function createAppendProfile(parts: LoadParts): Promise<Profile> {
  const { context, url, payloadBytes, consistency } = parts;
  const { signal } = context;
  const client = await connect(context, { url });
  const create = async (): Promise<Writer> => {
    const signer = newSigner(context);
    const options = { label: 'load', signer, signal };
    const { namespace, genesis, hash } = await client.createNamespace(options);
    return { namespace, signer, tip: tipAfter(genesis, hash) };
  };
  const free = await prepare(parts, create);
  return {
    noun: 'block',
    async send(transport) {
      // The making counts from when the block was due, and not as the time of the node.
      const writer = free.pop() ?? (await create());
      try {
        return await appendOne(context, writer, { payloadBytes, consistency, transport });
      } finally {
        free.push(writer);
      }
    },
  };
}

/** @throws the signal's reason once it has fired, and what `create` throws */
async function prepare(parts: LoadParts, create: () => Promise<Writer>): Promise<Writer[]> {
  const { concurrency, rate, seconds } = parts;
  const { signal, terminal } = parts.context;
  const wanted = Math.min(concurrency, Math.ceil(rate * Math.min(seconds, PREPARED_SECONDS)));
  const made: Writer[] = [];
  const show = (): void => {
    terminal.live(`makes namespaces to write into: ${made.length} of ${wanted}`);
  };
  const makeOne = async (): Promise<void> => {
    const writer = await create();
    made.push(writer);
    show();
  };
  try {
    show();
    while (made.length < wanted) {
      signal.throwIfAborted();
      const length = Math.min(MADE_AT_ONCE, wanted - made.length);
      await Promise.all(Array.from({ length }, makeOne));
    }
  } finally {
    terminal.clearLive();
  }
  return made;
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
