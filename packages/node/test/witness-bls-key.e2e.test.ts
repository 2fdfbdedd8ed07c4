import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { noopLogger } from '@basalt/telemetry';
import { NodeError, resolveConfig, startNode } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt bls '));
after(() => rmSync(folder, { recursive: true, force: true }));

test('no key that signs something else for a node is made a BLS key', async () => {
  const dataDir = join(folder, 'witness');
  const witnessLogsFile = join(folder, 'logs.txt');
  writeFileSync(witnessLogsFile, 'logs/v0\n');
  const start = async (name: string, roles: ('witness' | 'archive')[]): Promise<void> => {
    const flags = { dataDir, port: 0, verifierThreads: 0, roles, witnessLogsFile };
    const witnessBlsKeyFile = join(dataDir, name);
    const { config } = resolveConfig({ flags: { ...flags, witnessBlsKeyFile } });
    await using _node = await startNode(config, { logger: noopLogger, version: '0.0.0' });
  };
  const isRefused = (error: unknown): boolean =>
    error instanceof NodeError && /signs nothing else/.test(error.message);
  await start('bls.key', ['witness', 'archive']);
  // Also where the role that signs with it is not played now.
  for (const name of ['log.key', 'witness.key', 'mirror.key', 'host.key']) {
    await assert.rejects(start(name, ['witness']), isRefused, name);
  }
  await start('bls.key', ['witness']);
});
