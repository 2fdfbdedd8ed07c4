import type { ServerResponse } from 'node:http';
import type { BlockView } from '@basalt/ledger';
import { type BlockHash, fromHex } from '@basalt/protocol';
import type { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { assertMediaType, readBody } from '../http/body.ts';
import { ANSWER_BYTES_PER_TOKEN, JSON_BODY_BYTES_MAX } from '../limits.ts';
import { BATCH_TYPE, JSON_TYPE } from '../media-types.ts';
import { type App, addRoute } from '../route.ts';
import { FetchRequest } from '../schemas/requests.ts';
import type { Services } from '../services.ts';
import { assertWithinSession } from '../session/apply-session.ts';
import { underCheckpoint } from '../stable-proof.ts';

const MISSING = 0;
const FOUND = 1;

/**
 * `POST /blocks/fetch`: many blocks by hash in one answer, for each in the order of the question u8
 * marker (0 missing, 1 found), u32 length (0 where missing), bytes (wire form, or header form where
 * asked for or pruned). With proofs, behind them: u32 length and checkpoint note, u32 length and
 * compact multi-proof of the found blocks, which must be of one namespace.
 */
export function addFetchRoute(app: App, services: Services, fields: readonly string[]): void {
  addRoute(
    app,
    {
      method: 'post',
      path: '/blocks/fetch',
      tag: 'blocks',
      summary: 'Many blocks by hash, with one proof for all where asked',
      body: { [JSON_TYPE]: FetchRequest },
      responses: {
        200: {
          description: 'Blocks in the order of the question',
          content: { [BATCH_TYPE]: null },
        },
      },
      problems: [409, 413, 415],
    },
    async ({ request, response }) => {
      assertMediaType(request, JSON_TYPE);
      const body = await readBody(request, JSON_BODY_BYTES_MAX, services.budget);
      let wanted: z.output<typeof FetchRequest>;
      try {
        wanted = parseJsonBody(body.bytes, FetchRequest);
      } finally {
        body.release();
      }
      assertWithinSession(request, 'questionItemsMax', wanted.hashes.length);
      const hashes = wanted.hashes.map((hash) => fromHex(hash) as BlockHash);
      // Before the first byte goes out, so that a fault still has a status.
      const proof = wanted.proofs ? await proveAll(services, hashes) : undefined;
      response.writeHead(200, ['Content-Type', BATCH_TYPE, ...fields, 'Cache-Control', 'no-store']);
      const bucket = services.bucketOf(request.socket);
      // One block in memory at a time: 256 of them may be 4 GiB.
      for (const hash of hashes) {
        const bytes = frame(await services.ledger.block(hash), wanted.payloads);
        // Each costs what it would have cost alone.
        bucket.owe(Math.ceil(bytes.length / ANSWER_BYTES_PER_TOKEN), services.clock);
        if (!(await write(response, bytes))) return;
      }
      response.end(proof);
    },
  );
}

function frame(view: BlockView | undefined, withPayload: boolean): Uint8Array {
  if (view === undefined) return Buffer.from([MISSING, 0, 0, 0, 0]);
  const payload = withPayload ? view.payload : undefined;
  const head = Buffer.alloc(5);
  head[0] = FOUND;
  head.writeUInt32BE(view.entry.length + (payload?.length ?? 0), 1);
  return Buffer.concat(payload === undefined ? [head, view.entry] : [head, view.entry, payload]);
}

/** False when the client is gone; waits while it is slow. */
async function write(response: ServerResponse, bytes: Uint8Array): Promise<boolean> {
  if (response.destroyed) return false;
  if (response.write(bytes)) return true;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
  return !response.destroyed;
}

async function proveAll(services: Services, hashes: readonly BlockHash[]): Promise<Uint8Array> {
  const { ledger } = services;
  const places = await Promise.all(hashes.map((hash) => ledger.locate(hash)));
  const found = places.filter((place) => place !== undefined);
  const [first] = found;
  if (first === undefined) return Buffer.alloc(8);
  if (found.some((place) => place.namespace !== first.namespace)) {
    throw new GatewayError(
      'bad-request',
      'expected blocks of one namespace where proofs are asked',
    );
  }
  const indexes = [...new Set(found.map((place) => place.index))].sort((a, b) => a - b);
  const proven = await underCheckpoint(ledger, first.namespace, () =>
    ledger.multiProof(first.namespace, indexes),
  );
  return Buffer.concat([prefixed(Buffer.from(proven.note)), prefixed(proven.value)]);
}

function prefixed(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** @throws GatewayError `bad-request` */
export function parseJsonBody<Schema extends z.ZodType>(
  bytes: Uint8Array,
  schema: Schema,
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new GatewayError('bad-request', 'expected a body in JSON');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new GatewayError('bad-request', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
