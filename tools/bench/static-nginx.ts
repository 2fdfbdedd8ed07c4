/** nginx as a yardstick: static files with one worker, in a folder of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processCpuSeconds } from './cpu-time.ts';

export interface StaticNginx {
  readonly port: number;
  readonly cpuSeconds: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path));

/** Serves the files by name, as immutable ones; undefined where nginx is not installed. */
export async function startStaticNginx(
  files: Readonly<Record<string, Uint8Array>>,
): Promise<StaticNginx | undefined> {
  if (NGINX === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'basalt-bench-nginx-'));
  mkdirSync(join(folder, 'files'));
  for (const [name, body] of Object.entries(files)) {
    writeFileSync(join(folder, 'files', name), body);
  }
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
  const child = spawn(NGINX, ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
  const closed = once(child, 'close');
  await new Promise<void>((resolve) => setTimeout(resolve, 500));
  return {
    port,
    cpuSeconds: async () => processCpuSeconds(child.pid ?? 0) ?? Number.NaN,
    async stop() {
      child.kill();
      await closed;
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
