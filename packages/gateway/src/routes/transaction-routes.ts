import { fromHex } from '@basalt/protocol';
import { SHORT } from '../cache-control.ts';
import { GatewayError } from '../errors.ts';
import { JSON_TYPE } from '../media-types.ts';
import { sendJson } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import * as requests from '../schemas/requests.ts';
import * as schemas from '../schemas/responses.ts';
import type { Services } from '../services.ts';
import { charge } from '../submit.ts';

/** Encoding a block's tries again for one proof is the work of many small answers. */
const PROOF_COST = 10;

export function addTransactionRoutes(app: App, services: Services): void {
  const { transactionProofs } = services;
  addRoute(
    app,
    {
      method: 'get',
      path: '/transactions/:hash/proof',
      tag: 'chains',
      summary: 'Proof of a transaction and its receipt, of a chain that this node runs',
      params: requests.BlockParams,
      responses: {
        200: {
          description: 'Place in the ledger, and nodes under the roots of the chain’s block',
          content: { [JSON_TYPE]: schemas.TransactionProofView },
        },
      },
    },
    async ({ request, response, params }) => {
      if (transactionProofs === undefined) {
        throw new GatewayError('not-found', 'this node runs no chain');
      }
      charge(services, request, PROOF_COST);
      const proof = await transactionProofs.prove(fromHex(params.hash));
      if (proof === undefined) {
        throw new GatewayError('not-found', 'no block of the chain has this transaction');
      }
      // A rewind may take the block away again.
      return sendJson(request, response, proof, { cacheControl: SHORT, compress: true });
    },
  );
}
