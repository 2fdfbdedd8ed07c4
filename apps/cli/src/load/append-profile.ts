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
} from '@basalt/protocol';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import type { LoadTransport } from './http.ts';
import type { Outcome } from './open-loop.ts';
import type { LoadParts, Profile } from './types.ts';

/** A writer's blocks follow each other, so as many are under way as there are writers. */
const WRITERS_MAX = 64;
const BLOCK_TYPE = 'application/x-olocus-block';

interface Writer {
  readonly namespace: NamespaceId;
  readonly signer: Signer;
  tip: ChainTip;
}

/** One block a request, by writers with namespaces and keys of their own that are thrown away. */
export async function createAppendProfile(parts: LoadParts): Promise<Profile> {
  const { context, url, concurrency, payloadBytes } = parts;
  const client = await connect(context, { url });
  const writers: Writer[] = [];
  while (writers.length < Math.min(concurrency, WRITERS_MAX)) {
    const signer = newSigner(context);
    const { namespace, genesis, hash } = await client.createNamespace({ label: 'load', signer });
    writers.push({ namespace, signer, tip: tipAfter(genesis, hash) });
  }
  const free = [...writers];
  const queue: ((writer: Writer) => void)[] = [];
  const take = (): Promise<Writer> => {
    const writer = free.pop();
    if (writer !== undefined) return Promise.resolve(writer);
    return new Promise((resolve) => queue.push(resolve));
  };
  const give = (writer: Writer): void => {
    const next = queue.shift();
    if (next === undefined) free.push(writer);
    else next(writer);
  };
  return {
    noun: 'block',
    async send(transport) {
      const writer = await take();
      try {
        return await appendOne(context, writer, payloadBytes, transport);
      } finally {
        give(writer);
      }
    },
  };
}

async function appendOne(
  context: Context,
  writer: Writer,
  payloadBytes: number,
  transport: LoadTransport,
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
