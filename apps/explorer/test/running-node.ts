import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type RunningNode, resolveConfig, startNode } from '@basalt/node';
import { ALGORITHM, createSigner, nobleProvider, type Signer } from '@basalt/protocol';
import { noopLogger } from '@basalt/telemetry';

const EXPLORER = resolve(import.meta.dirname, '..');

/** Builds the page where its sources changed, and gives the folder. */
export function buildPage(): string {
  const run = spawnSync(process.execPath, [join(EXPLORER, 'tools', 'build.mjs')], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (run.status !== 0) throw new Error(`the page could not be built: ${run.stderr}`);
  return join(EXPLORER, 'dist');
}

export interface TestNode extends AsyncDisposable {
  readonly node: RunningNode;
  readonly url: string;
}

/** A whole node on a free port with an empty data folder, removed at the end. */
export async function startTestNode(
  flags: Readonly<Record<string, unknown>> = {},
  explorerFolder?: string,
): Promise<TestNode> {
  const dataDir = mkdtempSync(join(tmpdir(), 'basalt-explorer-'));
  const { config } = resolveConfig({
    flags: { dataDir, port: 0, verifierThreads: 0, checkpointIntervalMs: 50, ...flags },
  });
  const node = await startNode(config, {
    logger: noopLogger,
    version: '0.0.0-test',
    ...(explorerFolder === undefined ? {} : { explorerFolder }),
  });
  return {
    node,
    url: node.info.url,
    async [Symbol.asyncDispose]() {
      await node.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function testSigner(seed: number): Signer {
  const bytes = new Uint8Array(32).fill(seed);
  return createSigner(nobleProvider.suite(ALGORITHM.ed25519).keyPairFromSeed(bytes));
}

/** Debian's browser, or the one that `BASALT_CHROMIUM` names. */
export const CHROMIUM: string = process.env['BASALT_CHROMIUM'] ?? '/usr/bin/chromium';

/** false, or why a browser test cannot run here. */
export const chromiumAbsent: string | false = existsSync(CHROMIUM)
  ? false
  : `no browser at ${CHROMIUM}: install the Debian package chromium or set BASALT_CHROMIUM`;
