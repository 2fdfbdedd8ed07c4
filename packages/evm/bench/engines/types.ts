import type { BenchProgram } from '../programs.ts';

/** Something that runs bytecode, seen from the bench. */
export interface BenchEngine {
  readonly name: string;
  /** Makes the program's code the code of the bench's contract. */
  load(program: BenchProgram): Promise<void>;
  /** One run of the loaded program; the output as hexadecimal digits. */
  run(): Promise<string>;
  /** Processor seconds that the engine has used so far. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export const CONTRACT: Uint8Array = new Uint8Array(20).fill(0xc0);
export const CALLER: Uint8Array = new Uint8Array(20).fill(0xca);
/** More than any program takes. */
export const GAS_LIMIT = 4_000_000_000n;

export function toHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/** Of this process with all its threads. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
