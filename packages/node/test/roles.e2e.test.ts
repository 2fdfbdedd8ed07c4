import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { noopLogger } from '@basalt/telemetry';
import { type NodeConfig, resolveConfig, startNode } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt roles '));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What a node with this configuration warns of at its start. */
async function warnings(name: string, flags: Partial<NodeConfig>): Promise<string[]> {
  const { config } = resolveConfig({
    flags: { dataDir: join(folder, name), port: 0, verifierThreads: 0, ...flags },
  });
  const told: string[] = [];
  const logger = { ...noopLogger, warn: (text: string) => void told.push(text) };
  logger.child = () => logger;
  await using _node = await startNode(config, { logger, version: '0.0.0' });
  return told;
}

test('who copies and has nobody to copy from is told so, and starts', async () => {
  const isIt = (text: string): boolean => /no upstream is named/.test(text);
  assert.ok((await warnings('relay', { roles: ['relay'] })).some(isIt));
  assert.ok((await warnings('archive', { roles: ['archive'] })).some(isIt));
  assert.ok(!(await warnings('origin', {})).some(isIt));
});
