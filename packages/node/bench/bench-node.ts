import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { processCpuSeconds } from '../../../tools/bench/cpu-time.ts';
import type { NodeConfig } from '../src/index.ts';

/** A node in a process of its own, so that its processor time can be told from the client's. */
export interface BenchNode {
  readonly url: string;
  /** Seconds so far, all threads. */
  cpuSeconds(): number;
  /** Posts batches of blocks, each writer's one after the other. @throws Error when refused */
  ingest(writers: readonly (readonly Uint8Array[])[]): Promise<void>;
  /** Asks for a path so many times, over so many connections. */
  get(path: string, times: number): Promise<void>;
  stop(): void;
}

const CONNECTIONS = 32;

/** Starts `node-server.ts`; these keys are beside what a bench sets anyway. */
export async function startBenchNode(flags: Partial<NodeConfig> = {}): Promise<BenchNode> {
  const server = join(import.meta.dirname, 'node-server.ts');
  const child = spawn(process.execPath, [server, JSON.stringify(flags)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url, pid } = JSON.parse(String(line)) as { url: string; pid: number };
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  return {
    url,
    cpuSeconds: () => processCpuSeconds(pid) ?? 0,
    async ingest(writers) {
      await Promise.all(
        writers.map(async (batches) => {
          for (const batch of batches) await post(url, batch, agent);
        }),
      );
    },
    async get(path, times) {
      let left = times;
      const run = async (): Promise<void> => {
        while (left-- > 0) await read(url + path, agent);
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, run));
    },
    stop: () => end(child, agent),
  };
}

async function post(url: string, body: Uint8Array, agent: Agent): Promise<void> {
  const headers = { 'content-type': 'application/x-basalt-blocks', 'content-length': body.length };
  const sent = request(`${url}/blocks/batch`, { method: 'POST', agent, headers });
  sent.end(body);
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  if (response.statusCode === 200 && !text.includes('rejected')) return;
  throw new Error(`the node answered ${response.statusCode}: ${text.slice(0, 300)}`);
}

async function read(url: string, agent: Agent): Promise<void> {
  const sent = request(url, { agent });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
}

function end(child: ChildProcess, agent: Agent): void {
  child.stdin?.end();
  agent.destroy();
}
