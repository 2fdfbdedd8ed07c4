import { type ResolvedConfig, startCache } from '@basalt/node';
import type { Logger } from '@basalt/telemetry';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addConfigOptions, type ConfigOptions, loadConfig } from '../load-config.ts';
import { addExamples } from '../options.ts';
import { createNodeLog, runNode, untilInterrupted } from '../run-node.ts';
import { VERSION } from '../version.ts';

export function nodeCommand(context: Context): Command {
  const command = addConfigOptions(new Command('node'))
    .description(
      'Run a node as a service: JSON log lines on standard error, nothing else. SIGTERM or ' +
        'Ctrl+C stops it when what is under way is done; a second one ends it at once.',
    )
    .action((options: ConfigOptions) => runServer(context, options));
  return addExamples(command, [
    'basalt node',
    'basalt node --data-dir /var/lib/basalt --host 0.0.0.0 --set origin=log.example.org',
    'basalt node --role witness --upstream https://log.example.org',
    'basalt node --role cache --upstream https://log.example.org --port 8080 --data-dir cache',
    'basalt node --role relay --upstream https://log.example.org --data-dir relay',
    'basalt node --witness-policy witnesses.txt --set federation=true',
    'basalt node --config /etc/basalt.json --set logLevel=debug',
    'BASALT_PORT=8080 basalt node',
  ]);
}

async function runServer(context: Context, options: ConfigOptions): Promise<void> {
  const resolved = loadConfig(context, options);
  const log = createNodeLog(context, resolved.config.logLevel);
  const { logger } = log;
  if (resolved.config.roles.includes('cache')) return await runCache(context, resolved, logger);
  const node = await runNode(context, resolved, log);
  const { url, dataDir, origin, roles, witnessKeys, mirrorKey } = node.info;
  const rpc = node.info.chain === undefined ? {} : { rpcUrl: node.info.chain.rpcUrl };
  const keys = {
    ...(witnessKeys.length === 0 ? {} : { witnessKeys }),
    ...(mirrorKey === undefined ? {} : { mirrorKey }),
  };
  logger.info('running', { url, dataDir, origin, roles, ...keys, ...rpc, pid: process.pid });
  await untilInterrupted(context);
  logger.info('stopping');
  await node.stop();
  logger.info('stopped');
}

async function runCache(
  context: Context,
  { config, warnings }: ResolvedConfig,
  logger: Logger,
): Promise<void> {
  for (const warning of warnings) logger.warn(warning);
  const cache = await startCache(config, logger, VERSION);
  const { roles, upstreams } = config;
  logger.info('running', { ...cache.info, roles, upstreams, pid: process.pid });
  await untilInterrupted(context);
  logger.info('stopping');
  await cache.stop();
  logger.info('stopped');
}
