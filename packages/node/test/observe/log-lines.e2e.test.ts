/** What a node writes at level debug, and by what its lines and those of others find each other. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createJsonLogger, LogLevels } from '@basalt/telemetry';
import { type RunningNode, resolveConfig, startNode } from '../../src/index.ts';

type Line = Readonly<Record<string, unknown>>;

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
/** Longer than the tracer keeps spans before it posts them. */
const WAIT_MS = 20_000;

/** Below the ports that are given out, and not one that `fetch` refuses by itself. */
const NOBODYS_URL = 'http://127.0.0.1:3';

const folder = mkdtempSync(join(tmpdir(), 'basalt lines '));
const levels = new LogLevels('info');
const lines: Line[] = [];
let node: RunningNode;

before(async () => {
  const { config } = resolveConfig({
    flags: { dataDir: folder, port: 0, chain: true, rpcPort: 0, traceUrl: NOBODYS_URL },
  });
  const write = (line: string): number => lines.push(JSON.parse(line) as Line);
  const logger = createJsonLogger({ write, clock: { nowMs: () => Date.now() }, level: levels });
  node = await startNode(config, { logger, logLevels: levels, version: '1.2.3' });
});

after(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function lineOf(part: string, message: string, wanted: Line = {}): Promise<Line> {
  for (const untilMs = Date.now() + WAIT_MS; Date.now() < untilMs; await pause(20)) {
    const found = lines.find(
      (line) =>
        line['part'] === part &&
        line['message'] === message &&
        Object.entries(wanted).every(([name, value]) => line[name] === value),
    );
    if (found !== undefined) return found;
  }
  assert.fail(`a line of ${part}: ${message}`);
}

async function rpc(method: string, ...params: unknown[]): Promise<{ result?: unknown }> {
  const headers = { 'content-type': 'application/json', traceparent };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const answer = await fetch(node.info.chain?.rpcUrl ?? '', { method: 'POST', headers, body });
  return (await answer.json()) as { result?: unknown };
}

test('nobody reads every answer where nobody asked for it', async () => {
  await (await fetch(`${node.info.url}/chains`)).text();
  assert.ok(!lines.some(({ level }) => level === 'debug'));
});

test('at debug an answer is a line, with the ids that the caller gave', async () => {
  levels.set('gateway', 'debug');
  const headers = { 'x-request-id': 'a1.b2:c3-d4', traceparent };
  await (await fetch(`${node.info.url}/chains`, { headers })).text();
  const line = await lineOf('gateway', 'answered', { request: 'a1.b2:c3-d4' });
  assert.deepEqual(
    [line['trace'], line['method'], line['url'], line['status'], line['route']],
    [TRACE, 'GET', '/chains', 200, '/chains'],
  );
  // What could break a line or fill a disk is no id.
  await (await fetch(`${node.info.url}/chains`, { headers: { 'x-request-id': 'a b' } })).text();
  await (await fetch(`${node.info.url}/nowhere`)).text();
  assert.equal((await lineOf('gateway', 'answered', { url: '/nowhere' }))['status'], 404);
  assert.ok(!lines.some(({ request }) => request === 'a b'));
});

test('calls, blocks and commits are lines; those of a call carry its trace', async () => {
  for (const part of ['json-rpc', 'chain', 'ledger']) assert.ok(levels.set(part, 'debug'), part);
  const accounts = (await rpc('eth_accounts')).result as string[];
  const [from, to] = accounts;
  const sent = await rpc('eth_sendTransaction', { from, to, value: '0x1' });
  assert.match(String(sent.result), /^0x/);
  await lineOf('json-rpc', 'answered', { method: 'eth_sendTransaction' });
  const executed = await lineOf('chain', 'executed', { transactions: 1 });
  assert.equal(executed['gasUsed'], '21000');
  const committed = await lineOf('ledger', 'committed', { blocks: 1 });
  assert.ok(Number(committed['milliseconds']) > 0);
  await lineOf('ledger', 'checkpoints');
  assert.ok(lines.some(({ part, trace }) => part !== 'gateway' && trace === TRACE));
});

test('a collector that is away is told once, and what is lost is counted', async () => {
  const line = await lineOf('tracing', 'the collector takes no spans; they are lost until it does');
  assert.equal(line['level'], 'warn');
  assert.match(String(line['reason']), /ECONNREFUSED/);
  const text = await (await fetch(`${node.info.url}/metrics`)).text();
  assert.match(text, /^basalt_trace_spans_total\{outcome="lost"\} [1-9]/m);
  assert.equal(lines.filter(({ part }) => part === 'tracing').length, 1);
});
