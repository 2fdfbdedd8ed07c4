import {
  createSnapshotDownload,
  type SnapshotDownload,
  type VerifiedManifest,
} from '@basalt/client';
import { createVerifierPool } from '@basalt/crypto';
import { importSnapshot, LedgerError, unfinishedSnapshot } from '@basalt/ledger';
import { type NamespaceId, snapshotChunkCount, toHex } from '@basalt/protocol';
import { openDataFolder } from '@basalt/store';
import { Command, Option } from 'commander';
import { clientOptions, connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { requireNamespace } from '../open-namespace.ts';
import {
  addExamples,
  addNodeOptions,
  collectUrl,
  type NodeOptions,
  namespaceOption,
  parsePositive,
  policyOption,
} from '../options.ts';
import { compareKeyBlocks } from '../snapshot/compare-key-blocks.ts';
import { type ChunkSource, fetchChunks } from '../snapshot/fetch-chunks.ts';
import { formatAmount, formatBytes, formatCount, formatTime } from '../view/numbers.ts';
import { Progress } from '../view/progress.ts';

interface Options extends NodeOptions {
  readonly namespace: string;
  readonly height?: number;
  readonly blocks?: number;
  readonly policy?: string;
  readonly also?: readonly string[];
}

export function snapshotCommand(context: Context): Command {
  const command = new Command('snapshot').description(
    'A copy of a namespace that begins at a height instead of at its first block. Every node ' +
      'hands it out for every height; what is taken is shown to be under the log’s signed ' +
      'checkpoint (and under the witnesses of --policy), whoever sent it.',
  );
  command.addCommand(fetchCommand(context));
  command.addCommand(showCommand(context));
  return addExamples(command, [
    'basalt snapshot show --namespace audit --url https://log.example',
    'basalt snapshot fetch /var/lib/basalt --namespace audit --url https://log.example',
  ]);
}

function fetchCommand(context: Context): Command {
  const command = new Command('fetch')
    .description(
      'Put a namespace into a data folder (its node must be stopped), beginning at a snapshot: ' +
        'the headers and signatures of its newest blocks, every signature checked. The node can ' +
        'then append, prove and serve from there on, and says of older blocks where they are. ' +
        'When it was interrupted, run it again: it goes on.',
    )
    .argument('[folder]', 'data folder', '.basalt')
    .option(
      '--also <url>',
      'ask here too: for chunks, and whether a change of keys is hidden; may be repeated',
      collectUrl,
    );
  return addExamples(
    addSnapshotOptions(command, (folder, options) => fetch(context, folder, options)),
    [
      'basalt snapshot fetch /var/lib/basalt --namespace audit --url https://log.example',
      'basalt snapshot fetch --namespace audit --blocks 100000 --policy policy.txt',
      'basalt snapshot fetch --namespace audit --also https://mirror.example',
    ],
  );
}

function showCommand(context: Context): Command {
  const command = new Command('show').description(
    'Show the snapshot at a height, verified, and what fetching it would bring.',
  );
  return addExamples(
    addSnapshotOptions(command, (_, options) => show(context, options)),
    [
      'basalt snapshot show --namespace audit',
      'basalt snapshot show --namespace audit --height 4096 --json',
    ],
  );
}

function addSnapshotOptions(
  command: Command,
  run: (folder: string, options: Options) => Promise<void>,
): Command {
  command
    .addOption(namespaceOption())
    .addOption(
      new Option(
        '--height <number>',
        'blocks that it covers (default: the newest checkpoint’s)',
      ).argParser(parsePositive),
    )
    .addOption(
      new Option('--blocks <number>', 'how many of the newest blocks come with it, at least')
        .argParser(parsePositive)
        .default(1),
    )
    .addOption(policyOption())
    .action((...given: unknown[]) => {
      const own = given.at(-1) as Command;
      return run(String(given[0]), own.opts<Options>());
    });
  return addNodeOptions(command);
}

interface Reached {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly download: SnapshotDownload;
}

async function reach(context: Context, options: Options): Promise<Reached> {
  const { url, policy } = options;
  const found = await requireNamespace(await connect(context, { url }), options.namespace);
  const download = createSnapshotDownload(
    await clientOptions(context, { url, ...(policy === undefined ? {} : { policy }) }),
  );
  return { namespace: found.namespace, label: found.label, download };
}

function manifestOf(
  { download, namespace }: Reached,
  { height, blocks }: Options,
  signal: AbortSignal,
): Promise<VerifiedManifest> {
  return download.manifest({
    namespace,
    signal,
    ...(height === undefined ? {} : { height }),
    ...(blocks === undefined ? {} : { blocks }),
  });
}

async function show(context: Context, options: Options): Promise<void> {
  const reached = await reach(context, options);
  const { manifest, consistency } = await manifestOf(reached, options, context.signal);
  const { snapshot, from, keyBlocks } = manifest;
  const { screen } = context;
  const facts = {
    namespace: snapshot.namespace,
    label: reached.label,
    height: snapshot.height,
    root: toHex(snapshot.root),
    peaks: snapshot.peaks.map(toHex),
    headHash: toHex(snapshot.headHash),
    blockCount: snapshot.blockCount,
    totalSizeBytes: snapshot.totalSizeBytes,
    createdMs: snapshot.createdMs,
    beginsAt: from,
    keyBlocks: keyBlocks.length,
    chunks: snapshotChunkCount(manifest),
    checkpointSize: consistency.to.checkpoint.size,
    witnesses: consistency.to.witnesses.length,
  };
  if (options.json === true) {
    screen.line(JSON.stringify(facts));
    return;
  }
  const brought =
    `${formatAmount(facts.height - from, 'block')} in ` + formatAmount(facts.chunks, 'chunk');
  screen.line(screen.style('bold', reached.label || facts.namespace));
  for (const [name, value] of [
    [
      'height',
      `${formatCount(facts.height)}, under the checkpoint of ${formatCount(facts.checkpointSize)}`,
    ],
    ['root', facts.root],
    ['head', facts.headHash],
    ['created', formatTime(facts.createdMs)],
    ['size', `${formatBytes(facts.totalSizeBytes)} of entries and payloads, the node’s word`],
    ['begins at', `${formatCount(from)}: ${brought}`],
    ['keys', formatAmount(facts.keyBlocks, 'key block')],
    ['peaks', facts.peaks[0] ?? ''],
    ...facts.peaks.slice(1).map((peak) => ['', peak] as const),
  ] as const) {
    screen.line(`  ${name.padEnd(10)} ${value}`);
  }
}

async function fetch(context: Context, path: string, options: Options): Promise<void> {
  const { terminal, clock, signal } = context;
  const reached = await reach(context, options);
  const { namespace, download } = reached;
  const startedMs = clock.nowMs();
  await using folder = await openDataFolder(path);
  const { store } = folder;
  const begun = await unfinishedSnapshot(store, namespace);
  const { manifest, consistency } =
    begun === undefined
      ? await manifestOf(reached, options, signal)
      : await download.verify(begun, { signal });
  const { height } = manifest.snapshot;
  const sources = sourcesOf(context, options, download);
  const tellFailure = (url: string, error: Error): void =>
    terminal.line(`${url}: ${error.message}`);
  await compareKeyBlocks(manifest, sources.slice(1), signal, tellFailure);
  await using verifier = createVerifierPool();
  const components = { store, crypto: context.provider(), verifier };
  const running = await importSnapshot(components, manifest, {
    source: options.url,
  }).catch(alreadyHere);
  const total = snapshotChunkCount(manifest);
  const resumedAt = begun === undefined ? 0 : (running.nextChunk() ?? total);
  const progress = new Progress({ terminal, clock, label: reached.label || path, noun: 'chunk' });
  let bytes = 0;
  try {
    await fetchChunks(running, total, {
      sources,
      signal,
      onChunk: (chunk, length) => {
        bytes += length;
        progress.update({ count: chunk + 1 - resumedAt, bytes, done: chunk + 1, total });
      },
      onFailure: (_, url, error) => tellFailure(url, error),
    });
  } finally {
    progress.end();
  }
  report(context, path, options, {
    ...reached,
    height,
    beginsAt: manifest.from,
    chunks: total - resumedAt,
    bytes,
    ms: Math.round(clock.nowMs() - startedMs),
    checkpointSize: consistency.to.checkpoint.size,
    witnesses: consistency.to.witnesses.length,
  });
}

function sourcesOf(
  context: Context,
  { url, also = [] }: Options,
  download: SnapshotDownload,
): ChunkSource[] {
  const sources: ChunkSource[] = [{ url, download }];
  for (const other of also) {
    const provider = context.provider();
    sources.push({ url: other, download: createSnapshotDownload({ url: other, provider }) });
  }
  return sources;
}

function alreadyHere(error: unknown): never {
  if (!(error instanceof LedgerError)) throw error;
  throw new CliError(
    EXIT.usage,
    'already-here',
    error.message,
    'a node follows a namespace that it has with --role relay --upstream; to begin anew name an ' +
      'empty folder',
    { cause: error },
  );
}

interface Outcome {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly height: number;
  readonly beginsAt: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly ms: number;
  readonly checkpointSize: number;
  readonly witnesses: number;
}

function report(
  { screen }: Context,
  path: string,
  { json }: Options,
  { namespace, label, ...outcome }: Outcome,
): void {
  const { height, beginsAt, chunks, bytes, ms, witnesses } = outcome;
  if (json === true) {
    const { checkpointSize } = outcome;
    const facts = { namespace, label, folder: path, height, beginsAt, chunks, bytes, ms };
    screen.line(JSON.stringify({ ...facts, checkpointSize, witnesses }));
    return;
  }
  const names = witnesses === 1 ? 'one witness' : `${witnesses} witnesses`;
  const cosigned = witnesses === 0 ? '' : `, cosigned by ${names}`;
  screen.line(
    `${screen.style('green', label || namespace)}: ${formatAmount(height, 'block')}, here from ` +
      `block ${formatCount(beginsAt)} on; ${formatBytes(bytes)} in ${(ms / 1000).toFixed(1)} s, ` +
      `the tree is that of the signed checkpoint${cosigned}`,
  );
  screen.line(`start it: basalt node --data-dir ${path}`);
}
