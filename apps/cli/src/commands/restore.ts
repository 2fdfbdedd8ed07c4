import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createPayloadRestore, storedNamespaces } from '@basalt/ledger';
import { retentionOf } from '@basalt/node';
import type { NamespaceId } from '@basalt/protocol';
import { type LogStore, openDataFolder } from '@basalt/store';
import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfig } from '../load-config.ts';
import { addExamples, collectUrl, jsonOption, namespaceOption, parseCount } from '../options.ts';
import { readRetentionPolicy, retentionOver, untouchedIn } from '../retention/open-retention.ts';
import { openPayloadSource, type PayloadSource } from '../retention/payload-source.ts';
import { type RefusedSource, restorePayloads } from '../retention/restore-payloads.ts';
import { formatAmount, formatBytes } from '../view/numbers.ts';
import { Progress } from '../view/progress.ts';

interface Options {
  readonly namespace: string;
  readonly from: readonly string[];
  readonly downTo: number;
  readonly config?: string;
  readonly json?: boolean;
}

export function restoreCommand(context: Context): Command {
  const command = new Command('restore')
    .description(
      'Bring payloads back into a data folder that let them go (its node must be stopped), from ' +
        'an archive or any node that has them. Each is held against the header that stayed here, ' +
        'so nobody who is asked is trusted. Newest first; when it was interrupted, run it again: ' +
        'it goes on. A node whose setting `retention` lets payloads go takes them out again at ' +
        'its next pass: give it another one first.',
    )
    .argument('[folder]', 'data folder', '.basalt')
    .addOption(namespaceOption())
    .addOption(
      new Option('--from <url>', 'a node that has them; may be repeated, asked in this order')
        .argParser(collectUrl)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--down-to <index>', 'no older than this block, and those stored with it')
        .argParser(parseCount)
        .default(0),
    )
    .addOption(
      new Option('--config <file>', 'configuration of the node, for its retention').env(
        'BASALT_CONFIG',
      ),
    )
    .addOption(jsonOption())
    .action((folder: string, options: Options) => runRestore(context, folder, options));
  return addExamples(command, [
    'basalt restore --namespace audit --from https://archive.example',
    'basalt restore /var/lib/basalt --namespace audit --from https://a.example --from https://b.example',
    'basalt restore --namespace audit --from https://archive.example --down-to 100000 --json',
  ]);
}

async function runRestore(context: Context, path: string, options: Options): Promise<void> {
  if (!existsSync(join(path, 'store'))) {
    const hint = 'name the folder; `basalt config` shows which one a node uses';
    throw new CliError(EXIT.usage, 'no-data', `${path} is no data folder of a node`, hint);
  }
  const { config } = loadConfig(
    context,
    options.config === undefined ? {} : { config: options.config },
  );
  const retention = retentionOf(config);
  const { terminal, clock, signal } = context;
  await using folder = await openDataFolder(path);
  const { store } = folder;
  const { namespace, label } = await findStored(store, options.namespace, path);
  const restore = createPayloadRestore({ store, hashes: context.provider() }, namespace);
  const total = await restore.count(options.downTo);
  const refused: RefusedSource[] = [];
  const refuse = (source: RefusedSource): void => {
    refused.push(source);
    terminal.line(`${source.url} ${source.why}: not asked any more`);
  };
  const sources = await openSources(options.from, namespace, signal, refuse);
  const progress = new Progress({ terminal, clock, label: label || path, noun: 'payload' });
  let done = { payloads: 0, bytes: 0 };
  try {
    await restorePayloads({
      restore,
      sources,
      signal,
      downTo: options.downTo,
      onRefused: refuse,
      onProgress: (now) => {
        done = { ...now };
        const { payloads: count, bytes } = now;
        progress.update({ count, bytes, done: bytes, total: total.bytes });
      },
    });
  } finally {
    progress.end();
  }
  report(context, path, options, {
    namespace,
    label,
    restored: done.payloads,
    bytes: done.bytes,
    missing: total.payloads - done.payloads,
    retention,
    goAgain: await goAgain(context, { path, store, namespace, policy: retention }),
    refused: refused.map(({ url }) => url),
    ms: Math.round(progress.seconds * 1_000),
  });
  check(refused, total.payloads - done.payloads);
}

async function findStored(
  store: LogStore,
  name: string,
  path: string,
): Promise<{ readonly namespace: NamespaceId; readonly label: string }> {
  for await (const stored of storedNamespaces(store)) {
    if (stored.namespace === name || stored.label === name) return stored;
  }
  throw new CliError(EXIT.usage, 'not-found', `${path} has no namespace "${name}"`);
}

async function openSources(
  urls: readonly string[],
  namespace: NamespaceId,
  signal: AbortSignal,
  refuse: (source: RefusedSource) => void,
): Promise<PayloadSource[]> {
  const sources: PayloadSource[] = [];
  for (const url of urls) {
    try {
      sources.push(await openPayloadSource(url, namespace, signal));
    } catch (error) {
      // With one address alone its own words and exit code say it best.
      if (!(error instanceof CliError) || urls.length === 1) throw error;
      refuse({ url, why: `cannot help: ${error.message}`, isLie: false });
    }
  }
  return sources;
}

interface NextPass {
  readonly path: string;
  readonly store: LogStore;
  readonly namespace: NamespaceId;
  readonly policy: string;
}

/** Payloads of the namespace that the node's own policy would let go at its next pass. */
async function goAgain(
  context: Context,
  { path, store, namespace, policy }: NextPass,
): Promise<number> {
  const wanted = await readRetentionPolicy(policy);
  const retention = retentionOver(context, store, wanted, untouchedIn(path));
  const results = await retention.preview();
  return results.find((result) => result.namespace === namespace)?.payloads ?? 0;
}

interface Outcome {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly restored: number;
  readonly bytes: number;
  /** Payloads that are still not here. */
  readonly missing: number;
  readonly retention: string;
  readonly goAgain: number;
  /** Addresses that lied or failed. */
  readonly refused: readonly string[];
  readonly ms: number;
}

function report({ screen }: Context, folder: string, { json }: Options, outcome: Outcome): void {
  if (json === true) {
    screen.line(JSON.stringify({ folder, ...outcome }));
    return;
  }
  const { namespace, label, restored, bytes, ms, retention } = outcome;
  const name = screen.style('green', label || namespace);
  const amount = `${formatAmount(restored, 'payload')} came back, ${formatBytes(bytes)}`;
  screen.line(`${name}: ${amount} in ${(ms / 1000).toFixed(1)} s, each as its header names it`);
  if (outcome.goAgain === 0) return;
  screen.line(
    screen.style(
      'yellow',
      `a node with retention ${retention}, as configured here, lets ` +
        `${formatAmount(outcome.goAgain, 'payload')} go again at its next pass`,
    ),
  );
}

/** @throws CliError where it is not all well */
function check(refused: readonly RefusedSource[], missing: number): void {
  if (missing === 0) return;
  const liar = refused.find(({ isLie }) => isLie);
  const amount = formatAmount(missing, 'payload');
  if (liar !== undefined) {
    throw new CliError(
      EXIT.failedCheck,
      'payload-mismatch',
      `${liar.url} ${liar.why}; ${amount} are still not here`,
      'nothing of it was stored; ask another node: --from',
    );
  }
  const failed = refused[0];
  if (failed !== undefined) {
    throw new CliError(
      EXIT.unreachable,
      'network',
      `${failed.url}: ${failed.why}; ${amount} are still not here`,
      'run it again: it goes on',
    );
  }
  throw new CliError(
    EXIT.failedCheck,
    'not-held',
    `${amount} are at none of the nodes that were asked`,
    'name another one with --from',
  );
}
