import { once } from 'node:events';
import { type ChainExtras, type ResolvedConfig, type RunningNode, startNode } from '@basalt/node';
import { createJsonLogger, type Logger, type LogLevel, LogLevels } from '@basalt/telemetry';
import { foundingWarning } from './chain/founding-warning.ts';
import type { Context } from './context.ts';
import { catchCrashes } from './crash/catch-crashes.ts';
import { LogTail } from './crash/log-tail.ts';
import { findPage } from './page-folder.ts';
import { VERSION } from './version.ts';

/** A logger, and what decides which of its lines are written. */
export interface NodeLog {
  readonly logger: Logger;
  readonly levels: LogLevels;
  /** Its last lines, for a crash report. */
  readonly tail: LogTail;
}

/** JSON lines on standard error, above the live line where there is one. */
export function createNodeLog(context: Context, level: LogLevel): NodeLog {
  const levels = new LogLevels(level);
  const tail = new LogTail();
  const write = (line: string): void => {
    tail.push(line.trimEnd());
    context.terminal.line(line.trimEnd());
  };
  return { logger: createJsonLogger({ write, clock: context.clock, level: levels }), levels, tail };
}

export async function runNode(
  context: Context,
  resolved: ResolvedConfig,
  { logger, levels, tail }: NodeLog,
  { isDevnetCommand = false, ...chain }: ChainExtras & { readonly isDevnetCommand?: boolean } = {},
): Promise<RunningNode> {
  const { config, warnings } = resolved;
  catchCrashes(context, { config, tail, isTemporary: chain.isTemporary ?? false });
  for (const warning of warnings) logger.warn(warning);
  const explorerFolder = findPage('explorer');
  const dashboardFolder = findPage('dashboard');
  const passphrase = context.environment['BASALT_PASSPHRASE'];
  const node = await startNode(config, {
    logger,
    logLevels: levels,
    version: VERSION,
    chain,
    ...(explorerFolder === undefined ? {} : { explorerFolder }),
    ...(dashboardFolder === undefined ? {} : { dashboardFolder }),
    ...(passphrase === undefined || passphrase === '' ? {} : { passphrase }),
  });
  if (node.info.chain !== undefined) {
    const { mnemonic } = chain;
    const warning = foundingWarning(resolved, node.info.chain, { mnemonic, isDevnetCommand });
    if (warning !== undefined) context.terminal.line(warning);
  }
  return node;
}

/** Resolves at the first Ctrl+C or SIGTERM. */
export async function untilInterrupted({ signal }: Context): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
