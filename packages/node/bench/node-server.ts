/**
 * A node for benches, in a process of its own so that its processor time can be told from the
 * client's. Takes configuration as JSON in its argument, says its address and process id on the
 * first line, and ends with its standard input.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJsonLogger } from '@basalt/telemetry';
import { type NodeConfig, resolveConfig, startNode } from '../src/index.ts';

const folder = mkdtempSync(join(process.env['BASALT_BENCH_DIR'] ?? tmpdir(), 'basalt-bench-node-'));
const more = JSON.parse(process.argv[2] ?? '{}') as Partial<NodeConfig>;
const { config } = resolveConfig({
  flags: { dataDir: join(folder, 'data'), port: 0, explorer: false, logLevel: 'error', ...more },
});
const logger = createJsonLogger({
  write: (line) => process.stderr.write(line),
  clock: { nowMs: () => Date.now() },
  level: 'error',
});
const node = await startNode(config, { logger, version: 'bench' });
console.log(JSON.stringify({ url: node.info.url, pid: process.pid }));
process.stdin.resume();
await once(process.stdin, 'end');
await node.stop();
rmSync(folder, { recursive: true, force: true });
