/**
 * Ethereum JSON-RPC over HTTP and WebSocket for a chain of `@basalt/execution`.
 *
 * @module
 */
export {};
