/** A defect ends a node: it says so, leaves a report without secrets, and data is whole. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Ended, ended, Sandbox, startTestNode } from './helpers/run-cli.ts';

const ENTRY = join(import.meta.dirname, 'helpers', 'crash-entry.ts');
const sandbox = new Sandbox();
after(() => sandbox[Symbol.dispose]());

/** Starts a command with a fault in it, waits until it says that it runs, and lets it fail. */
async function crash(
  fault: string,
  args: readonly string[],
  sign: RegExp,
  place = sandbox.folder,
): Promise<Ended> {
  const child: ChildProcess = spawn(process.execPath, [ENTRY, fault, ...args], {
    cwd: sandbox.work,
    env: { ...process.env, BASALT_HOME: sandbox.home, TMPDIR: place, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const end = ended(child);
  let text = '';
  const take = (piece: Buffer): void => {
    text += piece.toString();
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  while (!sign.test(text) && child.exitCode === null) await pause(20);
  child.kill('SIGUSR2');
  return await end;
}

interface Report {
  readonly kind: string;
  readonly version: string;
  readonly errors: readonly { name?: string; message: string; stack?: readonly string[] }[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly machine: {
    readonly versions: { readonly node: string };
    readonly diskFreeBytes: number;
  };
  readonly lastLines: readonly string[];
}

function readReport({ err }: Ended): { path: string; text: string; report: Report } {
  const path = /report: (.+)$/m.exec(err)?.[1] ?? '';
  const text = readFileSync(path, 'utf8');
  return { path, text, report: JSON.parse(text) as Report };
}

const node = (dataDir: string): string[] => ['node', '--port', '0', '--data-dir', dataDir];
const RUNNING = /"message":"running"/;
const FORBIDDEN = /abc123secret|abababab|alice/;

for (const [fault, kind] of [
  ['throw', 'uncaughtException'],
  ['reject', 'unhandledRejection'],
  ['text', 'uncaughtException'],
] as const) {
  test(`${fault}: exit code 70, a report in the data folder, what to do`, async () => {
    const dataDir = join(sandbox.work, fault);
    const result = await crash(fault, node(dataDir), RUNNING);
    assert.equal(result.code, 70, result.err);
    assert.match(result.err, /ended by a defect: the fault of a test/);
    assert.match(result.err, /try: read it, then attach it/);
    assert.doesNotMatch(result.err, FORBIDDEN);
    const { path, text, report } = readReport(result);
    assert.ok(path.startsWith(join(dataDir, 'crashes')), path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(report.kind, kind);
    assert.match(report.errors[0]?.message ?? '', /the fault of a test/);
    assert.equal(report.machine.versions.node, process.versions.node);
    assert.ok(report.machine.diskFreeBytes > 0);
    assert.equal(report.config['port'], 0);
    assert.ok(report.lastLines.some((line) => RUNNING.test(line)));
    assert.doesNotMatch(text, FORBIDDEN);
    if (fault !== 'throw') return;
    assert.match(report.errors[0]?.stack?.[0] ?? '', /crash-entry\.ts/);
    assert.equal(report.errors[1]?.message, 'its cause');
    const token = readFileSync(join(dataDir, 'admin.token'), 'utf8').trim();
    assert.ok(!text.includes(token) && token.length > 20);
  });
}

test('ten reports are kept, and the node starts again on its folder', async () => {
  const dataDir = join(sandbox.work, 'throw');
  for (let i = 0; i < 14; i++) {
    const name = `crash-2020-01-${String(i + 10)}T00-00-00.000Z-1.json`;
    writeFileSync(join(dataDir, 'crashes', name), '{}');
  }
  const { path } = readReport(await crash('throw', node(dataDir), RUNNING));
  const kept = readdirSync(join(dataDir, 'crashes'));
  assert.equal(kept.length, 10);
  assert.ok(kept.some((name) => path.endsWith(name)));
  const again = await startTestNode(sandbox, [], dataDir);
  assert.equal((await again.stop()).code, 0);
});

test('a devnet whose folder goes with it leaves its report elsewhere', async () => {
  const args = ['devnet', '--port', '0'];
  const result = await crash('throw', args, /JSON-RPC +http/);
  assert.equal(result.code, 70, result.err);
  const { path } = readReport(result);
  assert.ok(path.startsWith(join(sandbox.folder, 'basalt-crashes')), path);
});

test('where the data folder takes no report it goes to the next place', async () => {
  const dataDir = join(sandbox.work, 'no-place');
  mkdirSync(dataDir, { mode: 0o700 });
  const first = await startTestNode(sandbox, [], dataDir);
  await first.stop();
  writeFileSync(join(dataDir, 'crashes'), 'a file in the way');
  const { path } = readReport(await crash('throw', node(dataDir), RUNNING));
  assert.ok(path.startsWith(join(sandbox.folder, 'basalt-crashes')), 'the next place');
  const lost = await crash('throw', node(dataDir), RUNNING, join(sandbox.folder, 'not there'));
  assert.equal(lost.code, 70);
  assert.match(lost.err, /no report could be written; the stack:\n +at .*crash-entry\.ts/);
  assert.doesNotMatch(lost.err, FORBIDDEN);
});
