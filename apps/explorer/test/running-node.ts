import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningNode, resolveConfig, startNode } from '@basalt/node';
import { ALGORITHM, createSigner, nobleProvider, type Signer } from '@basalt/protocol';
import { noopLogger } from '@basalt/telemetry';

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
