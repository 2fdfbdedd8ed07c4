/** Tokens of the rate limit that a request takes, by what it may cost us; 1 where not named. */
const WEIGHTS: ReadonlyMap<string, number> = new Map([
  ['eth_call', 5],
  ['eth_estimateGas', 5],
  ['eth_fillTransaction', 5],
  ['eth_createAccessList', 20],
  ['eth_feeHistory', 10],
  ['eth_getBlockReceipts', 5],
  ['eth_getFilterLogs', 50],
  ['eth_getLogs', 50],
  ['eth_getProof', 10],
  ['eth_simulateV1', 50],
  ['eth_sendRawTransaction', 2],
  ['debug_traceBlockByHash', 100],
  ['debug_traceBlockByNumber', 100],
  ['debug_traceCall', 50],
  ['debug_traceTransaction', 100],
  ['testing_buildBlockV1', 100],
  ['txpool_content', 50],
  ['txpool_inspect', 50],
  ['eth_pendingTransactions', 50],
]);

/** Of one request as it came in; what is none counts like any other. */
export function requestWeight(body: unknown): number {
  if (typeof body !== 'object' || body === null || !('method' in body)) return 1;
  return typeof body.method === 'string' ? (WEIGHTS.get(body.method) ?? 1) : 1;
}
