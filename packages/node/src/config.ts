import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { CHAIN_CHECKPOINT_SHAPE, type ChainCheckpointKeys } from './chain-checkpoint-config.ts';
import { CHAIN_SHAPE, type ChainKeys } from './chain-config.ts';
import { NodeError } from './errors.ts';
import { FEDERATION_SHAPE, type FederationKeys } from './federation-config.ts';
import {
  PORT_DEFAULT,
  QUEUE_BLOCKS_MAX,
  READER_PROXIES_MAX,
  VERIFIER_THREADS_MAX,
} from './limits.ts';
import { RETENTION_SHAPE, type RetentionKeys } from './retention-config.ts';

const MIB = 1024 * 1024;
const milliseconds = (min: number, max: number): z.ZodInt => z.int().min(min).max(max);

/** What a node is told; `CONFIG_SCHEMA` says what each key is for and what it may be. */
export interface NodeConfig extends ChainKeys, ChainCheckpointKeys, FederationKeys, RetentionKeys {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly origin?: string | undefined;
  readonly logKeyFile?: string | undefined;
  readonly adminTokenFile?: string | undefined;
  readonly openNamespaces?: boolean | undefined;
  readonly allowCrossOriginWrites: boolean;
  readonly explorer: boolean;
  readonly hostReadings: boolean;
  readonly hostReadingsIntervalMs: number;
  readonly verifierThreads: number;
  readonly checkpointIntervalMs: number;
  readonly superEpochMs: number;
  readonly queueBlocksMax: number;
  readonly queueBytesMax: number;
  readonly batchBlocksMax: number;
  readonly bodiesBytesMax: number;
  readonly connectionsMax: number;
  readonly readerProxies: readonly string[];
  readonly stopGraceMs: number;
  readonly observe: boolean;
  readonly control: boolean;
  readonly traceUrl?: string | undefined;
  readonly traceRatio: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

/** Every key with its default, its bounds and one line for people. */
const CONFIG_SCHEMA = z.strictObject({
  dataDir: z
    .string()
    .min(1)
    .default('.basalt')
    .describe('folder of the log, its keys and its lock'),
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: z.int().min(0).max(65_535).default(PORT_DEFAULT).describe('port; 0 takes a free one'),
  origin: z
    .string()
    .regex(/^[^\s+]{1,200}$/, 'expected 1 to 200 characters without white space and +')
    .optional()
    .describe('name of this log in checkpoints, e.g. log.example.org; made from its key if absent'),
  logKeyFile: z.string().min(1).optional().describe('checkpoint key; <dataDir>/log.key if absent'),
  adminTokenFile: z
    .string()
    .min(1)
    .optional()
    .describe('token for /admin; <dataDir>/admin.token if absent'),
  openNamespaces: z
    .boolean()
    .optional()
    .describe('may anybody create namespaces; by default on a loopback address only'),
  allowCrossOriginWrites: z.boolean().default(false).describe('may pages of other sites submit'),
  explorer: z.boolean().default(true).describe('serve the explorer and the dashboard'),
  hostReadings: z.boolean().default(false).describe('record live readings of this machine'),
  hostReadingsIntervalMs: milliseconds(100, 3_600_000).default(1_000),
  verifierThreads: z
    .int()
    .min(0)
    .max(VERIFIER_THREADS_MAX)
    .default(() => Math.min(VERIFIER_THREADS_MAX, Math.max(1, availableParallelism() - 1)))
    .describe('threads that check signatures; 0 checks on the main thread'),
  checkpointIntervalMs: milliseconds(1, 60_000)
    .default(200)
    .describe('longest wait between a commit and the checkpoint that covers it'),
  superEpochMs: milliseconds(10, 3_600_000).default(1_000).describe('time between super-roots'),
  queueBlocksMax: z.int().min(1).max(QUEUE_BLOCKS_MAX).default(QUEUE_BLOCKS_MAX),
  queueBytesMax: z
    .int()
    .min(MIB)
    .default(256 * MIB),
  batchBlocksMax: z.int().min(1).max(65_536).default(256).describe('blocks in one request'),
  bodiesBytesMax: z
    .int()
    .min(32 * MIB)
    .default(256 * MIB)
    .describe('bodies in memory together'),
  connectionsMax: z.int().min(1).max(1_000_000).default(16_384),
  readerProxies: z
    .array(z.union([z.ipv4(), z.ipv6()], 'expected IP addresses'))
    .max(READER_PROXIES_MAX)
    .default([])
    .describe('addresses of caches and proxies elsewhere: limits of one reader are not theirs'),
  stopGraceMs: milliseconds(0, 600_000).default(5_000).describe('time for requests under way'),
  observe: z
    .boolean()
    .default(true)
    .describe('look at itself: metrics, status, health checks, alerts, control'),
  control: z
    .boolean()
    .default(true)
    .describe('let controllers tune the node within their bounds; /control shows them'),
  traceUrl: z
    .string()
    .regex(/^https?:\/\/\S+$/, 'expected an address like http://127.0.0.1:4318')
    .optional()
    .describe('collector of traces (OTLP over HTTP); none are made if absent'),
  traceRatio: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('part of the traces that is kept, 0 to 1; chosen by their id'),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  ...FEDERATION_SHAPE,
  ...RETENTION_SHAPE,
  ...CHAIN_CHECKPOINT_SHAPE,
  ...CHAIN_SHAPE,
});

export type ConfigKey = keyof NodeConfig;

export type ConfigSource = 'default' | 'file' | 'environment' | 'flag';

export interface ConfigInputs {
  /** Parsed content of the configuration file. */
  readonly file?: { readonly path: string; readonly content: unknown };
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** From the command line; undefined values are absent. */
  readonly flags?: Readonly<Partial<Record<ConfigKey, unknown>>>;
}

export interface ResolvedConfig {
  readonly config: NodeConfig;
  /** Where each value is from. */
  readonly sources: Readonly<Record<ConfigKey, ConfigSource>>;
  /** Names like BASALT_PROT that are no key: most often a typing mistake. */
  readonly warnings: readonly string[];
}

export const CONFIG_KEYS: readonly ConfigKey[] = Object.keys(CONFIG_SCHEMA.shape) as ConfigKey[];

/** Names with the prefix that belong to the command line or to the tests. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  'BASALT_CONFIG',
  'BASALT_CONFORMANCE_DIR',
  'BASALT_CRASH_ROUNDS',
  'BASALT_DEBUG',
  'BASALT_HOME',
  'BASALT_PASSPHRASE',
  'BASALT_RPC_URL',
  'BASALT_TEST_COUNTS',
  'BASALT_TEST_DEVNET',
  'BASALT_URL',
]);

/** BASALT_DATA_DIR for `dataDir`. */
export function environmentName(key: ConfigKey): string {
  return `BASALT_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * The effective configuration: defaults, then the file, then the environment, then flags.
 *
 * @throws NodeError `bad-config`, naming the key, where it is from, and what was expected
 */
export function resolveConfig(inputs: ConfigInputs = {}): ResolvedConfig {
  const layers: [ConfigSource, Readonly<Record<string, unknown>>][] = [
    ['file', readFileLayer(inputs.file)],
    ['environment', readEnvironment(inputs.environment ?? {})],
    ['flag', withoutAbsent(inputs.flags ?? {})],
  ];
  const merged = Object.assign({}, ...layers.map(([, values]) => values));
  const parsed = CONFIG_SCHEMA.safeParse(merged);
  const sourceOf = (key: string): ConfigSource =>
    layers.findLast(([, values]) => key in values)?.[0] ?? 'default';
  if (!parsed.success) throw badConfig(parsed.error, sourceOf, inputs);
  const sources = Object.fromEntries(CONFIG_KEYS.map((key) => [key, sourceOf(key)]));
  return {
    config: parsed.data,
    sources: sources as Record<ConfigKey, ConfigSource>,
    warnings: unknownVariables(inputs.environment ?? {}),
  };
}

function readFileLayer(file: ConfigInputs['file']): Readonly<Record<string, unknown>> {
  if (file === undefined) return {};
  const { path, content } = file;
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new NodeError('bad-config', `${path}: expected one JSON object`);
  }
  return content as Readonly<Record<string, unknown>>;
}

function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const key of CONFIG_KEYS) {
    const text = environment[environmentName(key)];
    if (text !== undefined && text !== '') values[key] = readText(key, text);
  }
  return values;
}

/** Text from the environment or a flag as the type that the key has. */
export function readText(key: ConfigKey, text: string): unknown {
  const kind = kindOf(key);
  if (kind === 'number' && /^-?\d+$/.test(text)) return Number(text);
  if (kind === 'boolean' && /^(true|false|1|0|yes|no)$/.test(text))
    return /^(true|1|yes)$/.test(text);
  if (kind === 'array') return text.split(',').map((part) => part.trim());
  return text; // the schema says what is wrong with it
}

function kindOf(key: ConfigKey): 'number' | 'boolean' | 'array' | 'text' {
  let type: z.core.$ZodType = CONFIG_SCHEMA.shape[key];
  while (type instanceof z.ZodDefault || type instanceof z.ZodOptional) type = type.unwrap();
  if (type instanceof z.ZodNumber) return 'number';
  if (type instanceof z.ZodBoolean) return 'boolean';
  return type instanceof z.ZodArray ? 'array' : 'text';
}

function withoutAbsent(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set([...CONFIG_KEYS.map(environmentName), ...OTHER_VARIABLES]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('BASALT_') && !known.has(name))
    .map((name) => `${name} is no setting; \`basalt config\` lists them all`);
}

function badConfig(
  error: z.ZodError,
  sourceOf: (key: string) => ConfigSource,
  inputs: ConfigInputs,
): NodeError {
  const lines = error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const names = issue.keys.join(', ');
      return `${placeOf('file', inputs, '')}: no such key: ${names}`;
    }
    const key = String(issue.path[0] ?? '');
    return `${placeOf(sourceOf(key), inputs, key)}: ${key}: ${issue.message}`;
  });
  const text = `the configuration is not usable\n  ${lines.join('\n  ')}`;
  return new NodeError('bad-config', `${text}\n  \`basalt config --help\` lists all keys`);
}

function placeOf(source: ConfigSource, inputs: ConfigInputs, key: string): string {
  switch (source) {
    case 'file':
      return inputs.file?.path ?? 'configuration';
    case 'environment':
      return environmentName(key as ConfigKey);
    case 'flag':
      return 'command line';
    case 'default':
      return 'default';
  }
}

/** One line of `basalt config`. */
export interface ConfigRow {
  readonly key: ConfigKey;
  readonly value: unknown;
  readonly source: ConfigSource;
  readonly environment: string;
  readonly description: string;
}

/**
 * The effective configuration for people. It holds no secret: keys and tokens are in files, and
 * only the names of these files are settings.
 */
export function configRows(resolved: ResolvedConfig): ConfigRow[] {
  return CONFIG_KEYS.map((key) => ({
    key,
    value: resolved.config[key],
    source: resolved.sources[key],
    environment: environmentName(key),
    description: CONFIG_SCHEMA.shape[key].description ?? '',
  }));
}
