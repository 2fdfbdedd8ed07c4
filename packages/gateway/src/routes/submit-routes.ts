import type { IncomingMessage } from 'node:http';
import type { SubmitOutcome } from '@basalt/ledger';
import { LedgerError } from '@basalt/ledger';
import { type Block, type BlockHash, toHex } from '@basalt/protocol';
import { assertMediaType, type Body, readBody } from '../http/body.ts';
import { problemOf } from '../http/problem.ts';
import { BLOCK_BODY_BYTES_MAX, batchBodyBytesMax } from '../limits.ts';
import { BLOCK_TYPE, BLOCKS_TYPE, BYTES_TYPE, JSON_TYPE } from '../media-types.ts';
import { sendProblem, sendResult } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import { BatchResult, SubmitResult } from '../schemas/responses.ts';
import type { Services } from '../services.ts';
import { assertWithinSession } from '../session/apply-session.ts';
import {
  appliedFields,
  assertMayCreate,
  assertOwnOrigin,
  charge,
  problemOfOutcome,
  readBlocks,
  readWish,
  type Wish,
} from '../submit.ts';

const HEADERS = {
  Prefer: 'respond-async: 202 once queued; durable: after the sync; wait-checkpoint: with proof',
  'If-Match': 'compare-and-swap: the hash of the head in quotes',
};

/** Statuses of the block rules. */
const REFUSALS: readonly number[] = [401, 403, 409, 412, 413, 415, 422, 423];

export function addSubmitRoutes(app: App, services: Services, fields: readonly string[]): void {
  addOne(app, services, fields);
  addBatch(app, services, fields);
}

function addOne(app: App, services: Services, fields: readonly string[]): void {
  const result = { [JSON_TYPE]: SubmitResult };
  addRoute(
    app,
    {
      method: 'post',
      path: '/blocks',
      tag: 'blocks',
      summary: 'Submit one signed block; idempotent by its hash',
      headers: HEADERS,
      body: { [BLOCK_TYPE]: null },
      responses: {
        200: { description: 'Known already', content: result },
        201: { description: 'Accepted; with an inclusion proof unless durable', content: result },
        202: { description: 'Queued; Location is its status', content: result },
      },
      problems: REFUSALS,
    },
    async ({ request, response }) => {
      assertOwnOrigin(services, request);
      assertMediaType(request, BLOCK_TYPE, BYTES_TYPE);
      const wish = readWish(request, 'immediate');
      const body = await readBody(request, BLOCK_BODY_BYTES_MAX, services.budget);
      try {
        const blocks = readBlocks(body.bytes, 1);
        assertBlocks(request, blocks);
        charge(services, request, 1);
        await assertMayCreate(services, request, blocks);
        const [outcome] = await services.ledger.submit(blocks, submitOptions(wish));
        if (outcome === undefined) throw new LedgerError('internal', 'no outcome of a block');
        if (outcome.status === 'rejected') {
          sendProblem(response, await problemOfOutcome(services, outcome));
          return;
        }
        const hash = toHex(outcome.blockHash);
        const status =
          outcome.status === 'queued' ? 202 : outcome.status === 'accepted' ? 201 : 200;
        const location = status === 202 ? `/blocks/${hash}/status` : `/blocks/${hash}`;
        const all = [...fields, ...appliedFields(wish), 'Location', location];
        sendResult(response, status, await resultOf(services, outcome, wish), all, []);
      } finally {
        body.release();
      }
    },
  );
}

function addBatch(app: App, services: Services, fields: readonly string[]): void {
  const { batchBlocksMax } = services.settings;
  addRoute(
    app,
    {
      method: 'post',
      path: '/blocks/batch',
      tag: 'blocks',
      summary: `Submit up to ${batchBlocksMax} signed blocks, one outcome for each`,
      headers: HEADERS,
      body: { [BLOCKS_TYPE]: null },
      responses: {
        200: { description: 'Outcomes in order', content: { [JSON_TYPE]: BatchResult } },
      },
      problems: [401, 403, 412, 413, 415],
    },
    async ({ request, response }) => {
      assertOwnOrigin(services, request);
      assertMediaType(request, BLOCKS_TYPE, BYTES_TYPE);
      const wish = readWish(request, 'durable');
      let body: Body | undefined;
      try {
        body = await readBody(request, batchBodyBytesMax(batchBlocksMax), services.budget);
        const blocks = readBlocks(body.bytes, batchBlocksMax);
        assertWithinSession(request, 'batchBlocksMax', blocks.length);
        assertBlocks(request, blocks);
        charge(services, request, blocks.length);
        await assertMayCreate(services, request, blocks);
        const outcomes = await services.ledger.submit(blocks, submitOptions(wish));
        const value = {
          outcomes: outcomes.map(outcomeView),
          ...(await headOf(services, outcomes)),
        };
        sendResult(response, 200, value, [...fields, ...appliedFields(wish)], []);
      } finally {
        body?.release();
      }
    },
  );
}

function assertBlocks(request: IncomingMessage, blocks: readonly Block[]): void {
  for (const { entry } of blocks) {
    assertWithinSession(request, 'payloadBytesMax', entry.header.payloadLength);
  }
}

function submitOptions(wish: Wish): { consistency: Wish['consistency']; ifHead?: BlockHash } {
  return {
    consistency: wish.consistency,
    ...(wish.ifHead === undefined ? {} : { ifHead: wish.ifHead }),
  };
}

type Settled = Exclude<SubmitOutcome, { status: 'rejected' }>;

async function resultOf(
  services: Services,
  outcome: Settled,
  wish: Wish,
): Promise<Record<string, unknown>> {
  const { namespace, index, blockHash, status } = outcome;
  const base = { namespace, index, hash: blockHash, status };
  if (wish.consistency !== 'immediate') return base;
  try {
    const proof = await services.ledger.inclusionProof(namespace, index);
    const { size, hashes, checkpoint } = proof;
    return { ...base, checkpoint, proof: { size, hashes } };
  } catch (error) {
    // The block is in the log whatever becomes of its proof: say so, and let the client ask later.
    services.logger.warn('no proof for an accepted block', { code: problemOf(error).code });
    return base;
  }
}

function outcomeView(outcome: SubmitOutcome): Record<string, unknown> {
  const { status, namespace, index, blockHash } = outcome;
  const base = { status, namespace, index, hash: blockHash };
  if (outcome.status !== 'rejected') return base;
  return { ...base, code: outcome.code, message: outcome.message };
}

/** The head after the batch, where all of it is of one namespace that exists. */
async function headOf(
  services: Services,
  outcomes: readonly SubmitOutcome[],
): Promise<Record<string, unknown>> {
  const namespace = outcomes[0]?.namespace;
  if (namespace === undefined || outcomes.some((outcome) => outcome.namespace !== namespace)) {
    return {};
  }
  const info = await services.ledger.info(namespace);
  return info === undefined ? {} : { head: { index: info.size - 1, hash: info.headHash } };
}
