import { ClientError } from '@basalt/client';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
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
  readonly namespace: string;
  readonly from?: number;
  readonly count?: number;
}

export function watchCommand(context: Context): Command {
  const command = new Command('watch')
    .description(
      'Show new blocks of a namespace as they come, without gaps, each one verified under a ' +
        'signed checkpoint. Ctrl+C ends it.',
    )
    .addOption(namespaceOption())
    .addOption(new Option('--from <index>', 'start with an older block').argParser(parseCount))
    .addOption(new Option('-c, --count <number>', 'end after so many').argParser(parsePositive))
    .action((options: Options) => watch(context, options));
  return addExamples(addNodeOptions(command), [
    'basalt watch --namespace host',
    'basalt watch --namespace audit --from 0 --json | jq .payload',
  ]);
}

async function watch(context: Context, options: Options): Promise<void> {
  const { screen, terminal, signal } = context;
  const client = await connect(context, { url: options.url });
  const { namespace } = await requireNamespace(client, options.namespace);
  const onDisconnect = (): void => terminal.line('the line to the node is lost; trying again');
  const { from, count = Number.POSITIVE_INFINITY } = options;
  let shown = 0;
  try {
    for await (const report of client.subscribe({
      namespace,
      signal,
      onDisconnect,
      ...(from === undefined ? {} : { from }),
    })) {
      if (options.json === true) screen.line(JSON.stringify(blockJson(report)));
      else if (report.status !== 'refused') screen.line(blockRow(screen, report));
      else screen.line(refusedRow(screen, report));
      if (report.status === 'refused') process.exitCode = 1;
      shown++;
      if (shown >= count) return;
    }
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'aborted') throw error;
  }
}
