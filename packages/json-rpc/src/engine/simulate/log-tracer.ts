import type { Log, TraceEnter, Tracer } from '@basalt/evm';
import { hexToBytes } from '@noble/hashes/utils.js';
import { toWord } from '../../params/hex.ts';
import { readLog } from '../read-log.ts';

/** Where transfers of ether are logged (ERC-7528). */
const ETHER = hexToBytes('eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee');
/** keccak-256 of `Transfer(address,address,uint256)`. */
const TRANSFER_TOPIC = hexToBytes(
  'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
);

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
      const log = readLog(step);
      if (log !== undefined) add(log);
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
