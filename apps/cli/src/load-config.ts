import { existsSync, readFileSync } from 'node:fs';
import {
  CONFIG_KEYS,
  type ConfigKey,
  type ResolvedConfig,
  readText,
  resolveConfig,
} from '@basalt/node';
import { type Command, Option } from 'commander';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** Read from the working folder where it is there and no other one is named. */
export const CONFIG_FILE_DEFAULT = 'basalt.config.json';

/** Options of the commands that start a node or print its configuration. */
export interface ConfigOptions {
  readonly config?: string;
  readonly dataDir?: string;
  readonly host?: string;
  readonly port?: string;
  readonly role?: readonly string[];
  readonly upstream?: readonly string[];
  readonly witnessPolicy?: string;
  readonly set?: readonly string[];
}

export function addConfigOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--config <file>',
        `configuration file (default: ${CONFIG_FILE_DEFAULT}, if there)`,
      ).env('BASALT_CONFIG'),
    )
    .option('--data-dir <folder>', 'folder of the log (default: .basalt)')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on, 0 for a free one (default: 4711)')
    .option(
      '--role <role>',
      'origin (default), relay, archive, witness or cache; may be repeated',
      collectList,
    )
    .option('--upstream <url>', 'node to copy or to watch; may be repeated', collectList)
    .option(
      '--witness-policy <file>',
      'tlog-policy with the witnesses that have to cosign before a super-root is published',
    )
    .option(
      '--set <key=value>',
      'any other setting, see `basalt config`; may be repeated',
      collect,
    );
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** `--role origin,witness` is as good as two options. */
function collectList(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(',').map((part) => part.trim())];
}

/** The effective configuration: file, then environment, then command line. */
export function loadConfig(
  context: Context,
  options: ConfigOptions,
  defaults: Readonly<Partial<Record<ConfigKey, unknown>>> = {},
): ResolvedConfig {
  const path = options.config ?? CONFIG_FILE_DEFAULT;
  const isThere = options.config !== undefined || existsSync(path);
  const content = isThere ? readConfigFile(path) : {};
  const merged = isPlainObject(content) ? { ...defaults, ...content } : content;
  return resolveConfig({
    file: { path, content: merged },
    environment: context.environment,
    flags: readFlags(options),
  });
}

function readConfigFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(
      EXIT.usage,
      'bad-config',
      `the configuration ${path} cannot be read: ${reason}`,
      'expected one JSON object, such as {"port": 4711}',
    );
  }
}

function readFlags(options: ConfigOptions): Partial<Record<ConfigKey, unknown>> {
  const flags: Partial<Record<ConfigKey, unknown>> = {
    dataDir: options.dataDir,
    host: options.host,
    port: options.port === undefined ? undefined : readText('port', options.port),
    roles: options.role,
    upstreams: options.upstream,
    witnessPolicyFile: options.witnessPolicy,
  };
  for (const pair of options.set ?? []) {
    const [key = '', ...rest] = pair.split('=');
    const known = CONFIG_KEYS.find((name) => name === key);
    if (known === undefined || rest.length === 0) {
      throw new CliError(
        EXIT.usage,
        'bad-config',
        `--set ${pair}: ${known === undefined ? `there is no setting "${key}"` : 'no value given'}`,
        '`basalt config` lists all settings',
      );
    }
    flags[known] = readText(known, rest.join('='));
  }
  return flags;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
