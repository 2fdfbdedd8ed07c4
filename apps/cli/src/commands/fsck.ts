import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { auditDataFolder } from '../fsck/audit-data-folder.ts';
import { auditNode } from '../fsck/audit-node.ts';
import type { AuditFinding, AuditReport } from '../fsck/audit-report.ts';
import { addExamples, jsonOption, parseUrl, policyOption } from '../options.ts';
import { formatAmount, formatDuration } from '../view/numbers.ts';
import { Progress } from '../view/progress.ts';

interface Options {
  readonly url?: string;
  readonly namespace?: string;
  readonly policy?: string;
  readonly json?: boolean;
}

/** Findings that are printed one by one; a broken disk has millions. */
const FINDINGS_SHOWN_MAX = 100;

export function fsckCommand(context: Context): Command {
  const command = new Command('fsck')
    .description(
      'Verify everything again, from the stored bytes. A data folder (its node must be stopped): ' +
        'every entry, link, payload, signature, rule, tile and index. With --url a node from ' +
        'afar, through the tiles that it serves: every entry, link, signature and the tree ' +
        'under its signed checkpoint. Reads only. Exit code 5 for a damaged folder, 1 for a ' +
        'node that does not hold.',
    )
    .argument('[folder]', 'data folder', '.basalt')
    .addOption(new Option('--url <address>', 'audit this node instead').argParser(parseUrl))
    .addOption(new Option('-n, --namespace <name>', 'this one only; all without it'))
    .addOption(policyOption())
    .addOption(jsonOption())
    .action((folder: string, options: Options) => runFsck(context, folder, options));
  return addExamples(command, [
    'basalt fsck',
    'basalt fsck /var/lib/basalt --json',
    'basalt fsck --url http://log.example.org:4711 --policy policy.txt',
  ]);
}

async function runFsck(context: Context, folder: string, options: Options): Promise<void> {
  const { terminal, clock } = context;
  const progress = new Progress({ terminal, clock, label: 'fsck', noun: 'block' });
  let shown = 0;
  const watch = {
    onProgress: (count: number, total: number) => progress.update({ count, done: count, total }),
    onFinding: (finding: AuditFinding) => {
      if (shown++ < FINDINGS_SHOWN_MAX) printFinding(context, finding, options.json === true);
    },
  };
  let report: AuditReport;
  try {
    report =
      options.url === undefined
        ? await auditDataFolder(context, folder, options.namespace, watch)
        : await auditNode(context, { ...options, url: options.url }, watch);
  } finally {
    progress.end();
  }
  printReport(context, options, report, progress.seconds);
  if (report.findings === 0) return;
  process.exitCode = options.url === undefined ? EXIT.damaged : EXIT.failedCheck;
}

function printFinding({ screen }: Context, finding: AuditFinding, json: boolean): void {
  if (json) {
    screen.line(JSON.stringify({ finding }));
    return;
  }
  const { code, namespace, index, message } = finding;
  const place = [namespace ?? 'store', index === undefined ? '' : `block ${index}`];
  const where = place.filter(Boolean).join(', ');
  screen.line(`${screen.style('red', '✗')} ${code}: ${message} (${where})`);
}

function printReport(
  { screen }: Context,
  options: Options,
  report: AuditReport,
  seconds: number,
): void {
  const { blocks, namespaces, findings } = report;
  if (options.json === true) {
    screen.line(JSON.stringify({ ...report, seconds: Number(seconds.toFixed(3)) }));
    return;
  }
  const what = `${formatAmount(blocks, 'block')} in ${formatAmount(namespaces, 'namespace')}`;
  if (findings === 0) {
    const mark = screen.style('green', 'clean');
    screen.line(`${mark}: ${what}, ${report.checked}, ${formatDuration(seconds)}`);
    return;
  }
  const hidden = findings - FINDINGS_SHOWN_MAX;
  if (hidden > 0) screen.line(`… and ${hidden} more`);
  screen.line(`${screen.style('red', formatAmount(findings, 'finding'))} in ${what}`);
}
