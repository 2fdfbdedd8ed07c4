import { once } from 'node:events';
import { type ChainExtras, type ResolvedConfig, type RunningNode, startNode } from '@basalt/node';
import { createJsonLogger, type Logger } from '@basalt/telemetry';
import type { Context } from './context.ts';
import { findExplorer } from './explorer-folder.ts';
import { VERSION } from './version.ts';

/** A logger of JSON lines on standard error, above the live line where there is one. */
export function createNodeLogger(context: Context, level: Parameters<Logger['log']>[0]): Logger {
  return createJsonLogger({
    write: (line) => context.terminal.line(line.trimEnd()),
    clock: context.clock,
    level,
  });
}

export async function runNode(
  context: Context,
  { config, warnings }: ResolvedConfig,
  logger: Logger,
  chain: ChainExtras = {},
): Promise<RunningNode> {
  for (const warning of warnings) logger.warn(warning);
  const explorerFolder = findExplorer();
  const passphrase = context.environment['BASALT_PASSPHRASE'];
  return await startNode(config, {
    logger,
    version: VERSION,
    chain,
    ...(explorerFolder === undefined ? {} : { explorerFolder }),
    ...(passphrase === undefined || passphrase === '' ? {} : { passphrase }),
  });
}

/** Resolves at the first Ctrl+C or SIGTERM. */
export async function untilInterrupted({ signal }: Context): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
