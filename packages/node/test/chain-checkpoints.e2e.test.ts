/** A node that asks a witness and writes checkpoints into its own chains: whole, over HTTP. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createNativeProvider } from '@basalt/crypto';
import {
  checkCheckpointPayload,
  checkpointPayloadNote,
  decodeCheckpointPayload,
  decodeEntry,
  openByPolicy,
  PAYLOAD_TYPE,
  parsePolicy,
} from '@basalt/protocol';
import { noopLogger } from '@basalt/telemetry';
import { NodeError, type RunningNode, resolveConfig, startNode } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt node checkpoints '));

after(() => rmSync(folder, { recursive: true, force: true }));

async function start(
  name: string,
  flags: Readonly<Record<string, unknown>> = {},
): Promise<RunningNode> {
  const { config } = resolveConfig({
    flags: {
      dataDir: join(folder, name),
      port: 0,
      verifierThreads: 0,
      explorer: false,
      checkpointIntervalMs: 20,
      superEpochMs: 50,
      ...flags,
    },
  });
  return await startNode(config, { logger: noopLogger, version: '0.0.0-test' });
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 30_000;
  while (!(await done())) {
    assert.ok(Date.now() < endMs, 'it did not come to pass in 30 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('the super-log holds checkpoints of itself that a witness has cosigned', async () => {
  const origin = { hostReadings: true, hostReadingsIntervalMs: 100 };
  const first = await start('origin', origin);
  const upstream = first.info.url;
  const logKey = first.ledger.verifierKey('super');
  await using witness = await start('witness', {
    roles: ['witness'],
    upstreams: [upstream],
    hostReadings: false,
  });
  await first.stop();
  const { verifierKeys } = (await (await fetch(`${witness.info.url}/witness`)).json()) as {
    verifierKeys: string[];
  };
  const policyFile = join(folder, 'policy.txt');
  const url = `${witness.info.url}/witness`;
  const text = `log ${logKey}\nwitness w ${verifierKeys[0]} ${url}\nquorum w\n`;
  writeFileSync(policyFile, text);
  await using node = await start('origin', {
    ...origin,
    witnessPolicyFile: policyFile,
    chainCheckpointBlocks: 3,
  });
  const { ledger } = node;
  const namespace = ledger.superNamespace();
  const policy = parsePolicy(text);
  const suites = createNativeProvider();
  await until(async () => {
    const size = (await ledger.info(namespace))?.checkpointSize ?? 0;
    for (let index = 1; index < size; index++) {
      const block = await ledger.blockAt(namespace, index);
      assert.ok(block?.payload !== undefined);
      const { header } = decodeEntry(block.entry);
      if (header.payloadType !== PAYLOAD_TYPE.checkpoint) continue;
      const payload = decodeCheckpointPayload(block.payload);
      checkCheckpointPayload(payload, header, (await ledger.snapshot(namespace, index)).root);
      const note = checkpointPayloadNote(payload);
      assert.ok(note !== undefined);
      // Until the first round is over, the newest note is that of the run without witnesses.
      if (note.signatures.length < 2) continue;
      return openByPolicy(note, policy, suites).witnesses.includes('w');
    }
    return false;
  });
  const host = node.info.hostNamespace;
  assert.ok(host !== undefined);
  await until(async () => {
    const size = (await ledger.info(host))?.size ?? 0;
    const entries = await ledger.entries(host, 0, size);
    return entries.some(
      (entry) => decodeEntry(entry).header.payloadType === PAYLOAD_TYPE.checkpoint,
    );
  });
});

test('an authority without certificates to believe does not start', async () => {
  const flags = { chainCheckpointBlocks: 8, timestampUrl: 'http://127.0.0.1:9/' };
  const file = join(folder, 'empty.pem');
  writeFileSync(file, 'nothing\n');
  for (const more of [{}, { timestampCaFile: join(folder, 'none') }, { timestampCaFile: file }]) {
    await assert.rejects(
      start('stamped', { ...flags, ...more }),
      (error) => error instanceof NodeError && error.code === 'bad-config',
    );
  }
});
