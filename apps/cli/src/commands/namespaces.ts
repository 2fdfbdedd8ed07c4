import type { NamespaceSummary } from '@basalt/client';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { addExamples, addNodeOptions, type NodeOptions } from '../options.ts';
import { namespaceTable } from '../view/namespace-table.ts';

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
  const found: NamespaceSummary[] = [];
  for await (const summary of client.namespaces({ signal })) {
    if (options.json === true) screen.line(JSON.stringify(summary));
    else found.push(summary);
  }
  if (options.json === true) return;
  const [head = '', ...lines] = namespaceTable(found);
  screen.line(screen.style('dim', head));
  for (const line of lines) screen.line(line);
}
