/**
 * Foreign blocks over HTTP: batches of 256 signed blocks of 256 bytes from four writers at once, to
 * a
 * node in its own process with a sync per group. The clock starts with the first request and stops
 * with
 * the last answer; everything is signed before. Client, node and its verifier share the machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median, processCpuSeconds } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { foreignBatches } from './foreign-batches.ts';

const WRITERS = 4;
const BLOCKS_PER_WRITER = 5_120;
const BATCH = 256;
const ROUNDS = 5;

const agent = new Agent({ keepAlive: true, maxSockets: WRITERS });

async function post(url: string, body: Uint8Array): Promise<void> {
  const headers = { 'content-type': 'application/x-basalt-blocks', 'content-length': body.length };
  const sent = request(`${url}/blocks/batch`, { method: 'POST', agent, headers });
  sent.end(body);
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  if (response.statusCode === 200 && !text.includes('rejected')) return;
  throw new Error(`the node answered ${response.statusCode}: ${text.slice(0, 300)}`);
}

const child = spawn(process.execPath, [join(import.meta.dirname, 'node-server.ts')], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
try {
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url, pid } = JSON.parse(String(line)) as { url: string; pid: number };
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const writers = Array.from({ length: WRITERS }, () => foreignBatches(BLOCKS_PER_WRITER, BATCH));
    const cpuBefore = processCpuSeconds(pid) ?? 0;
    const startedMs = performance.now();
    await Promise.all(
      writers.map(async (batches) => {
        for (const batch of batches) await post(url, batch);
      }),
    );
    // The first round warms up.
    if (round === 0) continue;
    const blocks = WRITERS * BLOCKS_PER_WRITER;
    wall.push(blocks / ((performance.now() - startedMs) / 1000));
    cpu.push(blocks / ((processCpuSeconds(pid) ?? 0) - cpuBefore));
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
  child.stdin.end();
  agent.destroy();
}
