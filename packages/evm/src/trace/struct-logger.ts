import { bytesToHex } from '@noble/hashes/utils.js';
import { traceError } from './errors.ts';
import type { Tracer, TraceStep } from './types.ts';
import { createCostTracer, type StepOutcome } from './with-costs.ts';

/** A step as geth's struct logger shows it. */
export interface StructLog {
  readonly pc: number;
  readonly op: string;
  readonly gas: number;
  gasCost: number;
  readonly depth: number;
  /** Refund counter, where it is not 0. */
  readonly refund?: number;
  error?: string;
  readonly stack?: readonly string[];
  /** Words of 32 bytes in hexadecimal digits. */
  readonly memory?: readonly string[];
  readonly returnData?: string;
  /** Slots of this contract read or written so far, with SLOAD and SSTORE steps only. */
  storage?: Readonly<Record<string, string>>;
}

/** Names of geth's tracing options; each off unless said. */
export interface StructLoggerOptions {
  readonly enableMemory?: boolean;
  readonly enableReturnData?: boolean;
  readonly disableStack?: boolean;
  readonly disableStorage?: boolean;
  /** Keeps so many steps at most; 0 or absent: all of them. */
  readonly limit?: number;
}

export interface StructLogger extends Tracer {
  readonly logs: readonly StructLog[];
}

const SLOAD = 0x54;
const SSTORE = 0x55;

/** What is still wanted of a step once its outcome is known. */
interface Recorded {
  readonly log: StructLog;
  readonly opcode: number;
  readonly address: string;
  readonly slot: string | undefined;
  readonly written: string | undefined;
}

/** Every step of a run (what `debug_traceTransaction` gives where no tracer is named). */
export function createStructLogger(options: StructLoggerOptions = {}): StructLogger {
  const logs: StructLog[] = [];
  const storage = new Map<string, Record<string, string>>();
  const limit = options.limit ?? 0;
  const tell = (recorded: Recorded, outcome: StepOutcome): void => {
    const { log } = recorded;
    log.gasCost = Number(outcome.cost);
    if (outcome.halt !== undefined) log.error = traceError(outcome.halt);
    if (options.disableStorage !== true) noteStorage(storage, recorded, outcome);
    if (limit === 0 || logs.length < limit) logs.push(log);
  };
  return { ...createCostTracer((step) => record(step, options), tell), logs };
}

function record(step: TraceStep, options: StructLoggerOptions): Recorded {
  const { pc, opcode, opcodeName, gas, depth, refund } = step;
  const stack = step.stack();
  const log: StructLog = {
    pc,
    op: opcodeName,
    gas: Number(gas),
    gasCost: 0,
    depth,
    ...(refund === 0n ? {} : { refund: Number(refund) }),
    ...(options.disableStack === true
      ? {}
      : { stack: stack.map((item) => `0x${item.toString(16)}`) }),
    ...(options.enableMemory === true ? { memory: wordsOf(step.memory()) } : {}),
    ...(options.enableReturnData === true
      ? { returnData: `0x${bytesToHex(step.returnData())}` }
      : {}),
  };
  const usesStorage = opcode === SLOAD || opcode === SSTORE;
  const [slot, written] = usesStorage ? [stack.at(-1), stack.at(-2)] : [];
  return {
    log,
    opcode,
    address: usesStorage ? bytesToHex(step.address) : '',
    slot: slot === undefined ? undefined : word(slot),
    written: opcode !== SSTORE || written === undefined ? undefined : word(written),
  };
}

/** A value read shows on the stack of the next step, a value written on that of its own. */
function noteStorage(
  storage: Map<string, Record<string, string>>,
  { log, opcode, address, slot, written }: Recorded,
  { next }: StepOutcome,
): void {
  if (slot === undefined) return;
  const read = opcode === SLOAD ? next?.stack().at(-1) : undefined;
  const value = read === undefined ? written : word(read);
  if (value === undefined) return;
  const slots = { ...storage.get(address), [slot]: value };
  storage.set(address, slots);
  log.storage = slots;
}

function wordsOf(memory: Uint8Array): string[] {
  const words: string[] = [];
  for (let at = 0; at < memory.length; at += 32)
    words.push(bytesToHex(memory.subarray(at, at + 32)));
  return words;
}

function word(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}
