import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, NamespaceDetail } from '@basalt/client';
import {
  equalBytes,
  leafHash,
  parseCheckpoint,
  parseNote,
  RangeBuilder,
  toHex,
} from '@basalt/protocol';
import { Command } from 'commander';
import { encodeArchiveHead, openArchive } from '../archive/archive-file.ts';
import { BlockStream, type StreamedBlock } from '../archive/block-stream.ts';
import { exportPages } from '../archive/export-pages.ts';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type ChainView, fetchJson } from '../node-api.ts';
import { requireNamespace } from '../open-namespace.ts';
import { addExamples, addNodeOptions, type NodeOptions, namespaceOption } from '../options.ts';
import { formatAmount, formatBytes } from '../view/numbers.ts';
import { Progress } from '../view/progress.ts';

interface Options extends NodeOptions {
  readonly namespace: string;
}

/** A checkpoint comes within 200 ms by default; a node may be told to take longer. */
const COVER_PAUSE_MS = 100;
const COVER_LOOKS_MAX = 50;

export function exportCommand(context: Context): Command {
  const command = new Command('export')
    .description(
      'Write a namespace into one file: its newest signed checkpoint and every block under it. ' +
        'The tree over the blocks is compared with the checkpoint. Of a block whose payload was ' +
        'pruned the header and signature are written, marked. A file that was cut off is gone on ' +
        'with; the same namespace at the same size gives the same bytes.',
    )
    .argument('<file>', 'file to write')
    .addOption(namespaceOption())
    .action((file: string, options: Options) => exportNamespace(context, file, options));
  return addExamples(addNodeOptions(command), [
    'basalt export --namespace audit audit.basalt',
    'basalt import audit.basalt --url http://other.example:4711',
  ]);
}

/** A file that is being written: what is in it, and the tree over that. */
interface Draft {
  readonly file: FileHandle;
  readonly size: number;
  readonly root: Uint8Array;
  readonly tree: RangeBuilder;
  position: number;
  /** Blocks that are there without their payload. */
  absent: number;
}

async function exportNamespace(context: Context, path: string, options: Options): Promise<void> {
  const { terminal, clock, screen, signal } = context;
  const client = await connect(context, { url: options.url });
  const found = await requireNamespace(client, options.namespace);
  const draft = existsSync(path)
    ? await resume(context, path, found.namespace)
    : await begin(path, {
        namespace: found.namespace,
        verifierKey: found.verifierKey,
        note: await coveringCheckpoint(client, found, signal),
      });
  const resumedAt = draft.tree.size;
  const progress = new Progress({ terminal, clock, label: found.label || path, noun: 'block' });
  try {
    const { namespace } = found;
    const { payloadsFrom } = await fetchJson<ChainView>(
      options.url,
      `/chains/${namespace}`,
      signal,
    );
    const pages = { url: options.url, namespace, payloadsFrom, signal };
    for await (const page of exportPages(pages, draft.tree.size, draft.size)) {
      await writePage(context, draft, page);
      const done = draft.tree.size;
      progress.update({ count: done - resumedAt, bytes: draft.position, done, total: draft.size });
    }
    await draft.file.sync();
  } finally {
    progress.end();
    await draft.file.close();
  }
  if (!equalBytes(draft.tree.root(), draft.root)) throw wrongRoot(path, draft);
  const { size, position } = draft;
  if (options.json === true) {
    const root = toHex(draft.root);
    const { namespace, label } = found;
    const { absent: payloadsAbsent } = draft;
    const facts = { namespace, label, file: path, size, bytes: position, root, payloadsAbsent };
    screen.line(JSON.stringify(facts));
    return;
  }
  const before = resumedAt === 0 ? '' : `, ${formatAmount(resumedAt, 'block')} were there already`;
  const absent =
    draft.absent === 0 ? '' : `, ${formatAmount(draft.absent, 'payload')} pruned and marked so`;
  screen.line(
    `${screen.style('green', path)}: ${formatAmount(size, 'block')}, ${formatBytes(position)}, ` +
      `the tree is that of the signed checkpoint${absent}${before}`,
  );
}

/** What was appended a moment ago belongs into the file: its checkpoint is on its way. */
async function coveringCheckpoint(
  client: Client,
  { namespace, size }: NamespaceDetail,
  signal: AbortSignal,
): Promise<string> {
  for (let look = 0; ; look++) {
    const { checkpoint, note } = await client.checkpoint(namespace, { signal });
    if (checkpoint.size >= size || look === COVER_LOOKS_MAX) return note;
    await pause(COVER_PAUSE_MS, undefined, { signal });
  }
}

async function begin(
  path: string,
  {
    namespace,
    verifierKey,
    note,
  }: {
    readonly namespace: Parameters<typeof encodeArchiveHead>[0]['namespace'];
    readonly verifierKey: string;
    readonly note: string;
  },
): Promise<Draft> {
  const { size, root } = parseCheckpoint(parseNote(note).text);
  const head = encodeArchiveHead({ namespace, size, verifierKey, checkpoint: note });
  const file = await open(path, 'wx');
  await file.writeFile(head);
  return { file, size, root, tree: new RangeBuilder(), position: head.length, absent: 0 };
}

/** Keeps the blocks that are whole; cuts off what is behind them. */
async function resume(context: Context, path: string, namespace: string): Promise<Draft> {
  const archive = await openArchive(path);
  const { head, headBytes } = archive;
  const { sha256 } = context.provider();
  const tree = new RangeBuilder(undefined, sha256);
  let position = headBytes;
  let absent = 0;
  try {
    if (head.namespace !== namespace) {
      throw new CliError(
        EXIT.usage,
        'other-namespace',
        `${path} is an export of another namespace, ${head.namespace}`,
        'choose another file name',
      );
    }
    for await (const blocks of archive.blocks()) {
      for (const { block, bytes } of blocks) {
        tree.append(leafHash(block.entry.bytes, sha256));
        position += bytes;
        if (block.payload === undefined) absent++;
      }
    }
  } finally {
    await archive.close();
  }
  const file = await open(path, 'r+');
  await file.truncate(position);
  const { size, root } = parseCheckpoint(parseNote(head.checkpoint).text);
  return { file, size, root, tree, position, absent };
}

async function writePage(context: Context, draft: Draft, page: Uint8Array): Promise<void> {
  const { sha256 } = context.provider();
  const stream = new BlockStream();
  const blocks: StreamedBlock[] = stream.push(page);
  if (blocks.length === 0 || stream.restBytes > 0) {
    throw new CliError(
      EXIT.refused,
      'bad-response',
      `the node does not send block ${draft.tree.size + blocks.length} whole`,
    );
  }
  let at = 0;
  while (at < page.length) {
    const { bytesWritten } = await draft.file.write(
      page,
      at,
      page.length - at,
      draft.position + at,
    );
    at += bytesWritten;
  }
  for (const { block } of blocks) {
    draft.tree.append(leafHash(block.entry.bytes, sha256));
    if (block.payload === undefined) draft.absent++;
  }
  draft.position += page.length;
}

function wrongRoot(path: string, draft: Draft): CliError {
  return new CliError(
    EXIT.failedCheck,
    'inconsistent-checkpoint',
    `the ${draft.size} blocks in ${path} have another tree than the signed checkpoint`,
    'the node serves what it did not sign, or the file was changed: `basalt fsck --url` tells more',
  );
}
