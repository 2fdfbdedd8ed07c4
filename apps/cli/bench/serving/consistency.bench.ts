/**
 * What each level of consistency costs a client: a node and a cache in front of it, each a process
 * of its own on loopback, one request at a time. The client is a process too, of
 * `packages/client/bench`; its `measureConsistency` says what is in a figure.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { compare, printResult } from '../../../../tools/bench/report.ts';
import { REPOSITORY, Sandbox, startTestNode } from '../../test/helpers/run-cli.ts';

interface Latency {
  readonly level: string;
  readonly p50: number;
  readonly p99: number;
}

const CLIENT = join(REPOSITORY, 'packages', 'client', 'bench', 'consistency-process.ts');
const TIMEOUT_MS = 110_000;
using sandbox = new Sandbox();
const origin = await startTestNode(sandbox);
const cache = await startTestNode(sandbox, ['--role', 'cache', '--upstream', origin.url]);
const client = spawnSync(process.execPath, [CLIENT, origin.url, cache.url], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  timeout: TIMEOUT_MS,
});
if (client.status !== 0) throw new Error(`the client ended with ${client.status}`);
for (const line of client.stdout.trim().split('\n')) {
  const { level, p50, p99 } = JSON.parse(line) as Latency;
  for (const [part, value] of Object.entries({ p50, p99 })) {
    const name = `consistency: ${level}, ${part}`;
    printResult(compare({ name, unit: 'ms', value, better: 'lower' }));
  }
}
await cache.stop();
await origin.stop();
