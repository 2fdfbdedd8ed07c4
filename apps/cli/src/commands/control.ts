import { readFileSync } from 'node:fs';
import type { TunableState } from '@basalt/telemetry';
import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { fetchJson, postJson } from '../node-api.ts';
import { addExamples, addNodeOptions, type NodeOptions, parseValue } from '../options.ts';
import { formatBytes, formatCount, formatUtc } from '../view/numbers.ts';
import { formatTable } from '../view/table.ts';

interface Options extends NodeOptions {
  readonly hold?: number;
  readonly release?: boolean;
  readonly on?: boolean;
  readonly off?: boolean;
  readonly tokenFile: string;
}

export function controlCommand(context: Context): Command {
  const command = new Command('control')
    .description(
      'What a node tunes by itself: each value with its bounds, and why it changed when. An ' +
        'operator may hold a value, release it, or switch all control off; that needs the admin ' +
        'token, which lies in the node’s data folder.',
    )
    .argument('[name]', 'one tunable, with its last changes')
    .addOption(
      new Option('--hold <value>', 'set it by hand: a number, or a size like 32M').argParser(
        parseValue,
      ),
    )
    .option('--release', 'give it back to its controller')
    .option('--off', 'all values, without a name: as they were at the start, at once')
    .option('--on', 'the controllers go on')
    .addOption(
      new Option('--token-file <file>', 'with the admin token')
        .env('BASALT_ADMIN_TOKEN_FILE')
        .default('.basalt/admin.token'),
    )
    .action((name: string | undefined, options: Options) => control(context, name, options));
  return addExamples(addNodeOptions(command), [
    'basalt control',
    'basalt control gateway.prepared-bytes',
    'basalt control gateway.prepared-bytes --hold 32M',
    'basalt control gateway.prepared-bytes --release',
    'basalt control --off',
  ]);
}

/** What a node says of a change: in what it is not what was asked for. */
interface Changed {
  readonly notes?: readonly string[];
}

async function control(
  context: Context,
  name: string | undefined,
  options: Options,
): Promise<void> {
  const change = changeOf(name, options);
  if (change !== undefined) {
    const token = readToken(options.tokenFile);
    const done = await postJson<Changed>(options.url, '/control', change, token, context.signal);
    for (const note of done.notes ?? []) context.terminal.line(`note: ${note}`);
  }
  const all = await fetchJson<TunableState[]>(options.url, '/control', context.signal);
  const chosen = name === undefined ? all : all.filter((tunable) => tunable.name === name);
  if (name !== undefined && chosen.length === 0) {
    const names = all.map((tunable) => tunable.name).join(', ');
    const hint = names === '' ? 'this node tunes nothing' : `there are ${names}`;
    throw new CliError(EXIT.usage, 'no-tunable', `no tunable is named ${name}`, hint);
  }
  const { screen } = context;
  if (options.json === true) {
    for (const tunable of chosen) screen.line(JSON.stringify(tunable));
    return;
  }
  for (const line of tableOf(chosen)) screen.line(line);
  const [one] = chosen;
  if (name !== undefined && one !== undefined) showOne(context, one);
}

function changeOf(
  name: string | undefined,
  { hold, release, on, off }: Options,
): Record<string, unknown> | undefined {
  if ([hold !== undefined, release, on, off].filter((each) => each === true).length > 1) {
    throw new CliError(EXIT.usage, 'usage', 'one change at a time', 'see --help');
  }
  if (on === true || off === true) {
    if (name !== undefined) {
      const hint = `for one alone: basalt control ${name} --hold <value>, or --release`;
      throw new CliError(EXIT.usage, 'usage', '--on and --off are for all values', hint);
    }
    return { on: on === true };
  }
  if (hold === undefined && release !== true) return undefined;
  if (name === undefined) {
    throw new CliError(EXIT.usage, 'usage', 'which one?', 'name a tunable: basalt control <name>');
  }
  return { name, value: release === true ? null : hold };
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const hint = 'name the file with --token-file: <data folder>/admin.token';
    throw new CliError(EXIT.usage, 'no-token', reason, hint);
  }
}

function tableOf(tunables: readonly TunableState[]): string[] {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const columns = [
    { title: 'tunable' },
    right('value'),
    right('least'),
    right('most'),
    right('at start'),
    { title: 'by' },
    right('changes'),
    { title: 'last reading' },
  ];
  const rows = tunables.map((tunable) => [
    tunable.name,
    ...[tunable.value, tunable.bounds.min, tunable.bounds.max, tunable.initial].map((value) =>
      told(value, tunable.unit),
    ),
    byWhom(tunable),
    formatCount(tunable.changeCount),
    tunable.reading,
  ]);
  return formatTable(columns, rows);
}

function byWhom({ mode, controller, heldAt, unit }: TunableState): string {
  if (mode === 'automatic') return controller;
  return mode === 'off' && heldAt !== undefined ? `off; then ${told(heldAt, unit)}` : mode;
}

function showOne({ screen }: Context, { help, unit, changes }: TunableState): void {
  screen.line('');
  screen.line(help);
  if (changes.length === 0) screen.line(screen.style('dim', 'It has not changed.'));
  for (const { atMs, from, to, reason } of changes) {
    screen.line(`${formatUtc(atMs)}  ${told(from, unit)} → ${told(to, unit)}  ${reason}`);
  }
}

function told(value: number, unit: string): string {
  if (unit === 'bytes') return formatBytes(value);
  const number = Number.isInteger(value) ? formatCount(value) : value.toPrecision(3);
  return unit === '' ? number : `${number} ${unit}`;
}
