/** The unit for systemd and the container file: accepted, closed up, and honest about health. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '..', '..');
const UNIT = join(ROOT, 'ops', 'systemd', 'basalt.service');
const PROBE = join(ROOT, 'ops', 'probe.mjs');
const ANALYZE = '/usr/bin/systemd-analyze';
const noAnalyze = !existsSync(ANALYZE) && 'systemd-analyze is not installed';

interface Said {
  readonly code: number | null;
  readonly words: string;
}

/** Of the unit with the paths of this checkout, changed by the test where it wants a mistake. */
function analyze(verb: readonly string[], change: (unit: string) => string = (unit) => unit): Said {
  const folder = mkdtempSync(join(tmpdir(), 'basalt-unit-'));
  try {
    const path = join(folder, 'basalt.service');
    // Through links: a unit does not take the spaces that a checkout's path may have.
    const [node, root] = [join(folder, 'node'), join(folder, 'basalt')];
    symlinkSync(process.execPath, node);
    symlinkSync(ROOT, root);
    const unit = readFileSync(UNIT, 'utf8')
      .replaceAll('/opt/basalt/node_modules/.bin/node', node)
      .replaceAll('/opt/basalt', root);
    writeFileSync(path, change(unit));
    const run = spawnSync(ANALYZE, [...verb, path], { encoding: 'utf8', timeout: 60_000 });
    return { code: run.status, words: run.stdout + run.stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('systemd accepts the unit, and sees mistakes', { skip: noAnalyze }, () => {
  const whole = analyze(['verify']);
  assert.equal(whole.code, 0, whole.words);
  assert.equal(whole.words.trim(), '');
  const misspelt = analyze(['verify'], (unit) => unit.replace('ProtectHome', 'ProtectHouse'));
  assert.match(misspelt.words, /ProtectHouse/);
});

test('systemd finds little that is exposed', { skip: noAnalyze }, () => {
  const exposure = (said: Said): number =>
    Number(/exposure level for \S+: ([\d.]+)/.exec(said.words)?.[1] ?? Number.NaN);
  const security = ['security', '--offline=true'];
  const closed = exposure(analyze(security));
  assert.ok(closed < 2, `exposure ${closed} of 10`);
  const open = (unit: string): string => unit.replace(/^(Protect|Restrict|Dynamic).*$/gm, '');
  assert.ok(exposure(analyze(security, open)) > 3, 'what is taken out is seen');
});

test('the unit runs what is there, stops in order, and lets JavaScript be compiled', () => {
  const unit = readFileSync(UNIT, 'utf8');
  for (const [, path = ''] of unit.matchAll(/\/opt\/basalt\/((?:apps|ops|docs)\/\S+)/g)) {
    assert.ok(existsSync(join(ROOT, path)), path);
  }
  for (const line of ['NoNewPrivileges=yes', 'MemoryDenyWriteExecute=no', 'KillSignal=SIGTERM']) {
    assert.ok(unit.includes(`\n${line}\n`), line);
  }
  const files = Number(/^LimitNOFILE=(\d+)$/m.exec(unit)?.[1]);
  assert.ok(files >= 16_384 + 1_024, 'connectionsMax fits');
});

/** What matters in a container file; empty where all of it holds. */
function lintContainer(text: string): string[] {
  const joined = text.replace(/^#.*\n/gm, '').replaceAll('\\\n', ' ');
  const lines = joined.split('\n').filter((line) => line.trim() !== '');
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
  const find = (word: string): string => last.findLast((line) => line.startsWith(`${word} `)) ?? '';
  const isExec = (line: string): boolean => /\[".*"\]$/.test(line);
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  check(/^USER (?!root$|0(:|$))\S+$/.test(find('USER')), 'runs as root');
  check(isExec(find('ENTRYPOINT')) && isExec(find('CMD')), 'a shell would keep signals');
  const health = find('HEALTHCHECK');
  check(health.includes('/livez') && isExec(health), 'no health check by /livez');
  check(/CMD \["node", "\/opt\/basalt\/ops\/probe\.mjs"/.test(health), 'health is asked by others');
  check(find('STOPSIGNAL') === 'STOPSIGNAL SIGTERM', 'no SIGTERM');
  check(!/\b(curl|wget|apt-get|apk|ADD)\b|https?:\/\/(?!127)/.test(joined), 'downloads something');
  check(lines.filter((line) => line.startsWith('FROM ')).length > 1, 'tools are left in the image');
  check(!/^COPY \.\s/m.test(joined), 'takes everything, also keys');
  for (const line of lines.filter((each) => each.startsWith('RUN '))) {
    check(isExec(line), `a shell in ${line}`);
  }
  for (const [, path = ''] of joined.matchAll(
    /"\/?(?:opt\/basalt\/)?((?:ops|apps|tools)\/[^"]+)"/g,
  )) {
    check(existsSync(join(ROOT, path)), `${path} is not there`);
  }
  return problems;
}

test('the container file: no root, no shell, its own health, no other download', () => {
  const text = readFileSync(join(ROOT, 'ops', 'container', 'Containerfile'), 'utf8');
  assert.deepEqual(lintContainer(text), []);
  const mistakes: readonly (readonly [string, string, string])[] = [
    ['USER node', 'USER root', 'runs as root'],
    ['USER node\n', '', 'runs as root'],
    ['ENTRYPOINT ["node", "/opt', 'ENTRYPOINT node "/opt', 'a shell would keep signals'],
    ['/livez', '/metrics', 'no health check by /livez'],
    ['CMD ["node", "/opt/basalt/ops/probe.mjs"', 'CMD ["curl"', 'health is asked by others'],
    ['STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGKILL', 'no SIGTERM'],
    ['COPY apps apps', 'RUN ["curl", "-O", "x"]', 'downloads something'],
    ['COPY apps apps', 'COPY . .', 'takes everything, also keys'],
    ['tools/bootstrap.mjs', 'tools/gone.mjs', 'tools/gone.mjs is not there'],
  ];
  for (const [from, to, problem] of mistakes) {
    assert.ok(lintContainer(text.replaceAll(from, to)).includes(problem), problem);
  }
});

test('the probe: waits until somebody answers 200, and says when nobody does', async () => {
  let answers = 0;
  const server = createServer((_, response) => {
    response.statusCode = ++answers < 3 ? 503 : 200;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/livez`;
  const probe = async (seconds: string): Promise<number> => {
    const child = spawn(process.execPath, [PROBE, url, seconds], { stdio: 'ignore' });
    const [code] = (await once(child, 'close')) as [number];
    return code;
  };
  assert.equal(await probe('10'), 0);
  assert.ok(answers >= 3);
  server.close();
  server.closeAllConnections();
  assert.equal(await probe('1'), 1);
});
