/**
 * The commands of `docs/deploy.md`, as an operator would paste them into one shell: the marked
 * blocks run in order in an empty folder, with ports that are free on this machine.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, noProxy } from './helpers/proxy.ts';
import { REPOSITORY } from './helpers/run-cli.ts';
import { makeCommands, markedBlocks } from './helpers/run-document.ts';

const CONFIGURATION = 'ops/nginx/basalt.conf';
const TIMEOUT_MS = 150_000;
const document = readFileSync(join(REPOSITORY, 'docs', 'deploy.md'), 'utf8');

test('the commands of docs/deploy.md work', async (t) => {
  const blocks = markedBlocks(document, noProxy === false ? ['nginx'] : []);
  assert.ok(blocks.length >= 6);
  if (noProxy !== false) t.diagnostic(`steps with a proxy are left out: ${noProxy}`);
  const withMarks = blocks.map((block) => `${block}\necho "# done"`).join('\n');
  const rename = await freePorts(withMarks);
  const script = rename(withMarks);
  const folder = mkdtempSync(join(tmpdir(), 'basalt-deploy-'));
  try {
    mkdirSync(join(folder, 'ops', 'nginx'), { recursive: true });
    const proxy = readFileSync(join(REPOSITORY, CONFIGURATION), 'utf8');
    writeFileSync(join(folder, CONFIGURATION), rename(proxy));
    const run = await runShell(folder, script);
    assert.equal(run.code, 0, run.text);
    assert.equal(run.text.match(/^# done$/gm)?.length, blocks.length);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** Runs a script in a folder; whatever it started ends with it. */
async function runShell(
  folder: string,
  script: string,
): Promise<{ readonly code: number | null; readonly text: string }> {
  makeCommands(join(folder, 'bin'));
  const output = join(folder, 'output.txt');
  const file = openSync(output, 'w');
  const child = spawn('sh', ['-eu', '-c', script], {
    cwd: folder,
    env: {
      ...process.env,
      BASALT_HOME: join(folder, 'home'),
      BASALT_URL: /http:\/\/127\.0\.0\.1:\d+/.exec(script)?.[0] ?? '',
      PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    },
    // A group of its own, so that it can be ended as a whole.
    detached: true,
    stdio: ['ignore', file, file],
  });
  const timer = setTimeout(() => end(-(child.pid ?? 0)), TIMEOUT_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  end(-(child.pid ?? 0));
  for (const path of globSync('*/nginx.pid', { cwd: folder })) {
    end(Number(readFileSync(join(folder, path), 'utf8')));
  }
  return { code, text: readFileSync(output, 'utf8') };
}

function end(pid: number): void {
  try {
    process.kill(pid, pid < 0 ? 'SIGKILL' : 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}

/** Another port for each 47xx that the text names. */
async function freePorts(text: string): Promise<(text: string) => string> {
  const ports = new Map<string, string>();
  for (const name of text.match(/\b47\d\d\b/g) ?? []) {
    if (!ports.has(name)) ports.set(name, String(await freePort()));
  }
  return (other) => other.replace(/\b47\d\d\b/g, (name) => ports.get(name) ?? name);
}
