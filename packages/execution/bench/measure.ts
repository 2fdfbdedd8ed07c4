import { median } from '../../../tools/bench/cpu-time.ts';
import type { BenchBlock, BlockEngine } from './engines/types.ts';

/** Gas of one run, and the processor and wall seconds it takes. */
export interface Measured {
  readonly gas: bigint;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

export interface MeasureOptions {
  /**
   * Processor seconds that a measurement is made of at least: a peer's are read in steps of 10 ms.
   */
  readonly secondsMin: number;
  /** At most so many runs, however short they are. */
  readonly runsMax: number;
  /** Loads the block anew before each run, for an engine that can not go back. */
  readonly isReloaded?: boolean;
}

const ROUNDS = 3;

/** One run to warm up, then the median of three rounds. */
export async function measure(
  engine: BlockEngine,
  block: BenchBlock,
  options: MeasureOptions,
): Promise<Measured> {
  await engine.load(block);
  const gas = await engine.run();
  const cpu: number[] = [];
  const wall: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { cpuSeconds, wallSeconds } = await measureRound(engine, block, options);
    cpu.push(cpuSeconds);
    wall.push(wallSeconds);
  }
  return { gas, cpuSeconds: median(cpu), wallSeconds: median(wall) };
}

async function measureRound(
  engine: BlockEngine,
  block: BenchBlock,
  { secondsMin, runsMax, isReloaded = false }: MeasureOptions,
): Promise<Omit<Measured, 'gas'>> {
  let [runs, cpu, wall] = [0, 0, 0];
  while (runs === 0 || (cpu < secondsMin / ROUNDS && runs < runsMax)) {
    if (isReloaded) await engine.load(block);
    const cpuBefore = engine.cpuSeconds();
    const wallBefore = performance.now();
    await engine.run();
    wall += (performance.now() - wallBefore) / 1000;
    cpu += engine.cpuSeconds() - cpuBefore;
    runs++;
  }
  return { cpuSeconds: cpu / runs, wallSeconds: wall / runs };
}
