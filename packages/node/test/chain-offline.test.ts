/** Commands over the folder of a stopped node: they sign nothing with the key of its log. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deriveDevnetKeys, devnetGenesis, TEST_MNEMONIC } from '@basalt/execution';
import { openDataFolder, type PublishedHead } from '@basalt/store';
import { noopLogger } from '@basalt/telemetry';
import {
  exportChainState,
  importChain,
  type NodeConfig,
  resolveConfig,
  startNode,
} from '../src/index.ts';

const sandbox = mkdtempSync(join(tmpdir(), 'basalt offline '));
after(() => rmSync(sandbox, { recursive: true, force: true }));

const genesis = devnetGenesis({ keys: deriveDevnetKeys(TEST_MNEMONIC, 1), timestamp: 1_000n });

function configOf(name: string, more: Readonly<Record<string, unknown>> = {}): NodeConfig {
  const dataDir = join(sandbox, name);
  return resolveConfig({ flags: { dataDir, verifierThreads: 0, chainWorkers: 1, ...more } }).config;
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

const common = {
  logger: noopLogger,
  signal: new AbortController().signal,
  onProgress: () => undefined,
};

/** Imports no block: founds log and chain. */
function found(config: NodeConfig, passphrase?: string, document: unknown = genesis) {
  const source = nothing();
  return importChain({ ...common, config, genesis: document, source, passphrase });
}

interface Stored {
  readonly published: readonly PublishedHead[];
  readonly heads: readonly (readonly [string, number])[];
}

async function stored(dataDir: string): Promise<Stored> {
  const folder = await openDataFolder(dataDir);
  const heads: (readonly [string, number])[] = [];
  for await (const { namespace, size } of folder.store.namespaces()) heads.push([namespace, size]);
  const published = folder.published();
  await folder.close();
  return { published, heads };
}

test('what is uncovered stays so, under whatever name and key a command is run', async () => {
  mkdirSync(join(sandbox, 'keys'));
  const logKeyFile = join(sandbox, 'keys', 'log.key');
  const config = configOf('one', { origin: 'log.example/one', logKeyFile });
  await found(config, 'correct horse');
  assert.doesNotMatch(readFileSync(logKeyFile, 'utf8'), /unencrypted/);
  const before = await stored(config.dataDir);
  assert.equal(before.heads.length, 2, 'the super-log, and the chain');
  assert.deepEqual(before.published, []);

  // Neither name nor key nor passphrase is known: none is asked for.
  const other = configOf('one');
  const pieces: Uint8Array[] = [];
  const write = async (bytes: Uint8Array): Promise<void> => void pieces.push(bytes);
  const done = await exportChainState({ ...common, config: other, block: undefined, write });
  assert.deepEqual([done.number, pieces.length > 1], [0, true]);
  await found(other);
  assert.deepEqual(await stored(config.dataDir), before);
  assert.equal(existsSync(join(config.dataDir, 'log.key')), false);
});

test('a key that is not there is not made anew, and no log is founded below a chain', async () => {
  const config = configOf('two');
  await found(config);
  const whole = (): Promise<unknown> =>
    exportChainState({ ...common, config, block: undefined, write: async () => undefined });
  await whole();
  rmSync(join(config.dataDir, 'store'), { recursive: true });
  await assert.rejects(whole(), { code: 'data-damaged' });
  rmSync(join(config.dataDir, 'chain.key'));
  await assert.rejects(whole(), { code: 'key-damaged', message: /chain\.key is missing/ });
  assert.equal(existsSync(join(config.dataDir, 'chain.key')), false);
});

test('a genesis that can not be is told of without advice for a node', async () => {
  const refused = found(configOf('three'), undefined, { ...genesis, gasLimit: '0xzz' });
  await assert.rejects(refused, ({ code, message }: { code: string; message: string }) => {
    assert.equal(code, 'bad-config');
    assert.match(message, /^the chain cannot be opened: /);
    assert.doesNotMatch(message, /--no-chain/);
    return true;
  });
});

test('a node whose chain is damaged says how it serves the rest, a command does not', async () => {
  const config = configOf('four', { chain: true, port: 0, rpcPort: 0 });
  await found(config);
  writeFileSync(join(config.dataDir, 'chain', 'chain.json'), '{');
  await assert.rejects(found(config), ({ code, message }: { code: string; message: string }) => {
    assert.equal(code, 'data-damaged');
    assert.doesNotMatch(message, /--no-chain/);
    return true;
  });
  const started = startNode(config, { logger: noopLogger, version: '0.0.0' });
  await assert.rejects(started, { code: 'data-damaged', message: /`basalt start --no-chain`$/ });
});
