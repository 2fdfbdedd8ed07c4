import type { RetentionAccount } from '@basalt/ledger';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples, jsonOption } from '../options.ts';
import { openRetention, readRetentionPolicy } from '../retention/open-retention.ts';
import { formatBytes, formatCount } from '../view/numbers.ts';
import { formatTable } from '../view/table.ts';
import { retentionOption } from './prune.ts';

interface Options {
  readonly policy: string;
  readonly json?: boolean;
}

export function retentionCommand(context: Context): Command {
  const command = new Command('retention')
    .description(
      'What each namespace of a data folder holds (its node must be stopped), and how it would ' +
        'grow under a policy if the days to come are like the last seven. Bytes are those before ' +
        'compression.',
    )
    .argument('[folder]', 'data folder', '.basalt')
    .addOption(retentionOption().default('none'))
    .addOption(jsonOption())
    .action((folder: string, options: Options) => runRetention(context, folder, options));
  return addExamples(command, [
    'basalt retention',
    'basalt retention /var/lib/basalt --policy keep-recent:30d',
  ]);
}

async function runRetention(context: Context, path: string, options: Options): Promise<void> {
  const policy = await readRetentionPolicy(options.policy);
  await using folder = await openRetention(context, path, policy);
  const accounts = await folder.retention.account();
  const { screen } = context;
  if (options.json === true) {
    for (const account of accounts) screen.line(JSON.stringify(account));
    return;
  }
  const titles = ['blocks', 'headers', 'payloads', 'held', 'gone', 'a day', 'without policy'];
  const columns = [
    { title: 'namespace' },
    ...titles.map((title) => ({ title, align: 'right' as const })),
  ];
  for (const line of formatTable(columns, accounts.map(toRow))) screen.line(line);
}

function toRow(account: RetentionAccount): string[] {
  const { namespace, label, blocks, entryBytes, payloads, payloadBytes, goneBytes } = account;
  const { bytesPerDay, bytesPerDayUnpruned } = account.forecast;
  return [
    label || namespace,
    formatCount(blocks),
    formatBytes(entryBytes),
    formatCount(payloads),
    formatBytes(payloadBytes),
    formatBytes(goneBytes),
    formatBytes(Math.round(bytesPerDay)),
    formatBytes(Math.round(bytesPerDayUnpruned)),
  ];
}
