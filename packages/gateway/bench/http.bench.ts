/**
 * GETs of immutable resources, answers per CPU second of the server, beside bare node:http that
 * writes the same prepared fields and bytes, and beside a static file served by nginx. Servers run
 * in processes of their own, the load too (wrk where it is installed, else a loop on sockets);
 * rounds alternate, so that whatever disturbs the machine disturbs all. Worst cases: nothing
 * prepared, and a path that goes through the router.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { compareServers, type HttpTarget } from '../../../tools/bench/http-load.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { startStaticNginx } from '../../../tools/bench/static-nginx.ts';
import type { BareAnswer, ServedPaths } from './server.ts';

const HEADERS_PER_BUNDLE = 256;

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
    one.withNginx === true
      ? await startStaticNginx({ block: Buffer.from(answer.body, 'base64') })
      : undefined;
  try {
    const targets: HttpTarget[] = [
      { port, paths: [one.path], cpuSeconds: gateway.cpuSeconds },
      { port: bare.ready.port, paths: [one.path], cpuSeconds: bare.cpuSeconds },
    ];
    if (nginx !== undefined) targets.push({ ...nginx, paths: ['/block'] });
    const [ours, node, file] = (await compareServers(targets)) as [
      number,
      number,
      number | undefined,
    ];
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
    await nginx?.stop();
  }
}

/** Every block in turn through a cache that holds none, beside the same with all prepared. */
async function measureMisses(prepared: NodeServer<ServedPaths>): Promise<void> {
  const cold = await startGateway(0);
  try {
    const [ours, warm] = (await compareServers([
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
