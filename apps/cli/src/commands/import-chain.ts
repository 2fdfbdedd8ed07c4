import { createReadStream, readFileSync, statSync } from 'node:fs';
import type { ImportProgress } from '@basalt/execution';
import { resolveConfig } from '@basalt/node';
import { toHex } from '@basalt/protocol';
import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { addExamples, jsonOption, parsePositive } from '../options.ts';
import { createNodeLog } from '../run-node.ts';
import { formatAmount, formatCount, formatRate } from '../view/numbers.ts';
import { Progress } from '../view/progress.ts';

interface Options {
  readonly genesis: string;
  readonly dataDir: string;
  readonly workers?: number;
  readonly engine?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function importChainCommand(context: Context): Command {
  const command = new Command('import-chain')
    .description(
      'Run the blocks of an Ethereum chain that others made, compare everything that each header ' +
        'says, and keep them in a data folder. `basalt devnet --data-dir <folder>` serves it and ' +
        'signs its first checkpoint. Interrupted, the same command goes on where it stopped.',
    )
    .argument('<file>', 'consecutive blocks in RLP, as geth exports them')
    .requiredOption('--genesis <file>', 'genesis document in the form of geth')
    .requiredOption('--data-dir <folder>', 'where the chain is kept; a folder of its own')
    .addOption(
      new Option('--workers <count>', 'threads that run transactions (default: cores)').argParser(
        parsePositive,
      ),
    )
    .addOption(
      new Option('--engine <name>', 'tiered: hot code runs as WebAssembly of its own').choices([
        'interpreter',
        'tiered',
      ]),
    )
    .addOption(jsonOption())
    .option('-q, --quiet', 'no progress')
    .action((file: string, options: Options) => runImport(context, file, options));
  return addExamples(command, [
    'basalt import-chain chain.rlp --genesis genesis.json --data-dir imported',
    'basalt devnet --data-dir imported',
  ]);
}

async function runImport(context: Context, path: string, options: Options): Promise<void> {
  const { importChain } = await import('@basalt/node');
  const { config } = resolveConfig({
    environment: context.environment,
    flags: {
      dataDir: options.dataDir,
      chainWorkers: options.workers,
      chainEngine: options.engine,
    },
  });
  const { terminal, clock, signal } = context;
  const totalBytes = sizeOf(path);
  const isSilent = options.json === true || options.quiet === true;
  const progress = isSilent
    ? undefined
    : new Progress({ terminal, clock, label: path, noun: 'block' });
  let read = 0;
  const startedMs = clock.nowMs();
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of createReadStream(path)) {
      read += (chunk as Uint8Array).length;
      yield chunk as Uint8Array;
    }
  }
  try {
    const imported = await importChain({
      config,
      logger: createNodeLog(context, 'warn').logger,
      genesis: readGenesis(options.genesis),
      source: source(),
      signal,
      passphrase: context.environment['BASALT_PASSPHRASE'] || undefined,
      onProgress: ({ imported: count }) =>
        progress?.update({ count, done: read, total: totalBytes }),
    });
    progress?.end();
    if (imported.imported + imported.skipped === 0) throw empty(path);
    report(context, options, imported, (clock.nowMs() - startedMs) / 1000);
  } catch (error) {
    throw explain(error, path);
  } finally {
    progress?.end();
  }
}

function report(
  { screen }: Context,
  options: Options,
  imported: ImportProgress & { readonly headHash: Uint8Array; readonly chainId: bigint },
  seconds: number,
): void {
  const { number, skipped, transactions, gasUsed } = imported;
  const perSecond = (value: number): number => value / Math.max(seconds, 0.001);
  const headHash = `0x${toHex(imported.headHash)}`;
  const megagas = Number(gasUsed) / 1e6;
  if (options.json === true) {
    screen.line(
      JSON.stringify({
        chainId: String(imported.chainId),
        head: number,
        headHash,
        imported: imported.imported,
        skipped,
        transactions,
        gasUsed: String(gasUsed),
        seconds: Number(seconds.toFixed(3)),
        blocksPerSecond: Number(perSecond(imported.imported).toFixed(1)),
        megagasPerSecond: Number(perSecond(megagas).toFixed(1)),
      }),
    );
    return;
  }
  const known = skipped === 0 ? '' : `, ${formatAmount(skipped, 'block')} were there`;
  screen.line(
    `${screen.style('green', `chain ${imported.chainId}`)}: ` +
      `${formatAmount(imported.imported, 'block')}, ` +
      `${formatAmount(transactions, 'transaction')}, ${formatCount(megagas)} Mgas in ` +
      `${seconds.toFixed(1)} s: ${formatRate(perSecond(imported.imported))} blocks/s, ` +
      `${formatRate(perSecond(megagas))} Mgas/s${known}`,
  );
  screen.line(`  head  ${formatCount(number)}  ${headHash}`);
  screen.line(screen.style('dim', `  \`basalt devnet --data-dir ${options.dataDir}\` serves it`));
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw unreadable(error);
  }
}

/** As text: numbers beyond 2^53 keep their digits. */
function readGenesis(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(error);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, 'invalid-genesis', `${path} is not JSON: ${reason}`);
  }
  return text;
}

function empty(path: string): CliError {
  const message = `${path} holds no block: it is empty`;
  return new CliError(EXIT.usage, 'no-blocks', message, 'expected blocks in RLP, as geth exports');
}

function unreadable(error: unknown): CliError {
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(EXIT.usage, 'unreadable', message, 'check the path');
}

/** A block that does not hold is the file's fault, and says which one it was. */
function explain(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error.name !== 'ExecutionError') return error;
  const code = 'code' in error ? String(error.code) : 'invalid-block';
  const isDocument = code === 'invalid-genesis';
  return new CliError(
    isDocument ? EXIT.usage : EXIT.failedCheck,
    code,
    isDocument ? error.message : `${path} does not hold: ${error.message}`,
    isDocument ? undefined : 'blocks before it are kept',
    { cause: error },
  );
}
