import { traceError } from '@basalt/evm';
import { toHex } from './params/hex.ts';

/** Codes of JSON-RPC 2.0, of EIP-1474, and those that Ethereum clients share beside them. */
export const RPC_ERRORS = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  server: -32000,
  timeout: -32002,
  tooLarge: -32003,
  limit: -32005,
  vm: -32015,
  revert: 3,
  nonceTooLow: -38010,
  nonceTooHigh: -38011,
  baseFeeTooLow: -38012,
  intrinsicGas: -38013,
  insufficientFunds: -38014,
  blockGasLimit: -38015,
  blockNumber: -38020,
  blockTimestamp: -38021,
  senderHasCode: -38024,
  initCodeSize: -38025,
  clientLimit: -38026,
} as const;

/** What a client gets in place of a result. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}

export function invalidParams(message: string): RpcError {
  return new RpcError(RPC_ERRORS.invalidParams, message);
}

/** What geth has no code of its own for. */
export function serverError(message: string): RpcError {
  return new RpcError(RPC_ERRORS.server, message);
}

export function methodNotFound(name: string): RpcError {
  const message = `the method ${name} does not exist/is not available`;
  return new RpcError(RPC_ERRORS.methodNotFound, message);
}

export function limitExceeded(message: string): RpcError {
  return new RpcError(RPC_ERRORS.limit, message);
}

/** `eth_simulateV1`: more than one request may ask for. */
export function clientLimit(message: string): RpcError {
  return new RpcError(RPC_ERRORS.clientLimit, message);
}

/** Code 3 with what the contract returned; its reason in words where it can be read. */
export function revertError(output: Uint8Array): RpcError {
  return new RpcError(RPC_ERRORS.revert, revertMessage(output), toHex(output));
}

export function revertMessage(output: Uint8Array): string {
  const reason = revertReason(output);
  return reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`;
}

/** How a call that failed in another way than by REVERT is told. */
export function haltMessage(halt: string): string {
  return traceError(halt as Parameters<typeof traceError>[0]);
}

/** Selectors of the ABI's `Error(string)` and `Panic(uint256)`. */
const ERROR_SELECTOR = 0x08c379a0;
const PANIC_SELECTOR = 0x4e487b71;

/** Solidity's panic codes, in the words that geth has for them. */
const PANICS: ReadonlyMap<bigint, string> = new Map([
  [0x00n, 'generic panic'],
  [0x01n, 'assert(false)'],
  [0x11n, 'arithmetic underflow or overflow'],
  [0x12n, 'division or modulo by zero'],
  [0x21n, 'enum overflow'],
  [0x22n, 'invalid encoded storage byte array accessed'],
  [0x31n, 'out-of-bounds array access; popping on an empty array'],
  [0x32n, 'out-of-bounds access of an array or bytesN'],
  [0x41n, 'out of memory'],
  [0x51n, 'uninitialized function'],
]);

function revertReason(output: Uint8Array): string | undefined {
  if (output.length < 36) return undefined;
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  const selector = view.getUint32(0);
  if (selector === PANIC_SELECTOR) {
    const code = BigInt(toHex(output.subarray(4, 36)));
    return PANICS.get(code) ?? `unknown panic code: 0x${code.toString(16)}`;
  }
  if (selector !== ERROR_SELECTOR || output.length < 68) return undefined;
  const offset = BigInt(toHex(output.subarray(4, 36)));
  if (offset > BigInt(output.length - 36)) return undefined;
  const at = 4 + Number(offset);
  const length = BigInt(toHex(output.subarray(at, at + 32)));
  if (length > BigInt(output.length - at - 32)) return undefined;
  return new TextDecoder().decode(output.subarray(at + 32, at + 32 + Number(length)));
}
