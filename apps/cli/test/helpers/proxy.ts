import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as ask } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { REPOSITORY } from './run-cli.ts';

const CONFIGURATION = join(REPOSITORY, 'ops', 'nginx', 'basalt.conf');
const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/bin/nginx'].find((path) =>
  existsSync(path),
);

/** Why tests with a proxy do not run here; false where they do. */
export const noProxy: string | false = NGINX === undefined ? 'nginx is not installed' : false;

export interface TestProxy {
  readonly url: string;
  stop(): Promise<void>;
}

/** nginx with the configuration of this repository, which is changed where it says so only. */
export async function startProxy(folder: string, nodeUrl: string): Promise<TestProxy> {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const changes: readonly (readonly [string, string])[] = [
    ['server 127.0.0.1:4711;', `server ${new URL(nodeUrl).host};`],
    ['proxy_cache_path /var/cache/nginx/basalt ', `proxy_cache_path "${folder}/cache" `],
    ['listen 80;', `listen 127.0.0.1:${port};`],
  ];
  let text = readFileSync(CONFIGURATION, 'utf8');
  for (const [from, to] of changes) {
    if (text.split(`\n${from}`).length + text.split(`    ${from}`).length !== 3) {
      throw new Error(`expected "${from}" once in ${CONFIGURATION}`);
    }
    text = text.replace(from, to);
  }
  writeFileSync(join(folder, 'basalt.conf'), text);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path "${folder}/${name}";`)
    .join('\n');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
pid "${folder}/pid";
error_log "${folder}/error.log";
worker_processes 1;
events { worker_connections 1024; }
http {
${temporary}
access_log off;
include "${folder}/basalt.conf";
}
`,
  );
  return await run(folder, `http://127.0.0.1:${port}`);
}

async function run(folder: string, url: string): Promise<TestProxy> {
  const child = spawn(NGINX ?? '', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (piece: Buffer) => {
    words += piece.toString();
  });
  const end = once(child, 'close');
  let isGone = false;
  void end.then(() => {
    isGone = true;
  });
  const stop = async (): Promise<void> => {
    if (!isGone) child.kill('SIGTERM');
    await end;
  };
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 50) {
    if (isGone) throw new Error(`nginx did not start:\n${words}`);
    const isUp = await exchange(`${url}/metrics`).then(
      () => true,
      () => false,
    );
    if (isUp) return { url, stop };
    await pause(50);
  }
  await stop();
  throw new Error(`nginx did not listen within 10 s:\n${words}`);
}

export interface Answer {
  readonly status: number;
  /** Field names in lower case. */
  readonly fields: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** One request by plain HTTP: nothing between the test and the wire caches, decodes or repeats. */
export async function exchange(
  url: string,
  fields: Readonly<Record<string, string>> = {},
  method = 'GET',
  body?: Uint8Array,
): Promise<Answer> {
  const request = ask(url, { method, headers: fields, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const got = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
  return {
    status: response.statusCode ?? 0,
    fields: Object.fromEntries(got) as Answer['fields'],
    body: Buffer.concat(pieces),
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
