import { readFileSync } from 'node:fs';
import type { Client } from '@basalt/client';
import type { WriteConsistency } from '@basalt/protocol';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { writeConsistencyOption } from '../consistency.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { FORMATS, type Format } from '../input/guess-format.ts';
import { type InputOptions, openSources } from '../input/open-sources.ts';
import type { RecordSource } from '../input/source.ts';
import { type AppendResult, appendSource } from '../journal/append-source.ts';
import { RECORD_BYTES_MAX } from '../limits.ts';
import { openJournal } from '../open-journal.ts';
import { openOwnNamespace } from '../open-namespace.ts';
import {
  addExamples,
  addNodeOptions,
  type NodeOptions,
  namespaceOption,
  parseBytes,
} from '../options.ts';
import { refusedBlock } from '../refused-block.ts';
import { importShards, type ShardResult } from '../shards/import-shards.ts';
import { reportShards } from '../shards/report-shards.ts';
import { parseShardSpec, type ShardSpec } from '../shards/shard-spec.ts';
import { formatAmount, formatBytes, formatCount, formatRate } from '../view/numbers.ts';
import { Progress } from '../view/progress.ts';

interface Options extends NodeOptions {
  readonly namespace: string;
  readonly format: Format | 'auto';
  readonly git?: string | true;
  readonly key?: string;
  readonly chunkSize?: number;
  readonly delimiter?: string;
  readonly again?: boolean;
  readonly tokenFile?: string;
  readonly quiet?: boolean;
  readonly shardBy?: ShardSpec;
  readonly consistency: WriteConsistency;
}

const FORMAT_HELP = `
Formats (--format auto looks at the file's name, then at its content):
  ndjson    one block per line of JSON, byte for byte        .ndjson .jsonl, a .json of lines, stdin
  csv       one block per row, as a JSON object              .csv .tsv; first row holds the names
  lines     one block per line of text                       .log, stdin
  file      one block per file: a line of JSON (name, type, size), then its bytes
  binary    standard input in blocks of --chunk-size bytes
  git-log   one block per commit, as JSON; the same as --git

Interrupted (also by kill -9 or a power cut), the same command goes on exactly where it stopped: no
record twice, none left out. A file that has grown is taken up where it ended; --again starts
anew.`;

export function appendCommand(context: Context): Command {
  const command = new Command('append')
    .description(
      'Append records to a namespace, each as one signed block. The first use of a name makes ' +
        'the namespace and a key for it.',
    )
    .argument('[input...]', 'files and folders; standard input where none is named')
    .addOption(namespaceOption())
    .addOption(new Option('-f, --format <format>').choices(['auto', ...FORMATS]).default('auto'))
    .option('--git [folder]', 'import the history of a git repository')
    .addOption(
      new Option(
        '--chunk-size <size>',
        'bytes of one block with --format binary, e.g. 64K',
      ).argParser(parseBytes),
    )
    .option('--delimiter <character>', 'of CSV; default a comma, a tab for .tsv')
    .option('--key <name>', 'key to sign with: its name or file; default the namespace’s name')
    .addOption(
      new Option(
        '--shard-by <fields>',
        'a namespace for each topic, region and time: topic=FIELD,region=FIELD,time=FIELD:1d',
      ).argParser(parseShardSpec),
    )
    .addOption(writeConsistencyOption())
    .option('--again', 'append all records anew, also those that are there')
    .option('--token-file <file>', 'token for a node that lets only administrators make namespaces')
    .option('-q, --quiet', 'no progress')
    .action((paths: string[], options: Options) => append(context, paths, options));
  addNodeOptions(command).addHelpText('after', FORMAT_HELP);
  return addExamples(command, [
    'journalctl -o json | basalt append --namespace audit',
    'basalt append --namespace rides trips.csv readings.ndjson',
    'basalt append --namespace papers ~/Documents/contracts',
    'basalt append --namespace repo --git .',
    'basalt append --namespace rides trips.ndjson --shard-by topic=kind,region=city,time=at:1d',
    'tar c photos | basalt append --namespace backup --format binary --chunk-size 1M',
  ]);
}

async function append(context: Context, paths: string[], options: Options): Promise<void> {
  const sources = await openSources(paths, inputOptions(options), context.input);
  const token =
    options.tokenFile === undefined ? undefined : readFileSync(options.tokenFile, 'utf8').trim();
  const { url } = options;
  const client = await connect(context, { url, ...(token === undefined ? {} : { token }) });
  if (options.shardBy !== undefined) {
    await appendShards(context, client, sources, { ...options, shardBy: options.shardBy });
    return;
  }
  const own = await openOwnNamespace(context, {
    client,
    url,
    name: options.namespace,
    keyName: options.key,
  });
  await using journal = await openJournal(context, client, url, own, options.consistency);
  let { tip } = journal;
  for (const source of sources) {
    const progress = createProgress(context, source, options);
    let result: AppendResult;
    try {
      result = await appendSource(source, journal.target, tip, {
        again: options.again === true,
        signal: context.signal,
        onProgress: (now) =>
          progress?.update({
            count: now.recordsWritten,
            bytes: now.payloadBytes,
            done: now.inputBytes,
            ...(source.sizeBytes === undefined ? {} : { total: source.sizeBytes }),
          }),
      });
    } finally {
      progress?.end();
    }
    tip = result.tip;
    report(context, options, { source, result, label: own.label, namespace: own.namespace });
    if (result.refusal !== undefined) throw refusedBlock(result.refusal);
    if (result.interrupted) {
      process.exitCode = 130;
      return;
    }
  }
}

async function appendShards(
  context: Context,
  client: Client,
  sources: readonly RecordSource[],
  options: Options & { readonly shardBy: ShardSpec },
): Promise<void> {
  for (const source of sources) {
    const progress = createProgress(context, source, options);
    let results: readonly ShardResult[];
    try {
      results = await importShards(context, source, {
        client,
        url: options.url,
        name: options.namespace,
        keyName: options.key,
        spec: options.shardBy,
        again: options.again === true,
        consistency: options.consistency,
        onProgress: ({ records, inputBytes }) =>
          progress?.update({
            count: records,
            bytes: inputBytes,
            done: inputBytes,
            ...(source.sizeBytes === undefined ? {} : { total: source.sizeBytes }),
          }),
      });
    } finally {
      progress?.end();
    }
    reportShards(context, results, options.json === true);
    if (context.signal.aborted) {
      process.exitCode = 130;
      return;
    }
  }
}

function inputOptions(options: Options): InputOptions {
  if (options.delimiter !== undefined && !/^[\x20-\x7e\t]$/.test(options.delimiter)) {
    const message = `--delimiter "${options.delimiter}" is not one ASCII character`;
    throw new CliError(EXIT.usage, 'usage', message, 'for example --delimiter ";"');
  }
  if ((options.chunkSize ?? 0) > RECORD_BYTES_MAX) {
    const message = `--chunk-size is above the ${RECORD_BYTES_MAX} bytes that one block holds`;
    throw new CliError(EXIT.usage, 'usage', message, 'use 16M or less');
  }
  return {
    format: options.format,
    ...(options.chunkSize === undefined ? {} : { chunkBytes: options.chunkSize }),
    ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }),
    ...(options.git === undefined ? {} : { git: options.git === true ? '.' : options.git }),
  };
}

function createProgress(
  { terminal, clock }: Context,
  source: RecordSource,
  options: Options,
): Progress | undefined {
  if (options.quiet === true || options.json === true) return undefined;
  return new Progress({ terminal, clock, label: source.label, noun: 'block' });
}

interface Report {
  readonly source: RecordSource;
  readonly result: AppendResult;
  readonly label: string;
  readonly namespace: string;
}

function report(context: Context, options: Options, { source, result, ...names }: Report): void {
  const { screen } = context;
  const { recordsWritten, recordsKnown, payloadBytes, firstIndex, lastIndex } = result;
  const seconds = result.seconds;
  if (options.json === true) {
    const { interrupted } = result;
    screen.line(
      JSON.stringify({
        ...names,
        source: source.label,
        format: source.format,
        appended: recordsWritten,
        known: recordsKnown,
        firstIndex: firstIndex ?? null,
        lastIndex: lastIndex ?? null,
        payloadBytes,
        seconds: Number(seconds.toFixed(3)),
        interrupted,
      }),
    );
    return;
  }
  const known =
    recordsKnown === 0 ? '' : `, ${formatAmount(recordsKnown, 'record')} were there already`;
  if (firstIndex === undefined || lastIndex === undefined) {
    screen.line(`${names.label}: nothing new in ${source.label} (${source.format})${known}`);
    return;
  }
  const range =
    firstIndex === lastIndex
      ? `index ${formatCount(firstIndex)}`
      : `index ${formatCount(firstIndex)} to ${formatCount(lastIndex)}`;
  const rate = formatRate(recordsWritten / Math.max(seconds, 0.001));
  screen.line(
    `${screen.style('green', names.label)}: ${formatAmount(recordsWritten, 'block')} from ` +
      `${source.label} (${source.format}), ${range}, ${formatBytes(payloadBytes)}, ` +
      `${rate} blocks/s${known}`,
  );
  if (result.interrupted) {
    screen.line('interrupted; the same command goes on where it stopped');
  }
}
