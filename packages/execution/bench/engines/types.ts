import type { AccountDump, BlockEnvironment, Fork, Transaction } from '@basalt/evm';

/** A block to execute, in a form that every engine can be given. */
export interface BenchBlock {
  readonly name: string;
  readonly fork: Fork;
  readonly environment: BlockEnvironment;
  /** State before it; code hashes are not filled in. */
  readonly accounts: readonly AccountDump[];
  readonly transactions: readonly Transaction[];
  readonly blockHash: (number: bigint) => Uint8Array;
}

/** Something that executes blocks, senders known, nothing kept, seen from the bench. */
export interface BlockEngine {
  readonly name: string;
  /** Brings a block and the state before it to the engine; not measured. */
  load(block: BenchBlock): Promise<void>;
  /** Executes the loaded block from its first state; the gas it used. */
  run(): Promise<bigint>;
  /** Processor seconds that the engine has used so far. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export function toHex(bytes: Uint8Array): `0x${string}` {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/** Of this process with all its threads. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
