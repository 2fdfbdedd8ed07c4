import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parser } from '@prometheus-io/lezer-promql';
import { freePort } from './proxy.ts';
import { REPOSITORY } from './run-cli.ts';

export const RULES: string = join(REPOSITORY, 'ops', 'prometheus', 'basalt.rules.yml');

function find(program: string): string | undefined {
  return [`/usr/bin/${program}`, `/usr/local/bin/${program}`].find((path) => existsSync(path));
}

const PROMTOOL = find('promtool');
const PROMETHEUS = find('prometheus');

/** Why tests with promtool do not run here; false where they do. */
export const noPromtool: string | false =
  PROMTOOL === undefined ? 'promtool (Debian package prometheus) is not installed' : false;

/** Why tests with a Prometheus do not run here; false where they do. */
export const noPrometheus: string | false =
  PROMETHEUS === undefined ? 'prometheus is not installed' : false;

export interface Said {
  readonly code: number | null;
  readonly words: string;
}

export function promtool(args: readonly string[], input = ''): Said {
  const run = spawnSync(PROMTOOL ?? '', args, { input, timeout: 60_000, encoding: 'utf8' });
  return { code: run.status, words: run.stdout + run.stderr };
}

export interface NamedExpression {
  /** File and what it belongs to. */
  readonly place: string;
  readonly expression: string;
}

/** Every expression of the rules: their files are written so that no YAML library is needed. */
export function ruleExpressions(): NamedExpression[] {
  const text = readFileSync(RULES, 'utf8');
  const pattern =
    /- (?:alert|record): (\S+)\n(?: *#.*\n)* *expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)/g;
  return [...text.matchAll(pattern)].map(([, name, block, line]) => ({
    place: `basalt.rules.yml: ${name}`,
    expression: (block ?? line ?? '').trim(),
  }));
}

export function alertNames(): string[] {
  return [...readFileSync(RULES, 'utf8').matchAll(/- alert: (\S+)/g)].map(([, name]) => name ?? '');
}

export function recordedNames(): string[] {
  return [...readFileSync(RULES, 'utf8').matchAll(/- record: (\S+)/g)].map(
    ([, name]) => name ?? '',
  );
}

/** Every target of every panel of `ops/grafana`, with what Grafana puts in replaced as it does. */
export function dashboardExpressions(): NamedExpression[] {
  const folder = join(REPOSITORY, 'ops', 'grafana');
  return globSync('*.json', { cwd: folder }).flatMap((file) => {
    const { panels } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      panels: { title: string; targets?: { expr: string }[] }[];
    };
    return panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({
        place: `${file}: ${title}`,
        expression: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.+'),
      })),
    );
  });
}

/**
 * The metrics that an expression asks for.
 *
 * @throws SyntaxError where it is no PromQL, with the place
 */
export function metricsOf({ place, expression }: NamedExpression): string[] {
  const names: string[] = [];
  const cursor = parser.parse(expression).cursor();
  do {
    const text = expression.slice(cursor.from, cursor.to);
    if (cursor.type.isError) {
      const near = expression.slice(Math.max(0, cursor.from - 20), cursor.to + 20);
      throw new SyntaxError(`${place}: no PromQL near "${near}"`);
    }
    if (cursor.name === 'Identifier') names.push(text);
  } while (cursor.next());
  return names;
}

/** Names of series in a text exposition: histograms have three for each. */
export function exposedNames(exposition: string): Set<string> {
  const names = new Set(['up', 'ALERTS']);
  for (const [, name = '', kind] of exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    if (kind !== 'histogram') names.add(name);
    else for (const end of ['bucket', 'sum', 'count']) names.add(`${name}_${end}`);
  }
  return names;
}

export interface FiringAlert {
  readonly name: string;
  readonly instance: string;
  readonly summary: string;
  readonly description: string;
}

export interface TestPrometheus {
  query(expression: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]>;
  firing(): Promise<FiringAlert[]>;
  stop(): Promise<void>;
}

/** A Prometheus that scrapes these nodes every second. */
export async function startPrometheus(
  folder: string,
  targets: readonly string[],
  rules: string,
): Promise<TestPrometheus> {
  const port = await freePort();
  writeFileSync(join(folder, 'test.rules.yml'), rules);
  const list = targets.map((target) => `'${target}'`).join(', ');
  const configuration = `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [test.rules.yml]
scrape_configs:
  - job_name: basalt
    static_configs: [{ targets: [${list}] }]
`;
  writeFileSync(join(folder, 'prometheus.yml'), configuration);
  const args = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'prometheus data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ];
  const child = spawn(PROMETHEUS ?? '', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.on('data', (piece: Buffer) => {
    words += piece.toString();
  });
  const end = once(child, 'close');
  const url = `http://127.0.0.1:${port}/api/v1`;
  const get = async <Value>(path: string): Promise<Value> => {
    const answer = await fetch(url + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { data: Value }).data;
  };
  const prometheus: TestPrometheus = {
    async query(expression) {
      const path = `/query?query=${encodeURIComponent(expression)}`;
      return (await get<{ result: never[] }>(path)).result;
    },
    async firing() {
      const { alerts } = await get<{ alerts: PrometheusAlert[] }>('/alerts');
      return alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels, annotations }) => ({
          name: labels['alertname'] ?? '',
          instance: labels['instance'] ?? '',
          summary: annotations['summary'] ?? '',
          description: annotations['description'] ?? '',
        }));
    },
    async stop() {
      child.kill('SIGTERM');
      await end;
    },
  };
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 100) {
    if (child.exitCode !== null) throw new Error(`prometheus did not start:\n${words}`);
    const isUp = await fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return prometheus;
    await pause(100);
  }
  await prometheus.stop();
  throw new Error(`prometheus did not listen within 20 s:\n${words}`);
}

interface PrometheusAlert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
