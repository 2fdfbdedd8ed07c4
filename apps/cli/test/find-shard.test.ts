import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Client, ClientError } from '@basalt/client';
import {
  type Block,
  createGenesisBlock,
  createSigner,
  type NamespaceId,
  nobleProvider,
  type Strategy,
} from '@basalt/protocol';
import type { Context } from '../src/context.ts';
import { ShardFinder } from '../src/shards/find-shard.ts';
import type { ShardOwner } from '../src/shards/found-shard.ts';
import { type KnownShard, ShardMemory } from '../src/shards/shard-memory.ts';
import { timeLabel } from '../src/shards/shard-spec.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt shards '));
after(() => rmSync(folder, { recursive: true, force: true }));

const DAY = 86_400;
const signerOf = (seed: number) =>
  createSigner(nobleProvider.suite(1).keyPairFromSeed(new Uint8Array(32).fill(seed)));
const dayOf = (number: number): Strategy => ({
  kind: 'temporal',
  epoch: number * DAY,
  durationSeconds: DAY,
});

/** A node whose list leaves out what it is told to. */
class FakeNode {
  readonly blocks = new Map<NamespaceId, Block>();
  readonly listed: KnownShard[] = [];
  busy = false;

  found(label: string, number: number, parent?: NamespaceId, seed = 1): NamespaceId {
    const { block } = createGenesisBlock({
      label,
      strategy: dayOf(number),
      nonce: new Uint8Array(16).fill(this.blocks.size),
      nextKeyHash: undefined,
      timestampMs: 1,
      signer: signerOf(seed),
      provider: nobleProvider,
      ...(parent === undefined ? {} : { parent }),
    });
    const { namespace } = block.entry.header;
    this.blocks.set(namespace, block);
    return namespace;
  }

  owner(): ShardOwner {
    const { listed } = this;
    const client = {
      async *namespaces() {
        yield* listed;
      },
      get: async ({ namespace }: { readonly namespace: NamespaceId }) => {
        if (this.busy) throw new ClientError('rejected', 'too-many-requests', 'later');
        const block = this.blocks.get(namespace);
        if (block === undefined) throw new ClientError('rejected', 'unknown-namespace', 'none');
        return { block };
      },
    };
    return {
      client: client as unknown as Client,
      url: 'http://node.test',
      context: { provider: () => nobleProvider } as unknown as Context,
      signer: signerOf(1),
      nextKeyHash: new Uint8Array(32) as ShardOwner['nextKeyHash'],
    };
  }
}

let memories = 0;
const memory = () => new ShardMemory(folder, `test ${memories++}`);
const wanted = (number: number, lane = 'log') => ({
  lane,
  label: timeLabel(lane, number * DAY),
  strategy: dayOf(number),
});

test('what the list leaves out is found by what was remembered', async () => {
  const node = new FakeNode();
  const kept = memory();
  const label = (number: number) => timeLabel('log', number * DAY);
  const first = node.found(label(0), 0);
  const second = node.found(label(1), 1, first);
  const finder = new ShardFinder(node.owner(), 'log', kept);
  await finder.remember('log', { namespace: first, label: label(0) });
  await finder.remember('log', { namespace: second, label: label(1) });
  const later = new ShardFinder(node.owner(), 'log', kept);
  assert.equal(await later.parentOf(wanted(2)), second);
  assert.equal(await later.parentOf(wanted(1)), first);
  assert.equal(await later.parentOf(wanted(0)), undefined);
  const blank = new ShardFinder(node.owner(), 'log', memory());
  assert.equal(await blank.parentOf(wanted(2)), undefined);
  node.busy = true;
  await assert.rejects(later.parentOf(wanted(2)), /later/);
});

test('a shard that was remembered and never founded is passed over', async () => {
  const node = new FakeNode();
  const kept = memory();
  const first = node.found(timeLabel('log', 0), 0);
  const ghost = new FakeNode().found('ghost', 7);
  const finder = new ShardFinder(node.owner(), 'log', kept);
  await finder.remember('log', { namespace: first, label: timeLabel('log', 0) });
  await finder.remember('log', { namespace: ghost, label: timeLabel('log', DAY) });
  assert.equal(await finder.parentOf(wanted(2)), first);
});

test('another key, another name, another label in the genesis: not ours', async () => {
  const node = new FakeNode();
  const own = timeLabel('log', 0);
  const told = timeLabel('log', DAY);
  node.listed.push(
    { namespace: node.found(own, 0), label: own },
    { namespace: node.found(told, 1, undefined, 2), label: told },
    { namespace: node.found(timeLabel('log/eu', DAY), 1), label: timeLabel('log/eu', DAY) },
    { namespace: node.found(timeLabel('log/us', DAY), 1), label: told },
  );
  const finder = new ShardFinder(node.owner(), 'log', memory());
  assert.equal(await finder.parentOf(wanted(2)), node.listed[0]?.namespace);
});

test('a memory that somebody has changed is no hint', async () => {
  const owned = join(folder, 'changed');
  const kept = new ShardMemory(owned, 'test');
  const namespace = new FakeNode().found('a', 0);
  await kept.add('log', { namespace, label: 'a' });
  assert.deepEqual(await kept.read('log'), [{ namespace, label: 'a' }]);
  const [file = ''] = readdirSync(join(owned, 'shards'));
  writeFileSync(join(owned, 'shards', file), '{"namespace":');
  assert.deepEqual(await kept.read('log'), []);
});
