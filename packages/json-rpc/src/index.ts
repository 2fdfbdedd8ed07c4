/**
 * `@basalt/json-rpc`: Ethereum JSON-RPC over HTTP and WebSocket for a chain of `@basalt/execution`,
 * and what Anvil and the Hardhat node let a developer do, where the chain is a devnet.
 *
 * Specifications: JSON-RPC 2.0; the execution APIs (`eth_`, `debug_getRaw*`, `eth_simulateV1`,
 * `testing_`), EIP-1186, 1474, 1898, 7910; tracers and `txpool_` as geth has them.
 *
 * Invariants:
 * - Whatever comes in, what goes out is a result or an error of JSON-RPC; `internal error` is a
 *   defect of ours and is logged.
 * - Every list, body, answer, queue and wait has a bound (`limits.ts`).
 * - Calls run on engines of their own, never on those that make blocks, and change nothing.
 * - A server bound to this machine answers this machine: other names and pages are refused.
 *
 * @example
 * const server = createJsonRpcServer({ chain, pool, clock, clientVersion: 'basalt/1.0' });
 * const { url } = await server.listen({ port: 8545 });
 * await server.handle({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] });
 * await server.stop();
 *
 * Limits: docs/json-rpc.md, with a line for each method.
 *
 * @module
 */
export { RPC_ERRORS, RpcError } from './errors.ts';
export { DEFAULT_LIMITS, type RpcLimits } from './limits.ts';
export {
  createJsonRpcServer,
  type JsonRpcOptions,
  type JsonRpcServer,
  type RpcAddress,
} from './server.ts';
export type { Clock, TransactionProofs } from './services.ts';
export { isLoopback } from './transport/access.ts';
