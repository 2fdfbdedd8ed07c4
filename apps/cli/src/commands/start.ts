import { relative } from 'node:path';
import type { RunningNode } from '@basalt/node';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addConfigOptions, type ConfigOptions, loadConfig } from '../load-config.ts';
import { addExamples, URL_DEFAULT } from '../options.ts';
import { createNodeLog, runNode, untilInterrupted } from '../run-node.ts';
import { VERSION } from '../version.ts';
import { type StartFacts, startScreen, statusLine } from '../view/start-screen.ts';

const STATUS_MS = 1_000;

/** The rate is that of the last seconds: one reading a second must not flicker. */
const RATE_SAMPLES = 5;

export function startCommand(context: Context): Command {
  const command = addConfigOptions(new Command('start'))
    .description(
      'Start a node on this machine, record live readings of it (load, memory, disk, network), ' +
        'run a development chain beside them and show one screen: what is running, where, what ' +
        'to try next. `npm start` runs this.',
    )
    .option('--no-readings', 'do not record readings of this machine')
    .option('--no-chain', 'do not run a chain')
    .action((options: StartOptions) => start(context, options));
  return addExamples(command, [
    'npm start',
    'basalt start --port 8080 --data-dir ~/my-log',
    'basalt start --no-readings --no-chain',
    'basalt start --set rpcPort=8546',
  ]);
}

interface StartOptions extends ConfigOptions {
  readonly readings: boolean;
  readonly chain: boolean;
}

async function start(context: Context, options: StartOptions): Promise<void> {
  const { screen, terminal } = context;
  const defaults = { hostReadings: options.readings, chain: options.chain };
  const resolved = loadConfig(context, options, defaults);
  // Requests of others are not worth a line on this screen; warnings are.
  const level = resolved.sources.logLevel === 'default' ? 'warn' : resolved.config.logLevel;
  const node = await runNode(context, resolved, createNodeLog(context, level));
  for (const line of startScreen(screen, factsOf(node, context))) screen.line(line);
  const stopStatus = terminal.isLive ? showStatus(context, node) : () => undefined;
  await untilInterrupted(context);
  stopStatus();
  terminal.line('  stopping; a second Ctrl+C ends at once');
  await node.stop();
  terminal.line('  stopped');
}

function factsOf(node: RunningNode, { environment }: Context): StartFacts {
  const { info } = node;
  const near = relative(process.cwd(), info.dataDir);
  const isDefault = info.url === URL_DEFAULT && (environment['BASALT_URL'] ?? '') === '';
  return {
    info,
    version: VERSION,
    program: 'npx basalt',
    urlOption: isDefault ? '' : ` --url ${info.url}`,
    dataDir: near === '' || near.startsWith('..') ? info.dataDir : near,
  };
}

/** Draws the live line until the returned function is called. */
function showStatus(context: Context, node: RunningNode): () => void {
  const samples: { readonly timeMs: number; readonly blocks: number }[] = [];
  let stopped = false;
  const draw = async (): Promise<void> => {
    const { blocks, namespaces, diskBytes } = await node.stats();
    if (stopped) return;
    samples.push({ timeMs: context.clock.nowMs(), blocks });
    if (samples.length > RATE_SAMPLES) samples.shift();
    const first = samples[0];
    const seconds = first === undefined ? 0 : (context.clock.nowMs() - first.timeMs) / 1000;
    const blocksPerSecond =
      first === undefined || seconds === 0 ? 0 : (blocks - first.blocks) / seconds;
    const readOnlyReason = node.ledger.readOnlyReason();
    const now = { blocks, blocksPerSecond, namespaces, diskBytes, readOnlyReason };
    context.terminal.live(statusLine(context.terminal, now));
  };
  const tick = (): void => {
    draw().catch(() => undefined); // the store is closing
  };
  tick();
  const timer = setInterval(tick, STATUS_MS);
  return () => {
    stopped = true;
    clearInterval(timer);
    context.terminal.clearLive();
  };
}
