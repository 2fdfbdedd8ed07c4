/**
 * GETs of immutable resources, answers per CPU second of the server, beside bare node:http that
 * writes the same prepared fields and bytes, and beside a static file served by nginx. Servers run
 * in processes of their own, the load too (wrk where it is installed, else a loop on sockets);
 * rounds alternate, so that whatever disturbs the machine disturbs all. Worst cases: nothing
 * prepared, and a path that goes through the router.
 */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, processCpuSeconds } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import type { LoadArguments } from './load.ts';
import type { BareAnswer, ServedPaths } from './server.ts';

const CONNECTIONS = 32;
const ROUND_MS = 1_000;
const ROUNDS = 5;
const HEADERS_PER_BUNDLE = 256;

interface Target {
  readonly port: number;
  readonly paths: readonly string[];
  readonly cpuSeconds: () => Promise<number>;
}

interface NodeServer<Ready> {
  readonly ready: Ready;
  readonly cpuSeconds: () => Promise<number>;
  readonly stop: () => void;
}

async function startNode<Ready>(message: object): Promise<NodeServer<Ready>> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'server.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ask = async (question: object): Promise<unknown> => {
    child.send(question);
    const [answer] = (await once(child, 'message')) as [unknown];
    return answer;
  };
  return {
    ready: (await ask(message)) as Ready,
    cpuSeconds: async () => ((await ask({ kind: 'cpu' })) as { seconds: number }).seconds,
    stop: () => void child.kill(),
  };
}

const startGateway = (cacheBytesMax?: number): Promise<NodeServer<ServedPaths>> =>
  startNode({ kind: 'gateway', cacheBytesMax });

/** What the gateway says, for a server that says nothing else. */
async function copyAnswer(port: number, path: string): Promise<BareAnswer> {
  const headers = { 'accept-encoding': 'identity' };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  const own = ['date', 'connection', 'keep-alive'];
  const fields = [...answer.headers].filter(([name]) => !own.includes(name)).flat();
  return { fields, body: Buffer.from(await answer.arrayBuffer()).toString('base64') };
}

/** Debian's load generator: cheaper than ours, so the server gets more of the machine. */
const WRK: string = 'wrk';
const hasWrk = spawnSync(WRK, ['-v'], { stdio: 'ignore' }).error === undefined;

/** Answers within one round. */
async function load(target: Target): Promise<number> {
  const ownArguments: LoadArguments = [
    String(target.port),
    String(CONNECTIONS),
    String(ROUND_MS),
    ...target.paths,
  ];
  const [command, args]: [string, readonly string[]] =
    hasWrk && target.paths.length === 1
      ? wrkCommand(target.port, target.paths[0] as string)
      : [process.execPath, [join(import.meta.dirname, 'load.ts'), ...ownArguments]];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
  let text = '';
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`the load ended with ${code}`);
  const answers = /(\d+) requests in/.exec(text)?.[1] ?? text.trim();
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(text);
  return Number(answers);
}

function wrkCommand(port: number, path: string): [string, string[]] {
  const seconds = `${Math.ceil(ROUND_MS / 1_000)}s`;
  return [WRK, ['-t1', `-c${CONNECTIONS}`, `-d${seconds}`, `http://127.0.0.1:${port}${path}`]];
}

async function round(target: Target): Promise<number> {
  const before = await target.cpuSeconds();
  const answers = await load(target);
  return answers / ((await target.cpuSeconds()) - before);
}

/** Medians of answers per CPU second, one warm-up round each. */
async function compared(targets: readonly Target[]): Promise<number[]> {
  const figures: number[][] = targets.map(() => []);
  for (let i = 0; i <= ROUNDS; i++) {
    for (const [t, target] of targets.entries()) {
      const figure = await round(target);
      if (i > 0) figures[t]!.push(figure);
    }
  }
  return figures.map(median);
}

interface Nginx {
  readonly port: number;
  readonly cpuSeconds: () => Promise<number>;
  readonly stop: () => void;
}

/** One worker, a static file with the same caching fields, everything in a folder of its own. */
async function startNginx(body: Uint8Array): Promise<Nginx | undefined> {
  const path = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((one) => existsSync(one));
  if (path === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'basalt-bench-nginx-'));
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'files', 'block'), body);
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 1024; }
     http { ${temp} access_log off; sendfile on; tcp_nopush on; open_file_cache max=100;
       keepalive_requests 100000000; default_type application/octet-stream;
       server { listen 127.0.0.1:${port}; root ${folder}/files;
         add_header Cache-Control "public, max-age=31536000, immutable"; } }`,
  );
  const child = spawn(path, ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
  await new Promise<void>((resolve) => setTimeout(resolve, 500));
  return {
    port,
    cpuSeconds: async () => processCpuSeconds(child.pid ?? 0) ?? Number.NaN,
    stop: () => {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

interface Case {
  readonly name: string;
  readonly path: string;
  readonly unit: string;
  /** Units in one answer. */
  readonly units?: number;
  readonly target?: { readonly value?: number; readonly ratio?: number };
  readonly withNginx?: boolean;
}

async function measure(gateway: NodeServer<ServedPaths>, one: Case): Promise<void> {
  const { port } = gateway.ready;
  const answer = await copyAnswer(port, one.path);
  const bare = await startNode<{ port: number }>({ kind: 'bare', answer });
  const nginx =
    one.withNginx === true ? await startNginx(Buffer.from(answer.body, 'base64')) : undefined;
  try {
    const targets: Target[] = [
      { port, paths: [one.path], cpuSeconds: gateway.cpuSeconds },
      { port: bare.ready.port, paths: [one.path], cpuSeconds: bare.cpuSeconds },
    ];
    if (nginx !== undefined) targets.push({ ...nginx, paths: ['/block'] });
    const [ours, node, file] = (await compared(targets)) as [number, number, number | undefined];
    const units = one.units ?? 1;
    const { name, unit } = one;
    const peer = { name: 'bare node:http, the same bytes', value: node * units };
    const target = one.target === undefined ? {} : { target: one.target };
    printResult(compare({ name, unit, value: ours * units, peer, ...target }));
    if (file !== undefined) {
      const other = { name: 'nginx, static file', value: file };
      printResult(compare({ name: `${name}, beside nginx`, unit, value: ours, peer: other }));
    }
  } finally {
    bare.stop();
    nginx?.stop();
  }
}

/** Every block in turn through a cache that holds none, beside the same with all prepared. */
async function measureMisses(prepared: NodeServer<ServedPaths>): Promise<void> {
  const cold = await startGateway(0);
  try {
    const [ours, warm] = (await compared([
      { port: cold.ready.port, paths: cold.ready.blocks, cpuSeconds: cold.cpuSeconds },
      { port: prepared.ready.port, paths: prepared.ready.blocks, cpuSeconds: prepared.cpuSeconds },
    ])) as [number, number];
    printResult(
      compare({
        name: 'GET block, nothing prepared (worst case, store in memory)',
        unit: 'requests/CPU-s',
        value: ours,
        peer: { name: 'the same, prepared', value: warm },
      }),
    );
  } finally {
    cold.stop();
  }
}

const gateway = await startGateway();
try {
  const { block, tile, bundle, head } = gateway.ready;
  const unit = 'requests/CPU-s';
  const target = { ratio: 0.85 };
  await measure(gateway, {
    name: 'GET immutable block, 466 B',
    path: block,
    unit,
    target,
    withNginx: true,
  });
  await measure(gateway, { name: 'GET full tile, 8 KiB', path: tile, unit, target });
  await measure(gateway, {
    name: 'headers through bundles, 54 KB',
    path: bundle,
    unit: 'headers/CPU-s',
    units: HEADERS_PER_BUNDLE,
    target: { value: 10_000_000 },
  });
  await measure(gateway, { name: 'GET head, through the router (worst case)', path: head, unit });
  await measureMisses(gateway);
} finally {
  gateway.stop();
}
