import { type Log, type TraceEnter, type Tracer, type TraceStep } from '@basalt/evm';
import { hexToBytes } from '@noble/hashes/utils.js';
import { toWord } from '../../params/hex.ts';

/** Where transfers of ether are logged (ERC-7528). */
const ETHER = hexToBytes('eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee');
/** keccak-256 of `Transfer(address,address,uint256)`. */
const TRANSFER_TOPIC = hexToBytes(
  'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
);

const LOG0 = 0xa0;
const LOG4 = 0xa4;

/** A log with its place among all that the call logged. */
export interface PlacedLog {
  readonly log: Log;
  readonly index: number;
}

/** What a call logged. */
export interface CallLogs {
  /** Those that count, in order. */
  readonly logs: readonly PlacedLog[];
  /** How many there were, those included that failed frames took with them. */
  readonly emitted: number;
}

export interface LogTracer extends Tracer {
  result(): CallLogs;
}

/**
 * Logs of a run with the ether that moved among them (`traceTransfers` of `eth_simulateV1`). What a
 * frame that failed logged does not count but keeps its number, as in the stored answers of
 * the execution APIs have it.
 */
export function createLogTracer(): LogTracer {
  /** One list for each open frame; the first one stays. */
  const frames: PlacedLog[][] = [];
  let emitted = 0;
  const add = (log: Log): void => {
    frames.at(-1)?.push({ log, index: emitted++ });
  };
  return {
    onEnter(frame) {
      frames.push([]);
      const isBorrowed = frame.kind === 'DELEGATECALL' || frame.kind === 'CALLCODE';
      if (!isBorrowed && frame.value > 0n) add(transferLog(frame));
    },
    onStep(step) {
      if (step.opcode >= LOG0 && step.opcode <= LOG4) {
        const log = readLog(step);
        if (log !== undefined) add(log);
      }
    },
    onExit({ halt }) {
      if (frames.length === 1) {
        if (halt !== undefined) frames[0] = [];
        return;
      }
      const logs = frames.pop() ?? [];
      if (halt === undefined) frames.at(-1)?.push(...logs);
    },
    result: () => ({ logs: frames[0] ?? [], emitted }),
  };
}

function transferLog({ from, to, value }: TraceEnter): Log {
  const topics = [TRANSFER_TOPIC, addressWord(from), addressWord(to)];
  return { address: ETHER, topics, data: toWord(value) };
}

function addressWord(address: Uint8Array): Uint8Array {
  const word = new Uint8Array(32);
  word.set(address, 12);
  return word;
}

/** undefined: the opcode will fail its frame, for gas or for items that are not there. */
function readLog(step: TraceStep): Log | undefined {
  const count = step.opcode - LOG0;
  const stack = step.stack();
  if (stack.length < 2 + count) return undefined;
  const offset = stack.at(-1) ?? 0n;
  const size = stack.at(-2) ?? 0n;
  // A byte of data costs 8 gas: more than the gas left buys can not be logged.
  if (size * 8n > step.gas) return undefined;
  const data = new Uint8Array(Number(size));
  const memory = step.memory();
  if (size > 0n && offset < BigInt(memory.length)) {
    const start = Number(offset);
    data.set(memory.subarray(start, start + data.length));
  }
  const topics = Array.from({ length: count }, (_, at) => toWord(stack.at(-3 - at) ?? 0n));
  return { address: step.address, topics, data };
}
