import { toHex } from '@basalt/protocol';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import { type ReadConsistency, readConsistencyOption, staleOk } from '../consistency.ts';
import type { Context } from '../context.ts';
import { requireNamespace } from '../open-namespace.ts';
import {
  addExamples,
  addNodeOptions,
  type NodeOptions,
  namespaceOption,
  policyOption,
} from '../options.ts';
import { formatCount, formatTime } from '../view/numbers.ts';

interface Options extends NodeOptions {
  readonly consistency: ReadConsistency;
  readonly namespace: string;
  readonly policy?: string;
  readonly checkpoint?: boolean;
}

export function headCommand(context: Context): Command {
  const command = new Command('head')
    .description(
      'Show the newest block and the newest checkpoint of a namespace. Writer, signatures and ' +
        'the consistency with the last checkpoint seen here are checked.',
    )
    .addOption(namespaceOption())
    .option('--checkpoint', 'print the checkpoint alone, as it is signed (a C2SP signed note)')
    .addOption(policyOption())
    .addOption(readConsistencyOption())
    .action((options: Options) => head(context, options));
  return addExamples(addNodeOptions(command), [
    'basalt head --namespace audit',
    'basalt head --namespace audit --checkpoint > audit.checkpoint',
    'basalt head --namespace audit --json',
  ]);
}

async function head(context: Context, options: Options): Promise<void> {
  const { screen, signal } = context;
  const { policy } = options;
  const client = await connect(context, {
    url: options.url,
    ...staleOk(options.consistency),
    ...(policy === undefined ? {} : { policy }),
  });
  const { namespace, label } = await requireNamespace(client, options.namespace);
  const newest = await client.head(namespace, { signal });
  const covered = await client.checkpoint(namespace, { signal });
  if (options.checkpoint === true) {
    context.output.write(covered.note);
    return;
  }
  const { header } = newest.block.entry;
  const { checkpoint, verified } = covered;
  if (options.json === true) {
    screen.line(
      JSON.stringify({
        namespace,
        label,
        index: header.index,
        size: header.index + 1,
        hash: toHex(newest.hash),
        timestampMs: header.timestampMs,
        checkpoint: {
          origin: checkpoint.origin,
          size: checkpoint.size,
          root: toHex(checkpoint.root),
          witnesses: covered.witnesses,
          verified,
        },
      }),
    );
    return;
  }
  const row = (name: string, value: string): void =>
    screen.line(`  ${screen.style('dim', name.padEnd(12))}${value}`);
  screen.line(screen.style('bold', label || namespace));
  row('namespace', namespace);
  row('head', `${formatCount(header.index)}  ${toHex(newest.hash)}`);
  row('time', formatTime(header.timestampMs));
  row('checkpoint', `${formatCount(checkpoint.size)} blocks, root ${toHex(checkpoint.root)}`);
  row('log', checkpoint.origin);
  const trust = verified.trust === 'pinned' ? 'key from the policy' : 'key kept from first use';
  const history = verified.consistency ? ', extends the one seen before' : '';
  row('checked', `signature (${trust})${history}`);
}
