/**
 * What it costs that a node looks at itself: metrics, heat map, status once a second, controllers,
 * and traces to a collector that takes them, all on against all off. The same work by turns in one
 * run, in processor time of the node.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { median } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { type BenchNode, startBenchNode } from './bench-node.ts';
import { foreignBatches } from './foreign-batches.ts';

const WRITERS = 4;
const BLOCKS_PER_WRITER = 5_120;
const BATCH = 256;
/** The system counts processor time in steps of 10 ms: a round has to be long beside them. */
const READS = 40_000;
const ROUNDS = 9;
const WARMUPS = 2;
const ORDER = ['on', 'off'] as const;
/** As an operator would have it under load: one trace of a hundred. */
const TRACE_RATIO = 0.01;

const collector = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('{}'));
});
collector.listen(0, '127.0.0.1');
await once(collector, 'listening');
const traceUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

const on = await startBenchNode({ traceUrl, traceRatio: TRACE_RATIO });
const off = await startBenchNode({ observe: false });

type Work = (node: BenchNode) => Promise<number>;

const WORKS: readonly (readonly [string, string, Work])[] = [
  [
    'ingest of foreign blocks over HTTP batches',
    'blocks/CPU-s',
    async (node) => {
      const writers = Array.from({ length: WRITERS }, () =>
        foreignBatches(BLOCKS_PER_WRITER, BATCH),
      );
      const before = node.cpuSeconds();
      await node.ingest(writers);
      return (WRITERS * BLOCKS_PER_WRITER) / (node.cpuSeconds() - before);
    },
  ],
  ['GET of a head, through the router', 'requests/CPU-s', (node) => reads(node, 'head')],
  ['GET of an immutable block', 'requests/CPU-s', (node) => reads(node, 'block')],
];

async function reads(node: BenchNode, what: 'head' | 'block'): Promise<number> {
  const [chain] = (await (await fetch(`${node.url}/chains`)).json()) as { namespace: string }[];
  const path = `/chains/${chain?.namespace}/head`;
  const head = (await (await fetch(node.url + path)).json()) as { hash: string };
  const before = node.cpuSeconds();
  await node.get(what === 'head' ? path : `/blocks/${head.hash}`, READS);
  return READS / (node.cpuSeconds() - before);
}

try {
  for (const [name, unit, work] of WORKS) {
    const figures = { on: [] as number[], off: [] as number[] };
    for (let round = 0; round < ROUNDS + WARMUPS; round++) {
      // By turns, so that what disturbs the machine for a while disturbs both.
      for (const which of round % 2 === 0 ? ORDER : ORDER.toReversed()) {
        const figure = await work(which === 'on' ? on : off);
        if (round >= WARMUPS) figures[which].push(figure);
      }
    }
    printResult(
      compare({
        name: `observation on, ${name}`,
        unit,
        value: median(figures.on),
        peer: { name: 'off', value: median(figures.off) },
        target: { ratio: 0.97 },
      }),
    );
  }
} finally {
  on.stop();
  off.stop();
  collector.close();
}
