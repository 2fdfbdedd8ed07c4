import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { fetchFrom } from '../node-api.ts';
import { requireNamespace } from '../open-namespace.ts';
import { addExamples, addNodeOptions, type NodeOptions, policyOption } from '../options.ts';
import { readReference } from './get.ts';

interface Options extends NodeOptions {
  readonly namespace?: string;
  readonly policy?: string;
  readonly output?: string;
  readonly keyBlocks?: string;
}

export function proveCommand(context: Context): Command {
  const command = new Command('prove')
    .description(
      'Write a proof file (C2SP tlog-proof) for one block: the log entry, its path in the tree ' +
        'and the signed checkpoint. `basalt verify` checks it without asking anybody. The ' +
        'block is verified before the proof is written.',
    )
    .argument('<block>', 'index, or hash in hex')
    .addOption(new Option('-n, --namespace <name>', 'label or id; needed with an index'))
    .option('-o, --output <file>', 'write here instead of standard output')
    .option(
      '--key-blocks <file>',
      'write also the key blocks, with which the writer’s signature checks offline',
    )
    .addOption(policyOption())
    .action((block: string, options: Options) => prove(context, block, options));
  return addExamples(addNodeOptions(command), [
    'basalt prove --namespace audit 4711 > 4711.tlog-proof',
    'basalt prove --namespace audit 4711 -o 4711.tlog-proof --key-blocks audit.keys',
  ]);
}

async function prove(context: Context, text: string, options: Options): Promise<void> {
  const { url, policy } = options;
  const { signal } = context;
  const client = await connect(context, { url, ...(policy === undefined ? {} : { policy }) });
  const reference = await readReference(text, options.namespace, async (name) => {
    return (await requireNamespace(client, name)).namespace;
  });
  const { text: file, block } = await client.prove(reference, { signal });
  if (options.keyBlocks !== undefined) {
    const path = `/chains/${block.namespace}/keys`;
    const answer = await fetchFrom(url, path, 'application/x-basalt-blocks', signal);
    writeFileSync(options.keyBlocks, await answer.bytes());
  }
  if (options.output !== undefined) writeFileSync(options.output, file);
  else if (options.json === true) context.screen.line(JSON.stringify({ proof: file }));
  else context.output.write(file);
}
