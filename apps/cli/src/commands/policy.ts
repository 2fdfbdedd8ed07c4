import {
  ALGORITHM,
  createNoteKey,
  formatVerifierKey,
  noteKeyAlgorithm,
  parsePolicy,
  parseVerifierKey,
} from '@basalt/protocol';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { fetchJson } from '../node-api.ts';
import { requireNamespace } from '../open-namespace.ts';
import {
  addExamples,
  addNodeOptions,
  collectUrl,
  type NodeOptions,
  parsePositive,
} from '../options.ts';

/** What witnesses cosign with. */
const WITNESS_ALGORITHMS: Readonly<Record<string, number>> = {
  ed25519: ALGORITHM.ed25519,
  'ml-dsa-44': ALGORITHM.mlDsa44,
};

interface Options extends NodeOptions {
  readonly namespace?: string;
  readonly witness?: readonly string[];
  readonly witnessAlgorithm?: string;
  readonly quorum?: number;
}

export function policyCommand(context: Context): Command {
  const command = new Command('policy')
    .description(
      'Write a policy file (C2SP tlog-policy) with the key that this node names for its logs. ' +
        'Whoever checks a proof with it believes this key: get it once, from a node or person ' +
        'you trust, and keep it. --witness adds nodes that run as witnesses, with the keys that ' +
        'they name. With --namespace the key has the name of that one log, as other tools want it.',
    )
    .addOption(new Option('-n, --namespace <name>', 'this one only; all without it'))
    .option('--witness <url>', 'node with the role witness; may be repeated', collectUrl)
    .addOption(
      new Option(
        '--witness-algorithm <name>',
        'which key of a witness that has several (default: the one it names first)',
      ).choices(Object.keys(WITNESS_ALGORITHMS)),
    )
    .addOption(
      new Option(
        '--quorum <number>',
        'how many witnesses have to cosign (default: more than half)',
      ).argParser(parsePositive),
    )
    .action((options: Options) => writePolicy(context, options));
  return addExamples(addNodeOptions(command), [
    'basalt policy > policy.txt',
    'basalt policy --namespace audit > audit-policy.txt',
    'basalt policy --witness https://w1.example --witness https://w2.example --quorum 2',
    'basalt policy --witness https://w1.example --witness-algorithm ml-dsa-44',
  ]);
}

async function writePolicy(context: Context, options: Options): Promise<void> {
  const { url } = options;
  const key =
    options.namespace === undefined
      ? await readNodeKey(url)
      : (await requireNamespace(await connect(context, { url }), options.namespace)).verifierKey;
  const whose = options.namespace === undefined ? 'all logs' : 'one log';
  const witnesses = await readWitnesses(options);
  if (options.json === true) {
    context.screen.line(JSON.stringify({ verifierKey: key, witnesses }));
    return;
  }
  const quorum = quorumLines(witnesses, options.quorum);
  const text = `# ${whose} of ${url}, as it named them\nlog ${key}\n${quorum}`;
  parsePolicy(text); // e.g. one witness named twice
  context.output.write(text);
}

interface NamedWitness {
  readonly verifierKey: string;
  readonly url: string;
}

function readWitnesses(options: Options): Promise<NamedWitness[]> {
  const { witness: urls = [], witnessAlgorithm: asked } = options;
  const isAsked = (line: string): boolean =>
    asked === undefined ||
    noteKeyAlgorithm(parseVerifierKey(line).type) === WITNESS_ALGORITHMS[asked];
  return Promise.all(
    urls.map(async (url) => {
      const { verifierKeys } = await fetchJson<{ verifierKeys: string[] }>(url, '/witness');
      const verifierKey = verifierKeys.find(isAsked);
      if (verifierKey === undefined) {
        const what = asked === undefined ? 'key' : `key of ${asked}`;
        throw new CliError(EXIT.refused, 'no-witness', `${url} names no ${what} to cosign with`);
      }
      return { verifierKey, url: `${url}/witness` };
    }),
  );
}

function quorumLines(witnesses: readonly NamedWitness[], asked: number | undefined): string {
  if (witnesses.length === 0) return 'quorum none\n';
  const threshold = asked ?? Math.floor(witnesses.length / 2) + 1;
  const names = witnesses.map((_, i) => `w${i + 1}`);
  const lines = witnesses.map(
    ({ verifierKey, url }, i) => `witness w${i + 1} ${verifierKey} ${url}`,
  );
  const group = `group witnesses ${threshold} ${names.join(' ')}`;
  return `${[...lines, group, 'quorum witnesses'].join('\n')}\n`;
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
