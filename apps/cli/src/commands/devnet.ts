import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chain, ChainEvent } from '@basalt/execution';
import { type ConfigKey, type RunningNode, resolveConfig } from '@basalt/node';
import { Command, InvalidArgumentError, Option } from 'commander';
import { RPC_URL_DEFAULT } from '../chain/rpc.ts';
import type { Context } from '../context.ts';
import { addExamples, parseCount, parsePositive } from '../options.ts';
import { createNodeLog, runNode, untilInterrupted } from '../run-node.ts';
import { VERSION } from '../version.ts';
import { blockLines } from '../view/block-lines.ts';
import { ChainRates, chainStatus } from '../view/chain-status.ts';
import { devnetReport, devnetScreen } from '../view/devnet-screen.ts';

interface Options {
  readonly port: number;
  readonly host: string;
  readonly allowOrigin?: readonly string[];
  readonly chainId?: number;
  readonly hardfork?: string;
  readonly gasLimit?: number;
  readonly blockTime?: number;
  readonly accounts?: number;
  readonly balance?: number;
  readonly mnemonic?: string;
  readonly seed?: string;
  readonly workers?: number;
  readonly engine?: string;
  readonly dataDir?: string;
  readonly ledgerPort: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A line for each block must not be what a load test waits for. */
const LINES_PER_SECOND_MAX = 50;

const STATUS_MS = 500;

export function devnetCommand(context: Context): Command {
  const command = new Command('devnet')
    .description(
      'Run an Ethereum chain for development: funded accounts, a block with each transaction, ' +
        'the helpers of Anvil and Hardhat, and a ledger below that proves every block.',
    )
    .addOption(numberOption('--port <number>', 'of JSON-RPC, 0 for a free one', parseCount, 8545))
    .option('--host <address>', 'to listen on; who reaches it has the accounts', '127.0.0.1')
    .option(
      '--allow-origin <origin>',
      'pages that may use the chain, e.g. https://remix.ethereum.org; may be repeated',
      collect,
    )
    .addOption(numberOption('--chain-id <number>', 'of a new chain (default: 31337)'))
    .option('--hardfork <name>', 'rules of a new chain: paris to osaka (default: osaka)')
    .addOption(numberOption('--gas-limit <gas>', 'of a block (default: 30000000)'))
    .addOption(
      new Option(
        '--block-time <seconds>',
        'a block each so many seconds, in place of one with each transaction',
      ).argParser(parseSeconds),
    )
    .addOption(numberOption('--accounts <count>', 'funded ones (default: 10)'))
    .addOption(numberOption('--balance <ether>', 'of each (default: 10000)', parseCount))
    .option('--mnemonic <words>', 'of the accounts (default: test test … junk)')
    .option('--seed <text>', 'accounts, times and chance follow from it: two runs, equal blocks')
    .addOption(numberOption('--workers <count>', 'threads that run transactions (default: cores)'))
    .addOption(
      new Option('--engine <name>', 'tiered: hot code runs as WebAssembly of its own').choices([
        'interpreter',
        'tiered',
      ]),
    )
    .option('--data-dir <folder>', 'keep the chain there and go on with it the next time')
    .addOption(numberOption('--ledger-port <number>', 'of the ledger and its page', parseCount, 0))
    .addOption(new Option('--json', 'print addresses, accounts and keys as one line of JSON'))
    .option('-q, --quiet', 'no line for each block')
    .action((options: Options) => runDevnet(context, options));
  return addExamples(command, [
    'basalt devnet',
    'basalt devnet --block-time 12 --accounts 20',
    'basalt devnet --data-dir my-chain',
    'basalt devnet --seed 42 --port 0',
    'basalt devnet --allow-origin https://remix.ethereum.org',
  ]);
}

function numberOption(
  flags: string,
  description: string,
  parse: (text: string) => number = parsePositive,
  value?: number,
): Option {
  const option = new Option(flags, description).argParser(parse);
  return value === undefined ? option : option.default(value);
}

async function runDevnet(context: Context, options: Options): Promise<void> {
  const { terminal } = context;
  const isTemporary = options.dataDir === undefined;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'basalt-devnet-'));
  const removeData = (): void => {
    if (isTemporary) rmSync(dataDir, { recursive: true, force: true });
  };
  // The second Ctrl+C ends the process without coming back here.
  process.once('exit', removeData);
  try {
    const resolved = resolveConfig({
      environment: context.environment,
      flags: flagsOf(options, dataDir),
    });
    const log = createNodeLog(context, 'warn');
    const node = await runNode(context, resolved, log, {
      ...(options.mnemonic === undefined ? {} : { mnemonic: options.mnemonic }),
      isTemporary,
      isDevnetCommand: true,
    });
    await show(context, node, options);
    await untilInterrupted(context);
    terminal.line('  stopping; a second Ctrl+C ends at once');
    await node.stop();
    terminal.line('  stopped');
  } finally {
    removeData();
  }
}

function flagsOf(options: Options, dataDir: string): Partial<Record<ConfigKey, unknown>> {
  return {
    dataDir,
    port: options.ledgerPort,
    chain: true,
    hostReadings: false,
    rpcHost: options.host,
    rpcPort: options.port,
    rpcOrigins: options.allowOrigin,
    chainId: options.chainId,
    chainFork: options.hardfork,
    chainGasLimit: options.gasLimit,
    chainBlockTimeMs: options.blockTime,
    chainAccounts: options.accounts,
    chainBalance: options.balance,
    chainSeed: options.seed,
    chainWorkers: options.workers,
    chainEngine: options.engine,
  };
}

async function show(context: Context, node: RunningNode, options: Options): Promise<void> {
  const { screen } = context;
  const { chain } = node;
  if (chain === undefined || node.info.chain === undefined) return;
  if (options.json === true) {
    screen.line(JSON.stringify(devnetReport(node.info, node.info.chain)));
    return;
  }
  const { rpcUrl } = node.info.chain;
  const isDefault =
    rpcUrl === RPC_URL_DEFAULT && (context.environment['BASALT_RPC_URL'] ?? '') === '';
  const lines = devnetScreen(screen, {
    chain: node.info.chain,
    info: node.info,
    version: VERSION,
    program: 'npx basalt',
    rpcOption: isDefault ? '' : ` --rpc-url ${rpcUrl}`,
    dataDir: options.dataDir,
  });
  for (const line of lines) screen.line(line);
  if (options.quiet === true) return;
  const write = limitLines(context, LINES_PER_SECOND_MAX);
  chain.subscribe((event: ChainEvent) => {
    for (const line of blockLines(screen, event)) write(line);
  });
  if (context.terminal.isLive) showStatus(context, chain);
}

/** The line that moves: what the last seconds brought. Ends with the process. */
function showStatus(context: Context, chain: Chain): void {
  const { terminal, clock, signal } = context;
  const rates = new ChainRates(clock);
  const unsubscribe = chain.subscribe((event: ChainEvent) => rates.add(event));
  const draw = (): void => terminal.live(chainStatus(terminal, chain.head().header, rates.now()));
  draw();
  const timer = setInterval(draw, STATUS_MS);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    unsubscribe();
    terminal.clearLive();
  });
}

/** Lines beyond so many a second are counted, not written. */
function limitLines({ screen, terminal, clock }: Context, max: number): (line: string) => void {
  let second = 0;
  let written = 0;
  let skipped = 0;
  // Above the line that moves, where there is one: both are on the same screen then.
  const out = terminal.isLive ? terminal : screen;
  return (line) => {
    const now = Math.floor(clock.nowMs() / 1000);
    if (now !== second) {
      if (skipped > 0) out.line(out.style('dim', `  … ${skipped} more lines`));
      second = now;
      written = 0;
      skipped = 0;
    }
    if (written++ < max) out.line(line);
    else skipped++;
  };
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** In milliseconds. */
function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds < 0.001) {
    throw new InvalidArgumentError('expected seconds, e.g. 12 or 0.5');
  }
  return Math.round(seconds * 1000);
}
