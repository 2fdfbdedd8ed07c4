import { existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ChainStateInfo, type ChainStateOptions, resolveConfig } from '@basalt/node';
import { toHex } from '@basalt/protocol';
import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { syncFolder } from '../durable-files.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { addExamples, jsonOption, parseCount } from '../options.ts';
import { createNodeLog } from '../run-node.ts';
import { formatAmount, formatBytes, formatCount } from '../view/numbers.ts';
import { Progress } from '../view/progress.ts';

interface Options {
  readonly dataDir: string;
  readonly block?: number;
  readonly json?: boolean;
}

export function chainStateCommand(context: Context): Command {
  const command = new Command('chain-state')
    .description(
      'The state of a chain after one of its blocks as a file, and back: for a data folder whose ' +
        'log is there and whose state is not, so that only the blocks since are run again. The ' +
        'node of the folder must be stopped. Nothing is signed: neither the name of the log nor ' +
        'its key is needed.',
    )
    .addCommand(exportCommand(context))
    .addCommand(importCommand(context));
  return addExamples(command, [
    'basalt chain-state export state.bin --data-dir my-chain',
    'basalt chain-state import state.bin --data-dir my-chain',
  ]);
}

function exportCommand(context: Context): Command {
  const command = new Command('export')
    .description('Write the state after a block, in chunks of which each verifies alone.')
    .argument('<file>', 'where to; must not be there')
    .requiredOption('--data-dir <folder>', 'of the chain')
    .addOption(
      new Option('--block <number>', 'whose state (default: the newest)').argParser(parseCount),
    )
    .addOption(jsonOption())
    .action((file: string, options: Options) => exportState(context, file, options));
  return addExamples(command, ['basalt chain-state export state.bin --data-dir my-chain']);
}

function importCommand(context: Context): Command {
  const command = new Command('import')
    .description(
      'Bring a state back. Its block must be under the signed checkpoint of the folder’s own ' +
        'log, and every chunk is verified against the root in that block, so nothing of the file ' +
        'is believed. When it was interrupted, run it again: it goes on.',
    )
    .argument('<file>', 'as `basalt chain-state export` wrote it')
    .requiredOption('--data-dir <folder>', 'of the chain; without chain/state in it')
    .addOption(jsonOption())
    .action((file: string, options: Options) => importState(context, file, options));
  return addExamples(command, ['basalt chain-state import state.bin --data-dir my-chain']);
}

async function exportState(context: Context, path: string, options: Options): Promise<void> {
  if (existsSync(path)) {
    const hint = 'choose another name, or remove it';
    throw new CliError(EXIT.usage, 'exists', `${path} is there already`, hint);
  }
  const { exportChainState } = await import('@basalt/node');
  const draft = `${path}.part`;
  let file: FileHandle | undefined;
  try {
    const target = await open(draft, 'w', 0o600);
    file = target;
    const done = await watched(context, path, options, (common) =>
      exportChainState({
        ...common,
        block: options.block,
        // All of it: a single write may stop short on a disk that fills up.
        write: (bytes) => target.writeFile(bytes),
      }),
    );
    await file.sync();
    await rename(draft, path);
    await syncFolder(dirname(path));
    report(context, options, path, done, 'the state of block');
  } finally {
    await file?.close();
    await rm(draft, { force: true });
  }
}

async function importState(context: Context, path: string, options: Options): Promise<void> {
  const { importChainState } = await import('@basalt/node');
  await using file = await openSource(path);
  const source = file.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>;
  const done = await watched(context, path, options, (common) =>
    importChainState({ ...common, source }),
  );
  report(context, options, options.dataDir, done, 'the state is that of block');
}

/** Before the folder, which may take a while. */
async function openSource(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, 'unreadable', message, 'check the path', { cause: error });
  }
  if (!(await file.stat()).isDirectory()) return file;
  await file.close();
  throw new CliError(EXIT.usage, 'unreadable', `${path} is a folder`, 'check the path');
}

async function watched(
  context: Context,
  label: string,
  { dataDir, json }: Options,
  run: (common: ChainStateOptions) => Promise<ChainStateInfo>,
): Promise<ChainStateInfo> {
  const { terminal, clock, signal, environment } = context;
  const { config } = resolveConfig({ environment, flags: { dataDir } });
  const progress =
    json === true ? undefined : new Progress({ terminal, clock, label, noun: 'chunk' });
  try {
    return await run({
      config,
      logger: createNodeLog(context, 'warn').logger,
      signal,
      onProgress: ({ chunks, bytes }) => progress?.update({ count: chunks, bytes }),
    });
  } catch (error) {
    throw explain(error, label, dataDir);
  } finally {
    progress?.end();
  }
}

function report(
  { screen }: Context,
  { json }: Options,
  name: string,
  { number, blockHash, root, chunks, bytes }: ChainStateInfo,
  words: string,
): void {
  const facts = { number, blockHash: `0x${toHex(blockHash)}`, root: `0x${toHex(root)}` };
  if (json === true) {
    screen.line(JSON.stringify({ ...facts, chunks, bytes }));
    return;
  }
  screen.line(
    `${screen.style('green', name)}: ${words} ${formatCount(number)}, ` +
      `${formatAmount(chunks, 'chunk')}, ${formatBytes(bytes)}`,
  );
  screen.line(`  block  ${facts.blockHash}`);
  screen.line(`  root   ${facts.root}`);
}

function explain(error: unknown, path: string, dataDir: string): unknown {
  if (!(error instanceof Error) || error.name !== 'ExecutionError') return error;
  const code = 'code' in error ? String(error.code) : 'invalid-snapshot';
  const hasState = error.message === 'there is a state already';
  const hint = hasState
    ? `move ${dataDir}/chain/state away first`
    : code === 'unknown-state'
      ? 'a chain that was imported keeps the states of its newest blocks'
      : 'what was verified before is kept: the same command with the right file goes on';
  const message = hasState ? `${dataDir}: ${error.message}` : `${path}: ${error.message}`;
  const exit = hasState || code === 'unknown-state' ? EXIT.usage : EXIT.failedCheck;
  return new CliError(exit, code, message, hint, { cause: error });
}
