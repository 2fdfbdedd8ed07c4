import type { WriteConsistency } from '@basalt/protocol';
import { Command, Option } from 'commander';
import { RPC_URL_DEFAULT } from '../chain/rpc.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { createLoadTransport } from '../load/http.ts';
import type { LatencyHistogram } from '../load/latency-histogram.ts';
import { type LoadResult, runOpenLoop } from '../load/open-loop.ts';
import { openProfile, PROFILES } from '../load/profiles.ts';
import { progressLine } from '../load/progress-line.ts';
import { PROFILE_NAMES, type ProfileName } from '../load/types.ts';
import { addExamples, addNodeOptions, type NodeOptions, parsePositive } from '../options.ts';
import {
  formatAmount,
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
} from '../view/numbers.ts';
import { formatTable } from '../view/table.ts';

interface Options extends NodeOptions {
  readonly profile: ProfileName;
  readonly rate: number;
  readonly seconds: number;
  readonly concurrency: number;
  readonly payload: number;
  readonly arrivals: 'poisson' | 'even';
  readonly consistency: WriteConsistency;
  readonly rpcUrl: string;
}

/** Bounds of a load on somebody's node: it cannot be taken back, a log only grows. */
const BOUNDS: readonly (readonly ['rate' | 'seconds' | 'concurrency' | 'payload', number])[] = [
  ['rate', 1_000_000],
  ['seconds', 3_600],
  ['concurrency', 4_096],
  ['payload', 65_536],
];

export function loadCommand(context: Context): Command {
  const profiles = Object.entries(PROFILES).map(([name, what]) => `  ${name.padEnd(14)}${what}`);
  const command = new Command('load')
    .description(
      'Put load on a node as strangers do: requests come at their own times, whether or not the ' +
        'answers keep up. Each latency counts from when its request was due, so a node that ' +
        'stalls is charged for everybody who would have come meanwhile. Appends make namespaces ' +
        'named "load" with keys that are thrown away; a log only grows, so use a node for tests. ' +
        'It ends with 1 where a request failed.',
    )
    .addOption(
      new Option('--profile <name>', 'what the load consists of')
        .choices(PROFILE_NAMES)
        .default('reads'),
    )
    .addOption(option('-r, --rate <number>', 'requests a second').default(200))
    .addOption(option('-s, --seconds <number>', 'how long').default(10))
    .addOption(option('-c, --concurrency <number>', 'most requests under way at once').default(64))
    .addOption(option('-p, --payload <bytes>', 'of each appended block').default(256))
    .addOption(
      new Option('--arrivals <kind>', 'at random moments, or like a clock')
        .choices(['poisson', 'even'])
        .default('poisson'),
    )
    .addOption(
      new Option(
        '--consistency <level>',
        'an append is answered when it is synced (durable), when a checkpoint covers it ' +
          '(immediate), or when it is queued (eventual)',
      )
        .choices(['immediate', 'durable', 'eventual'])
        .default('durable'),
    )
    .addOption(
      new Option('--rpc-url <address>', 'of the chain, for transactions')
        .env('BASALT_RPC_URL')
        .default(RPC_URL_DEFAULT),
    )
    .addHelpText('after', `\nProfiles:\n${profiles.join('\n')}`)
    .action((options: Options) => load(context, options));
  return addExamples(addNodeOptions(command), [
    'basalt load',
    'basalt load --profile append --rate 1000 --seconds 30',
    'basalt load --profile mixed --rate 2000 --json',
    'basalt load --profile transactions --rate 500',
  ]);
}

function option(flags: string, description: string): Option {
  return new Option(flags, description).argParser(parsePositive);
}

async function load(context: Context, options: Options): Promise<void> {
  for (const [name, most] of BOUNDS) {
    const value = options[name];
    if (value > most) {
      throw new CliError(EXIT.usage, 'usage', `--${name} ${value} is above ${most}`, 'use less');
    }
  }
  const { profile: name, concurrency, rate, arrivals, seconds } = options;
  const url = name === 'transactions' ? options.rpcUrl : options.url;
  const { payload: payloadBytes, consistency } = options;
  const shape = { concurrency, rate, seconds, payloadBytes, consistency };
  const profile = await openProfile(name, { context, url, ...shape, uniform: Math.random });
  const transport = createLoadTransport(url, concurrency);
  const { terminal } = context;
  try {
    const result = await runOpenLoop({
      rate,
      arrivals,
      concurrency,
      durationMs: seconds * 1_000,
      uniform: Math.random,
      signal: context.signal,
      send: () => profile.send(transport),
      onProgress: (now) => terminal.live(progressLine(terminal, { name, seconds }, now)),
    });
    terminal.clearLive();
    if (options.json === true) context.screen.line(JSON.stringify(toJson(options, result)));
    else report(context, options, profile.noun, result);
    check(profile.noun, result);
  } finally {
    terminal.clearLive();
    transport.close();
  }
}

/** @throws CliError where not all was answered well: a script must see it */
function check(noun: string, { failed, finished, problems }: LoadResult): void {
  if (failed === 0) return;
  const hint = problems.has('429')
    ? '429 is the rate limit for one address: a lower --rate, or a higher limit of the node'
    : 'see what the node logged';
  const message = `${formatCount(failed)} of ${formatAmount(finished, noun)} failed`;
  throw new CliError(EXIT.failedCheck, 'load-failed', message, hint);
}

const PARTS = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

function report(
  { screen }: Context,
  { rate, concurrency, arrivals }: Options,
  noun: string,
  result: LoadResult,
): void {
  const { latencies, serviceTimes, finished, failed, problems, bytes, elapsedMs } = result;
  const seconds = elapsedMs / 1_000;
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const row = (what: string, times: LatencyHistogram): string[] => [
    what,
    ...PARTS.map(([, part]) => times.quantile(part).toFixed(1)),
    times.most.toFixed(1),
  ];
  const columns = [
    { title: 'milliseconds' },
    ...PARTS.map(([title]) => right(title)),
    right('most'),
  ];
  const rows = [row('from when it was due', latencies), row('from when it was sent', serviceTimes)];
  const [head = '', ...lines] = formatTable(columns, rows);
  screen.line(screen.style('dim', head));
  for (const line of lines) screen.line(line);
  screen.line(
    `${formatCount(finished)} ${noun}s in ${formatDuration(seconds)}: ` +
      `${formatRate((finished - failed) / seconds)}/s, ` +
      `${formatBytes(Math.round(bytes / seconds))}/s`,
  );
  for (const [problem, count] of problems) {
    screen.line(screen.style('red', `${formatCount(count)} failed: ${problem}`));
  }
  if (problems.has('429')) {
    screen.line(
      screen.style('yellow', '429 is the rate limit for one address: it is the load that is cut'),
    );
  }
  const shape = `asked for ${formatRate(rate)}/s, ${arrivals} arrivals, ${concurrency} at once`;
  screen.line(screen.style('dim', shape));
}

function toJson(options: Options, result: LoadResult): Record<string, unknown> {
  const { profile, rate, concurrency, arrivals, payload, consistency } = options;
  const { latencies, serviceTimes, arrived, finished, failed, problems, bytes, elapsedMs } = result;
  const times = (of: LatencyHistogram): Record<string, number> => ({
    ...Object.fromEntries(PARTS.map(([name, part]) => [name, of.quantile(part)])),
    mean: of.mean,
    most: of.most,
  });
  return {
    profile,
    rate,
    concurrency,
    arrivals,
    ...(profile === 'append' || profile === 'mixed' ? { payload, consistency } : {}),
    seconds: elapsedMs / 1_000,
    arrived,
    finished,
    failed,
    problems: Object.fromEntries(problems),
    perSecond: (finished - failed) / (elapsedMs / 1_000),
    bytes,
    latencyMs: times(latencies),
    serviceMs: times(serviceTimes),
  };
}
