import { bytesToHex } from '@noble/hashes/utils.js';
import type { Evm } from '../evm.ts';
import { createMemoryState } from '../state/memory-state.ts';
import { createEip3155Tracer } from '../trace/eip3155.ts';
import type { AccountChange, CallResult, Log } from '../types.ts';

export interface RunCodeRequest {
  /** Bytecode to run as if it lay at `to`. */
  readonly code: Uint8Array;
  readonly input?: Uint8Array;
  readonly gasLimit: bigint;
  readonly value?: bigint;
  /** Told of every line of an EIP-3155 trace. */
  readonly onTraceLine?: (line: string) => void;
}

/** Where the code of `basalt evm run` lies, and who calls it; neither has a history. */
export const RUN_ADDRESS: Uint8Array = new Uint8Array(20).fill(0xc0);
export const RUN_CALLER: Uint8Array = new Uint8Array(20).fill(0xca);

/** Runs bytecode on a state that holds nothing but the code and a caller who can pay. */
export function runCode(evm: Evm, request: RunCodeRequest): CallResult {
  const { code, input, gasLimit, value = 0n, onTraceLine } = request;
  const state = createMemoryState();
  state.setCode(RUN_ADDRESS, code);
  state.setAccount(RUN_CALLER, { balance: value });
  const call = {
    from: RUN_CALLER,
    to: RUN_ADDRESS,
    gasLimit,
    value,
    ...(input === undefined ? {} : { data: input }),
  };
  if (onTraceLine === undefined) return evm.call(state, call);
  const result = evm.trace(state, call, createEip3155Tracer(onTraceLine));
  onTraceLine(summaryLine(evm, result));
  return result;
}

/** The last line of an EIP-3155 trace. */
function summaryLine(evm: Evm, { halt, output, gasUsed }: CallResult): string {
  return JSON.stringify({
    output: hex(output),
    gasUsed: `0x${gasUsed.toString(16)}`,
    pass: halt === undefined,
    fork: evm.fork,
  });
}

/** What `basalt evm run` shows, line by line. */
export function formatRun(result: CallResult): string[] {
  const { halt, output, gasUsed, gasRefund, logs, changes } = result;
  return [
    `result   ${halt === undefined ? 'success' : halt}`,
    `output   ${hex(output)}`,
    `gas      ${gasUsed} used, ${gasRefund} refund`,
    ...logs.flatMap(formatLog),
    ...changes.flatMap(formatChange),
  ];
}

/** The same as one object for `--json`; amounts as decimal text. */
export function describeRun(result: CallResult): Record<string, unknown> {
  const { halt, output, gasUsed, gasRefund, logs, changes } = result;
  return {
    success: halt === undefined,
    ...(halt === undefined ? {} : { halt }),
    output: hex(output),
    gasUsed: String(gasUsed),
    gasRefund: String(gasRefund),
    logs: logs.map(({ address, topics, data }) => ({
      address: hex(address),
      topics: topics.map(hex),
      data: hex(data),
    })),
    changes: changes.map(({ address, account, code, storage }) => ({
      address: hex(address),
      ...(account === undefined
        ? { destroyed: true }
        : { nonce: String(account.nonce), balance: String(account.balance) }),
      ...(code === undefined ? {} : { code: hex(code) }),
      storage: Object.fromEntries(storage.map(({ slot, value }) => [hex(slot), hex(value)])),
    })),
  };
}

function formatLog({ address, topics, data }: Log): string[] {
  const lines = topics.map((topic) => `         topic ${hex(topic)}`);
  return [`log      ${hex(address)}`, ...lines, `         data ${hex(data)}`];
}

function formatChange({ address, account, code, storage }: AccountChange): string[] {
  if (account === undefined) return [`account  ${hex(address)} is gone`];
  const { nonce, balance } = account;
  return [
    `account  ${hex(address)} nonce ${nonce} balance ${balance}`,
    ...(code === undefined ? [] : [`         code of ${code.length} bytes`]),
    ...storage.map(({ slot, value }) => `         storage ${hex(slot)} = ${hex(value)}`),
  ];
}

function hex(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}
