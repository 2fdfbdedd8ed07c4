import type { NamespaceId } from '@basalt/protocol';
import { IMMUTABLE, SHORT } from '../cache-control.ts';
import { GatewayError } from '../errors.ts';
import { digestOf } from '../http/digest.ts';
import { Representation } from '../http/representation.ts';
import { sendRepresentation } from '../http/send.ts';
import { ROWS_PER_TOKEN } from '../limits.ts';
import { BLOCKS_TYPE, JSON_TYPE } from '../media-types.ts';
import { sendJson } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import * as requests from '../schemas/requests.ts';
import * as schemas from '../schemas/responses.ts';
import type { Services } from '../services.ts';
import { assertWithinSession } from '../session/apply-session.ts';
import { underCheckpoint } from '../stable-proof.ts';
import { charge } from '../submit.ts';
import { proofView } from '../views.ts';
import { chooseType } from './block-routes.ts';

export function addProofRoutes(app: App, services: Services): void {
  addKeys(app, services);
  addMultiProof(app, services);
  addConsistency(app, services);
  addSuper(app, services);
}

function addKeys(app: App, services: Services): void {
  const { ledger } = services;
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/keys',
      tag: 'chains',
      summary: 'Key blocks (genesis, rotations, recoveries), so that writers can be resolved',
      params: requests.NamespaceParams,
      query: requests.KeysQuery,
      responses: {
        200: {
          description: 'The blocks; with proofs=1 JSON with an inclusion proof of each',
          content: { [BLOCKS_TYPE]: null, [JSON_TYPE]: schemas.KeyBlocksView },
        },
      },
      problems: [406, 409, 410],
    },
    async ({ request, response, params, query }) => {
      const { namespace } = await services.namespaces.find(params.ns);
      const keyBlocks = await ledger.keyBlocks(namespace);
      const wantsJson = query.proofs === '1' || query.view === 'json';
      if (wantsJson || chooseType(request, undefined, [BLOCKS_TYPE, JSON_TYPE]) === JSON_TYPE) {
        // A namespace may have had thousands of keys, and a proof is as much work as a request.
        charge(services, request, keyBlocks.length);
        const value = await keyBlocksWithProofs(services, namespace);
        return sendJson(request, response, value, { cacheControl: SHORT, compress: true });
      }
      charge(services, request, Math.ceil(keyBlocks.length / ROWS_PER_TOKEN));
      const parts: Uint8Array[] = [];
      for (const index of keyBlocks) {
        const { entry, payload } = await wholeKeyBlock(services, namespace, index);
        parts.push(entry, payload);
      }
      const body = Buffer.concat(parts);
      const digest = digestOf(body);
      return sendRepresentation(
        request,
        response,
        new Representation({
          body,
          mediaType: BLOCKS_TYPE,
          tag: digest.slice('sha-256=:'.length, -1),
          cacheControl: SHORT,
          vary: 'Accept',
          compress: true,
          digest,
        }),
      );
    },
  );
}

/** Key blocks of a chain of version 1: none, its key is in every block. */
async function keyBlocksWithProofs(
  services: Services,
  namespace: NamespaceId,
): Promise<Record<string, unknown>> {
  const { ledger } = services;
  const { value, note, checkpoint } = await underCheckpoint(ledger, namespace, async () => {
    const blocks: Record<string, unknown>[] = [];
    const info = await ledger.info(namespace);
    for (const index of await ledger.keyBlocks(namespace)) {
      // Above the checkpoint nothing can be proven yet; the next one will have it.
      if (index >= (info?.checkpointSize ?? 0)) break;
      const block = await wholeKeyBlock(services, namespace, index);
      const { leafHash, hashes } = await ledger.inclusionProof(namespace, index);
      const wire = Buffer.concat([block.entry, block.payload]).toString('base64');
      blocks.push({ index, hash: block.hash, block: wire, leafHash, hashes });
    }
    return blocks;
  });
  const { size, root } = checkpoint;
  return { namespace, size, root, checkpoint: note, blocks: value };
}

async function wholeKeyBlock(
  { ledger }: Services,
  namespace: NamespaceId,
  index: number,
): Promise<{ entry: Uint8Array; payload: Uint8Array; hash: Uint8Array }> {
  const view = await ledger.blockAt(namespace, index);
  if (view?.payload === undefined) {
    throw new GatewayError('pruned', `the payload of the key block ${index} was pruned`, { index });
  }
  return { entry: view.entry, payload: view.payload, hash: view.blockHash };
}

function addMultiProof(app: App, services: Services): void {
  const { ledger } = services;
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/proofs',
      tag: 'chains',
      summary: 'One compact proof of many blocks under the newest checkpoint',
      params: requests.NamespaceParams,
      query: requests.ProofsQuery,
      responses: {
        200: { description: 'The proof', content: { [JSON_TYPE]: schemas.MultiProofView } },
      },
      problems: [409],
    },
    async ({ request, response, params, query }) => {
      const { namespace } = await services.namespaces.find(params.ns);
      const { indexes } = query;
      assertWithinSession(request, 'questionItemsMax', indexes.length);
      const { value, note, checkpoint } = await underCheckpoint(ledger, namespace, () =>
        ledger.multiProof(namespace, indexes),
      );
      const { size, root } = checkpoint;
      const proof = Buffer.from(value).toString('base64');
      const body = { namespace, indexes, size, root, checkpoint: note, proof };
      return sendJson(request, response, body, { cacheControl: SHORT });
    },
  );
}

function addConsistency(app: App, services: Services): void {
  const { ledger } = services;
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/consistency',
      tag: 'chains',
      summary: 'Consistency proof between two sizes (RFC 9162)',
      params: requests.NamespaceParams,
      query: requests.ConsistencyQuery,
      responses: {
        200: { description: 'The proof', content: { [JSON_TYPE]: schemas.ConsistencyView } },
      },
    },
    async ({ request, response, params, query }) => {
      const { namespace } = await services.namespaces.find(params.ns);
      const { from, to } = query;
      const hashes = await ledger.consistencyProof(namespace, from, to);
      // Both sizes are under a published checkpoint, so this never changes.
      const value = { namespace, from, to, hashes };
      return sendJson(request, response, value, { cacheControl: IMMUTABLE, tag: `${from}-${to}` });
    },
  );
}

function addSuper(app: App, services: Services): void {
  const { ledger } = services;
  addRoute(
    app,
    {
      method: 'get',
      path: '/chains/:ns/super',
      tag: 'chains',
      summary: 'Proof of the namespace under the super-log',
      params: requests.NamespaceParams,
      responses: {
        200: { description: 'The proof', content: { [JSON_TYPE]: schemas.SuperProofView } },
      },
      problems: [409],
    },
    async ({ request, response, params }) => {
      // Absence can be proven too, so a UUID that nobody has is not an error here.
      const namespace = await services.namespaces.findId(params.ns);
      const proof = await ledger.superProof(namespace);
      const value = {
        namespace,
        treeProof: Buffer.from(proof.treeProof).toString('base64'),
        superRoot: proof.superRoot,
        superBlock: Buffer.from(proof.superBlock).toString('base64'),
        inclusion: proofView(proof.inclusion),
      };
      return sendJson(request, response, value, { cacheControl: SHORT });
    },
  );
}
