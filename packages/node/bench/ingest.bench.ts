/**
 * Foreign blocks over HTTP: batches of 256 signed blocks of 256 bytes from four writers at once, to
 * a node in its own process with a sync per group. The clock starts with the first request and
 * stops with the last answer; everything is signed before. Client, node and its verifier share the
 * machine.
 */
import { median } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { startBenchNode } from './bench-node.ts';
import { foreignBatches } from './foreign-batches.ts';

const WRITERS = 4;
const BLOCKS_PER_WRITER = 5_120;
const BATCH = 256;
const ROUNDS = 5;

const node = await startBenchNode();
try {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const writers = Array.from({ length: WRITERS }, () => foreignBatches(BLOCKS_PER_WRITER, BATCH));
    const cpuBefore = node.cpuSeconds();
    const startedMs = performance.now();
    await node.ingest(writers);
    // The first round warms up.
    if (round === 0) continue;
    const blocks = WRITERS * BLOCKS_PER_WRITER;
    wall.push(blocks / ((performance.now() - startedMs) / 1000));
    cpu.push(blocks / (node.cpuSeconds() - cpuBefore));
  }
  printResult(
    compare({
      name: 'ingest of foreign blocks over HTTP batches (verify, tree, store, sync)',
      unit: 'blocks/s',
      value: median(wall),
      target: { value: 20_000 },
    }),
  );
  printResult(
    compare({
      name: 'the same, per CPU-second of the node (all threads)',
      unit: 'blocks/CPU-s',
      value: median(cpu),
    }),
  );
} finally {
  node.stop();
}
