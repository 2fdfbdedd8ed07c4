/**
 * `@basalt/gateway`: the ledger over HTTP. Blocks, proofs and tiles as immutable resources that any
 * cache can hold without being trusted; submissions as POST; live events; a capability document;
 * OpenAPI. Holds no state of its own: what it keeps in memory can be forgotten at any time.
 *
 * Specifications: RFC 9110 and 9112 (HTTP, conditional requests, ranges), RFC 9111 (caching),
 * RFC 9457 (problem documents), RFC 9530 (digests), RFC 8288 (links), RFC 7240 (Prefer),
 * OpenAPI 3.1, C2SP tlog-tiles, server-sent events (HTML Standard 9.2).
 *
 * Invariants:
 * - A strong entity tag belongs to one sequence of bytes; each coding has its own.
 * - What is sent as immutable cannot change: named by content, or below a published checkpoint.
 * - Every body, queue, cache, connection and stream has a bound; a full queue is 503.
 * - Bad input meets a problem document with a code from a closed list; inner faults say no detail.
 * - No request touches the file system; payloads are never shown as something that runs.
 *
 * @example
 * const gateway = createGateway({ ledger, crypto, clock, metrics });
 * const { url } = await gateway.start({ port: 8080 });
 * // GET <url>/chains, POST <url>/blocks, GET <url>/openapi.json
 * await gateway.stop(5_000);
 *
 * Limits: HTTP/1.1 without TLS (put a proxy in front), several ranges are answered whole, addresses
 * are those of the connection (no forwarded ones), one process. `limits.ts` has the numbers.
 */
export { isAdmin } from './admin-token.ts';
export { CAPABILITIES_TAG } from './capabilities.ts';
export { GatewayError, type GatewayErrorCode } from './errors.ts';
export type { ExtensionRequest, ExtensionResponse, RouteExtension } from './extension.ts';
export { createGateway, type Gateway, type StartOptions } from './gateway.ts';
export type { RateLimit } from './http/token-bucket.ts';
export { CACHE_BYTES_MAX } from './limits.ts';
export type {
  GatewayComponents,
  GatewayOptions,
  NodeDescription,
  TransactionProofs,
} from './options.ts';
export type { Listening } from './server.ts';
