import { once } from 'node:events';
import { type ChainExtras, type ResolvedConfig, type RunningNode, startNode } from '@basalt/node';
import { createJsonLogger, type Logger, type LogLevel, LogLevels } from '@basalt/telemetry';
import type { Context } from './context.ts';
import { findPage } from './page-folder.ts';
import { VERSION } from './version.ts';

/** A logger, and what decides which of its lines are written. */
export interface NodeLog {
  readonly logger: Logger;
  readonly levels: LogLevels;
}

/** JSON lines on standard error, above the live line where there is one. */
export function createNodeLog(context: Context, level: LogLevel): NodeLog {
  const levels = new LogLevels(level);
  const write = (line: string): void => context.terminal.line(line.trimEnd());
  return { logger: createJsonLogger({ write, clock: context.clock, level: levels }), levels };
}

export async function runNode(
  context: Context,
  { config, warnings }: ResolvedConfig,
  { logger, levels }: NodeLog,
  chain: ChainExtras = {},
): Promise<RunningNode> {
  for (const warning of warnings) logger.warn(warning);
  const explorerFolder = findPage('explorer');
  const dashboardFolder = findPage('dashboard');
  const passphrase = context.environment['BASALT_PASSPHRASE'];
  return await startNode(config, {
    logger,
    logLevels: levels,
    version: VERSION,
    chain,
    ...(explorerFolder === undefined ? {} : { explorerFolder }),
    ...(dashboardFolder === undefined ? {} : { dashboardFolder }),
    ...(passphrase === undefined || passphrase === '' ? {} : { passphrase }),
  });
}

/** Resolves at the first Ctrl+C or SIGTERM. */
export async function untilInterrupted({ signal }: Context): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
