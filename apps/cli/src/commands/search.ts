import type { NamespaceSearch, NamespaceSummary } from '@basalt/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { addExamples, addNodeOptions, type NodeOptions, parsePositive } from '../options.ts';
import { namespaceTable } from '../view/namespace-table.ts';

interface Options extends NodeOptions {
  readonly prefix?: string;
  readonly kind?: NonNullable<NamespaceSearch['kind']>;
  readonly since?: number;
  readonly until?: number;
  readonly count: number;
}

const KINDS: readonly NonNullable<NamespaceSearch['kind']>[] = [
  'per-writer',
  'geographic',
  'topic',
  'temporal',
  'shard',
];

export function searchCommand(context: Context): Command {
  const command = new Command('search')
    .description(
      'Search the namespaces of a node: by words of label, topic and region, by the beginning of ' +
        'the label, by kind and by time. What is listed is the node’s word.',
    )
    .argument('[words...]', 'each the beginning of a word')
    .option('--prefix <text>', 'beginning of the label')
    .addOption(new Option('--kind <kind>', 'a part of the strategy').choices(KINDS))
    .addOption(
      new Option('--since <time>', 'may hold records of then or later').argParser(parseTime),
    )
    .addOption(new Option('--until <time>', 'time shards that begin before').argParser(parseTime))
    .addOption(new Option('-c, --count <number>', 'how many').argParser(parsePositive).default(50))
    .action((words: string[], options: Options) => search(context, words, options));
  return addExamples(addNodeOptions(command), [
    'basalt search rides berlin',
    'basalt search --prefix rides/ --since 2026-11-01 --until 2026-12-01',
    'basalt search --kind temporal --json',
  ]);
}

async function search(context: Context, words: string[], options: Options): Promise<void> {
  const { screen, signal } = context;
  const client = await connect(context, { url: options.url });
  const { prefix, kind, since, until } = options;
  const wanted: NamespaceSearch = {
    ...(words.length === 0 ? {} : { words: words.join(' ') }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(kind === undefined ? {} : { kind }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  };
  const found: NamespaceSummary[] = [];
  for await (const summary of client.search(wanted, { signal })) {
    found.push(summary);
    if (found.length >= options.count) break;
  }
  if (options.json === true) {
    for (const summary of found) screen.line(JSON.stringify(summary));
    return;
  }
  if (found.length === 0) {
    screen.line('no namespace is like that');
    return;
  }
  const [head = '', ...lines] = namespaceTable(found);
  screen.line(screen.style('dim', head));
  for (const line of lines) screen.line(line);
}

/** A date, a date with time, or Unix milliseconds. */
function parseTime(text: string): number {
  const value = /^\d{11,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('expected a time like 2026-11-20 or 2026-11-20T13:00Z');
}
