import type { NamespaceSummary } from '@basalt/client';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { addExamples, addNodeOptions, type NodeOptions } from '../options.ts';
import { formatCount, formatTime } from '../view/numbers.ts';
import { formatTable } from '../view/table.ts';
import { printable } from '../view/terminal.ts';

export function namespacesCommand(context: Context): Command {
  const command = new Command('namespaces')
    .description('List the namespaces of a node, as the node tells them.')
    .action((options: NodeOptions) => listNamespaces(context, options));
  return addExamples(addNodeOptions(command), [
    'basalt namespaces',
    'basalt namespaces --url http://log.example.org:4711 --json',
  ]);
}

async function listNamespaces(context: Context, options: NodeOptions): Promise<void> {
  const { screen, signal } = context;
  const client = await connect(context, { url: options.url });
  const rows: string[][] = [];
  for await (const summary of client.namespaces({ signal })) {
    if (options.json === true) screen.line(JSON.stringify(summary));
    else rows.push(rowOf(summary));
  }
  if (options.json === true) return;
  const columns = [
    { title: 'name' },
    { title: 'blocks', align: 'right' as const },
    { title: 'newest' },
    { title: 'kind' },
    { title: 'id' },
  ];
  const [head = '', ...lines] = formatTable(columns, rows);
  screen.line(screen.style('dim', head));
  for (const line of lines) screen.line(line);
}

function rowOf(summary: NamespaceSummary): string[] {
  const { strategy } = summary;
  const kind = (strategy as { kind?: unknown } | undefined)?.kind;
  const frozen = summary.frozenAt === undefined ? '' : `, frozen at ${summary.frozenAt}`;
  return [
    printable(summary.label) || '(no name)',
    formatCount(summary.size),
    formatTime(summary.timestampMs),
    `${typeof kind === 'string' ? printable(kind) : '?'}${frozen}`,
    summary.namespace,
  ];
}
