import { createNoteKey, formatVerifierKey, parseVerifierKey } from '@basalt/protocol';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { fetchJson } from '../node-api.ts';
import { requireNamespace } from '../open-namespace.ts';
import { addExamples, addNodeOptions, type NodeOptions } from '../options.ts';

interface Options extends NodeOptions {
  readonly namespace?: string;
}

export function policyCommand(context: Context): Command {
  const command = new Command('policy')
    .description(
      'Write a policy file (C2SP tlog-policy) with the key that this node names for its logs. ' +
        'Whoever checks a proof with it believes this key: get it once, from a node or person ' +
        'you trust, and keep it. No witnesses are asked for; add them to the file where you ' +
        'have some. With --namespace the key has the name of that one log, as other tools want it.',
    )
    .addOption(new Option('-n, --namespace <name>', 'this one only; all without it'))
    .action((options: Options) => writePolicy(context, options));
  return addExamples(addNodeOptions(command), [
    'basalt policy > policy.txt',
    'basalt policy --namespace audit > audit-policy.txt',
  ]);
}

async function writePolicy(context: Context, options: Options): Promise<void> {
  const { url } = options;
  const key =
    options.namespace === undefined
      ? await readNodeKey(url)
      : (await requireNamespace(await connect(context, { url }), options.namespace)).verifierKey;
  const whose = options.namespace === undefined ? 'all logs' : 'one log';
  if (options.json === true) {
    context.screen.line(JSON.stringify({ verifierKey: key }));
    return;
  }
  context.output.write(`# ${whose} of ${url}, as it named them\nlog ${key}\nquorum none\n`);
}

/** A node signs all its logs with one key; the policy format takes a key once, under one name. */
async function readNodeKey(url: string): Promise<string> {
  const { origin, superVerifierKey } = await fetchJson<{
    readonly origin: string;
    readonly superVerifierKey: string;
  }>(url, '/.well-known/basalt');
  const { type, publicKey } = parseVerifierKey(superVerifierKey);
  return formatVerifierKey(createNoteKey(origin, type, publicKey));
}
