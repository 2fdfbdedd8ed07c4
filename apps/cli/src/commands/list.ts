import type { BlockReport } from '@basalt/client';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { type ReadConsistency, readConsistencyOption, staleOk } from '../consistency.ts';
import type { Context } from '../context.ts';
import { requireNamespace } from '../open-namespace.ts';
import {
  addExamples,
  addNodeOptions,
  type NodeOptions,
  namespaceOption,
  parseCount,
  parsePositive,
} from '../options.ts';
import { blockJson } from '../view/block-json.ts';
import { blockRow, refusedRow } from '../view/block-row.ts';

interface Options extends NodeOptions {
  readonly consistency: ReadConsistency;
  readonly namespace: string;
  readonly from?: number;
  readonly count: number;
}

export function listCommand(context: Context): Command {
  const command = new Command('list')
    .description('List blocks of a namespace, each one verified; by default the newest ones.')
    .addOption(namespaceOption())
    .addOption(new Option('--from <index>', 'first block').argParser(parseCount))
    .addOption(new Option('-c, --count <number>', 'how many').argParser(parsePositive).default(20))
    .addOption(readConsistencyOption())
    .action((options: Options) => list(context, options));
  return addExamples(addNodeOptions(command), [
    'basalt list --namespace audit',
    'basalt list --namespace audit --from 1000 --count 500',
    'basalt list --namespace audit --from 0 --count 1000000 --json > audit.ndjson',
  ]);
}

async function list(context: Context, options: Options): Promise<void> {
  const { screen, signal } = context;
  const client = await connect(context, { url: options.url, ...staleOk(options.consistency) });
  const found = await requireNamespace(client, options.namespace);
  const from = options.from ?? Math.max(0, found.size - options.count);
  const to = Math.min(found.size, from + options.count);
  const { namespace } = found;
  for await (const report of client.iterate({ namespace, from, to, signal, pageBlocks: 256 })) {
    screen.line(rowOf(context, report, options.json === true));
  }
}

function rowOf({ screen }: Context, report: BlockReport, json: boolean): string {
  if (json) return JSON.stringify(blockJson(report));
  if (report.status !== 'refused') return blockRow(screen, report);
  process.exitCode = 1;
  return refusedRow(screen, report);
}
