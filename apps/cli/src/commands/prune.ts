import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RetentionResult } from '@basalt/ledger';
import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import { addExamples, jsonOption } from '../options.ts';
import { openRetention, readRetentionPolicy } from '../retention/open-retention.ts';
import { formatAmount, formatBytes, formatCount } from '../view/numbers.ts';
import { formatTable } from '../view/table.ts';

interface Options {
  readonly policy: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly config?: string;
  readonly json?: boolean;
}

export function pruneCommand(context: Context): Command {
  const command = new Command('prune')
    .description(
      'Take payloads out of a data folder (its node must be stopped). Headers, signatures, trees ' +
        'and proofs stay, and nothing goes that no published checkpoint covers. What went cannot ' +
        'be brought back from here: look with --dry-run first. Where archives are named that ' +
        'must have a payload first, this refuses: only the running node can ask and audit them.',
    )
    .argument('[folder]', 'data folder', '.basalt')
    .addOption(retentionOption().makeOptionMandatory())
    .option('--dry-run', 'show what would go, change nothing')
    .option('--force', 'let payloads go although no archive was asked')
    .addOption(
      new Option('--config <file>', 'configuration of the node, for its archives').env(
        'BASALT_CONFIG',
      ),
    )
    .addOption(jsonOption())
    .action((folder: string, options: Options) => runPrune(context, folder, options));
  return addExamples(command, [
    'basalt prune --policy keep-recent:30d --dry-run',
    'basalt prune /var/lib/basalt --policy keep-headers',
    'basalt prune --policy rules.json',
  ]);
}

export function retentionOption(): Option {
  return new Option(
    '--policy <policy>',
    'none, after-checkpoint, keep-headers, keep-recent:<blocks>, keep-recent:<days>d, or a JSON ' +
      'file with rules',
  );
}

async function runPrune(context: Context, path: string, options: Options): Promise<void> {
  const policy = await readRetentionPolicy(options.policy);
  const configured = options.force === true ? [] : archivesFor(context, path, options.config);
  await using folder = await openRetention(context, path, policy);
  const { retention } = folder;
  const archives = folder.archives.length > 0 ? folder.archives : configured;
  const isDry = options.dryRun === true;
  const isUnasked = archives.length > 0 && policy.mode !== 'none';
  if (isUnasked && !isDry && options.force !== true) throw archivesFirst(path, archives);
  const results = isDry ? await retention.preview() : await retention.run();
  const { screen } = context;
  if (isUnasked) context.terminal.line(`no archive was asked: ${namesOf(archives)}`);
  if (options.json === true) {
    for (const { namespace, label, payloads, bytes } of results) {
      screen.line(JSON.stringify({ namespace, label, payloads, bytes, dryRun: isDry }));
    }
    return;
  }
  const verb = isDry ? 'would go' : 'went';
  if (results.length === 0) screen.line(`nothing ${verb}`);
  else printResults(context, results, verb);
  if (folder.keepsChain) screen.line('the chain’s own namespace stays whole');
}

/**
 * Those that a configuration names: its node may not have started with them yet. A file that was
 * given counts whatever it says of a folder, since a node is often told that apart from it; one
 * that lies in the working folder by chance counts unless it is about another folder.
 */
function archivesFor(context: Context, path: string, file?: string): readonly string[] {
  const { config, sources } = loadConfig(context, file === undefined ? {} : { config: file });
  const isNamed = file === undefined && sources.dataDir !== 'default';
  return isNamed && realPath(config.dataDir) !== realPath(path) ? [] : config.archives;
}

/** Behind links: systemd gives a service its folder as one. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function archivesFirst(path: string, archives: readonly string[]): CliError {
  return new CliError(
    EXIT.refused,
    'archives-first',
    `nothing went: the node of ${path} lets payloads go only when its archives have them ` +
      `(${namesOf(archives)}), and without the node nobody asks them`,
    'give the policy to the node as `retention`; with --force they go all the same',
  );
}

function namesOf(archives: readonly string[]): string {
  return archives.map((archive) => archive.split(' ')[0]).join(', ');
}

function printResults(
  { screen }: Context,
  results: readonly RetentionResult[],
  verb: string,
): void {
  const columns = [
    { title: 'namespace' },
    { title: 'payloads', align: 'right' },
    { title: 'size', align: 'right' },
  ] as const;
  const rows = results.map(({ namespace, label, payloads, bytes }) => [
    label || namespace,
    formatCount(payloads),
    formatBytes(bytes),
  ]);
  for (const line of formatTable(columns, rows)) screen.line(line);
  const payloads = results.reduce((sum, result) => sum + result.payloads, 0);
  const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
  const amount = formatAmount(payloads, 'payload');
  screen.line(`${amount} ${verb}, ${formatBytes(bytes)} before compression`);
}
