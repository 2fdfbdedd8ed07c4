/**
 * kill -9 of the node in the middle of a load, again and again (BASALT_CRASH_ROUNDS, default 5):
 * every block that it acknowledged is there afterwards, with a proof, and fsck finds nothing.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@basalt/client';
import { createNativeProvider } from '@basalt/crypto';
import {
  type ChainTip,
  createBlock,
  createSigner,
  type NamespaceId,
  tipAfter,
  toHex,
} from '@basalt/protocol';
import { lastJson, Sandbox, startTestNode } from './helpers/run-cli.ts';

const ROUNDS = Number(process.env['BASALT_CRASH_ROUNDS'] ?? '5');
const WRITERS = 3;
const BATCH_BLOCKS = 32;

const sandbox = new Sandbox();
const provider = createNativeProvider();

after(() => sandbox[Symbol.dispose]());

interface Acknowledged {
  readonly namespace: NamespaceId;
  /** Hashes by index, as acknowledged; the genesis block is one of them. */
  readonly hashes: Map<number, string>;
}

/** Writes batches until the node is gone. */
async function writeUntilDead(url: string, acknowledged: Acknowledged[]): Promise<void> {
  const client = createClient({ url, provider, retries: 0, timeoutMs: 5_000 });
  const suite = provider.suite(1);
  const signer = createSigner(suite.keyPairFromSeed(new Uint8Array(randomBytes(32))), provider);
  try {
    const made = await client.createNamespace({ label: 'crash', signer });
    const { namespace } = made;
    const hashes = new Map([[0, toHex(made.hash)]]);
    acknowledged.push({ namespace, hashes });
    let tip: ChainTip = tipAfter(made.genesis, made.hash);
    for (;;) {
      const batch = Array.from({ length: BATCH_BLOCKS }, () => {
        const timestampMs = Math.max(Date.now(), tip.timestampMs);
        const payload = new Uint8Array(randomBytes(100));
        const created = createBlock({
          namespace,
          tip,
          timestampMs,
          payloadType: 1,
          payload,
          signer,
          provider,
        });
        tip = tipAfter(created.block, created.hash);
        return created;
      });
      const outcomes = await client.submit(
        batch.map(({ block }) => block),
        { until: 'durable' },
      );
      for (const [at, { status, index }] of outcomes.entries()) {
        assert.equal(status, 'accepted');
        hashes.set(index, toHex(batch[at]!.hash));
      }
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    // The node is gone: this writer's job is done.
  }
}

test(`${ROUNDS} times kill -9 under load: nothing acknowledged is lost`, async (t) => {
  const dataDir = join(sandbox.folder, 'data');
  const acknowledged: Acknowledged[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const node = await startTestNode(sandbox, ['--set', 'hostReadings=true'], dataDir);
    const writers = Array.from({ length: WRITERS }, () => writeUntilDead(node.url, acknowledged));
    await pause(150 + Math.random() * 650);
    const end = await node.kill();
    assert.equal(end.signal, 'SIGKILL', 'the node ended by itself');
    await Promise.all(writers);
    // fsck reads everything again, so not each time when there are many rounds.
    if (ROUNDS <= 10 || round % 10 === 9) {
      const clean = await sandbox.run(['fsck', dataDir, '--json']);
      assert.equal(clean.code, 0, `round ${round}: ${clean.out} ${clean.err}`);
    }
  }
  const node = await startTestNode(sandbox, [], dataDir);
  const client = createClient({ url: node.url, provider });
  let blocks = 0;
  for (const { namespace, hashes } of acknowledged) {
    const served = new Map<number, string>();
    const to = Math.max(...hashes.keys()) + 1;
    for await (const report of client.iterate({ namespace, to, pageBlocks: 256 })) {
      assert.equal(report.status, 'verified');
      served.set(report.index, report.hash === undefined ? '' : toHex(report.hash));
    }
    for (const [index, hash] of hashes) {
      assert.equal(served.get(index), hash, `block ${index} of ${namespace}`);
      blocks++;
    }
  }
  await node.stop();
  const clean = await sandbox.ok(['fsck', dataDir, '--json']);
  const report = lastJson<{ blocks: number; findings: number }>(clean.out);
  assert.equal(report.findings, 0);
  assert.ok(blocks > ROUNDS * BATCH_BLOCKS, `only ${blocks} blocks were acknowledged`);
  t.diagnostic(`${ROUNDS} kills, ${blocks} acknowledged blocks, ${report.blocks} in the store`);
});
