import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, encodeBlock, fromUtf8, utf8 } from '@basalt/protocol';
import {
  type Client,
  ClientError,
  createMemoryStorage,
  type FollowChainOptions,
  type FollowedChunk,
  followChain,
} from '../src/index.ts';
import { binary, type FakeChain, type FakeNode, seededSigner } from './fake-node.ts';
import { createSetup, isCode } from './setup.ts';

async function all(client: Client, options: FollowChainOptions): Promise<FollowedChunk[]> {
  const chunks: FollowedChunk[] = [];
  for await (const chunk of followChain(client, options)) chunks.push(chunk);
  return chunks;
}

const ranges = (chunks: readonly FollowedChunk[]): string =>
  chunks.map(({ from, to }) => `${from}-${to}`).join(' ');

/** Indexes of the pages of blocks that were asked for. */
function pages(node: FakeNode): string[] {
  return node.seen.flatMap(({ path }) => /blocks\?from=(\d+)/.exec(path)?.[1] ?? []);
}

/** Serves a changed page for blocks that begin at `from`. */
function alter(node: FakeNode, chain: FakeChain, from: number, index: number): void {
  node.intercept = ({ path }) => {
    if (!path.includes(`blocks?from=${from}&`)) return undefined;
    const count = Number(/count=(\d+)/.exec(path)?.[1]);
    const page = chain.blocks.slice(from, from + count).map((block) => encodeBlock(block));
    const last = page[index - from];
    assert.ok(last !== undefined);
    last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
    return binary(concatBytes(...page));
  };
}

test('a chain is followed from a snapshot with nothing older', async () => {
  const { client, chain, node } = createSetup(1_000);
  const { namespace } = chain;
  const size = chain.blocks.length;
  const chunks = await all(client, { namespace, height: 900, chunkBlocks: 64 });
  assert.equal(ranges(chunks), `900-964 964-${size}`);
  const blocks = chunks.flatMap((chunk) => chunk.blocks);
  assert.deepEqual(
    blocks.map(({ index }) => index),
    Array.from({ length: size - 900 }, (_, i) => 900 + i),
  );
  const payload = blocks[0]?.block.payload ?? new Uint8Array();
  assert.deepEqual(payload, chain.blocks[900]?.payload);
  const end = chunks.at(-1);
  assert.deepEqual(end?.snapshot.root, end?.checkpoint.checkpoint.root);
  assert.ok(pages(node).every((from) => Number(from) >= 900));
  // What is before the first followed block: checkpoint, keys, snapshot, its head and proofs.
  const { client: other, chain: same, node: asked } = createSetup(1_000);
  await followChain(other, { namespace: same.namespace, height: same.blocks.length - 1 }).next();
  assert.ok(asked.bytesSent < 20_000, `${asked.bytesSent} bytes`);
});

test('a walk that broke off goes on where it was, and later with what is new', async () => {
  const { another, chain, node } = createSetup(300);
  const { namespace } = chain;
  const storage = createMemoryStorage();
  const options = { namespace, height: 10, chunkBlocks: 100, storage };
  const size = chain.blocks.length;
  for await (const chunk of followChain(another({}), options)) {
    // The consumer fails in the second chunk: it is met again.
    if (chunk.from === 110) break;
  }
  const rest = await all(another({}), options);
  assert.equal(ranges(rest), `110-210 210-${size}`);
  node.rotate(chain, seededSigner(77));
  node.add(chain, 'by the next key');
  const more = await all(another({}), options);
  assert.equal(ranges(more), `${size}-${size + 2}`);
  assert.equal(fromUtf8(more[0]?.blocks[1]?.block.payload ?? new Uint8Array()), 'by the next key');
  assert.deepEqual(await all(another({}), options), []);
});

test('a wrong chunk is refused by name; the ones before it stay good', async () => {
  const { another, chain, node } = createSetup(300);
  const { namespace } = chain;
  const storage = createMemoryStorage();
  const options = { namespace, height: 10, chunkBlocks: 100, storage };
  alter(node, chain, 110, 150);
  const met: string[] = [];
  await assert.rejects(
    async () => {
      for await (const { from, to } of followChain(another({}), options)) met.push(`${from}-${to}`);
    },
    (error) => {
      assert.ok(error instanceof ClientError && error.kind === 'refused');
      assert.deepEqual([error.metadata['from'], error.metadata['to']], [110, 210]);
      assert.match(error.message, /^blocks 110 to 209: /);
      return true;
    },
  );
  assert.deepEqual(met, ['10-110']);
  node.intercept = undefined;
  assert.equal(ranges(await all(another({}), options)), `110-210 210-${chain.blocks.length}`);
});

test('a place that the log does not continue, and wrong peaks, are refused', async () => {
  const { another, chain, node } = createSetup(50);
  const { namespace } = chain;
  const other = createSetup(50);
  other.node.add(other.chain, 'another history');
  const storage = createMemoryStorage();
  const foreign = { namespace: other.chain.namespace, height: 5, storage };
  await all(other.another({}), foreign);
  const key = `place/${other.chain.namespace}`;
  const place = (await storage.read(key)) ?? '';
  for (let i = 0; i < 5; i++) node.add(chain, `own ${i}`);
  const moved = createMemoryStorage([[`place/${namespace}`, place]]);
  await assert.rejects(
    all(another({}), { namespace, height: 5, storage: moved }),
    isCode('invalid-proof', 'refused'),
  );
  node.intercept = async ({ path }, answer) => {
    if (!path.includes('/snapshots/')) return answer();
    const told = (await (await answer()).json()) as { peaks: string[] };
    const peaks = told.peaks.map((peak) => peak.replace(/^../, '00'));
    return Response.json({ ...told, peaks });
  };
  await assert.rejects(
    all(another({}), { namespace, height: 5 }),
    isCode('invalid-proof', 'refused'),
  );
  node.intercept = undefined;
  const blind = another({ verify: 'none' });
  await assert.rejects(
    all(blind, { namespace, height: 5 }),
    (error) => error instanceof ClientError,
  );
  assert.ok(utf8(place).length < 1_000);
});
