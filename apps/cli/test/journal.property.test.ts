import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BlockHash,
  blockHash,
  type ChainTip,
  createGenesisBlock,
  createSigner,
  decodeBlockPrefix,
  equalBytes,
  nobleProvider,
  tipAfter,
} from '@basalt/protocol';
import fc from 'fast-check';
import type { RecordSource } from '../src/input/source.ts';
import { appendSource } from '../src/journal/append-source.ts';
import { Journal, type Sink, type SinkOutcome } from '../src/journal/journal.ts';
import type { JournalStorage } from '../src/journal/storage.ts';

/** The process dies here. */
class Crash extends Error {}

/**
 * The world outside of the process, which a crash does not touch: a disk, a node, requests that are
 * still on the wire. Every act of the process on it is a step, and it may die at any step.
 */
class World {
  readonly files = new Map<string, Uint8Array>();
  readonly chain: { hash: BlockHash; payload: string }[] = [];
  tip: ChainTip;
  forks = 0;
  /** The journal said once that a source is over. */
  sawFinished = false;
  #steps = 0;
  #crashAt = Number.POSITIVE_INFINITY;
  /** Requests of a dead process that reach the node later. */
  #late: { blocks: Uint8Array; count: number }[] = [];
  readonly #random: () => number;

  constructor(tip: ChainTip, random: () => number) {
    this.tip = tip;
    this.#random = random;
  }

  start(crashAt: number): void {
    this.#steps = 0;
    this.#crashAt = crashAt;
  }

  /** True where the process dies at this step. */
  dies(): boolean {
    return this.#steps++ === this.#crashAt;
  }

  storage(): JournalStorage {
    const { files } = this;
    const half = (bytes: Uint8Array): Uint8Array =>
      bytes.slice(0, Math.floor(this.#random() * (bytes.length + 1)));
    const keep = (name: string, bytes: Uint8Array): void => {
      files.set(name, bytes.slice());
      this.sawFinished ||= isFinished(bytes);
    };
    return {
      read: async (name) => files.get(name)?.slice(),
      write: async (name, bytes) => {
        const dies = this.dies();
        files.set(name, dies ? half(bytes) : bytes.slice());
        if (dies) throw new Crash();
      },
      replace: async (name, bytes) => {
        if (this.dies()) {
          if (this.#random() < 0.5) keep(name, bytes);
          throw new Crash();
        }
        keep(name, bytes);
      },
      append: async (name, bytes, unitBytes) => {
        const dies = this.dies();
        const more = dies ? half(bytes) : bytes;
        const before = files.get(name) ?? new Uint8Array(0);
        const whole = before.subarray(0, before.length - (before.length % unitBytes));
        files.set(name, Buffer.concat([whole, more]));
        if (dies) throw new Crash();
      },
      remove: async (name) => {
        if (this.dies()) {
          if (this.#random() < 0.5) files.delete(name);
          throw new Crash();
        }
        files.delete(name);
      },
    };
  }

  sink(): Sink {
    return {
      url: 'http://node',
      submit: async (batch) => {
        if (this.#random() < 0.5) this.#deliverLate();
        if (this.dies()) {
          const fate = this.#random();
          if (fate < 0.4) this.#apply(batch);
          else if (fate < 0.8) this.#late.push(batch);
          throw new Crash();
        }
        const outcomes = this.#apply(batch);
        this.#deliverLate();
        return outcomes;
      },
    };
  }

  #deliverLate(): void {
    for (const batch of this.#late.splice(0)) this.#apply(batch);
  }

  #apply({ blocks, count }: { blocks: Uint8Array; count: number }): SinkOutcome[] {
    const outcomes: SinkOutcome[] = [];
    let offset = 0;
    for (let i = 0; i < count; i++) {
      const { block, end } = decodeBlockPrefix(blocks, offset);
      offset = end;
      const { index, previous } = block.entry.header;
      const hash = blockHash(block.entry);
      const there = this.chain[index - 1]; // index 0 is the genesis block
      if (there !== undefined) {
        const same = equalBytes(there.hash, hash);
        if (!same) this.forks++;
        outcomes.push({ status: same ? 'duplicate' : 'rejected', index, code: 'fork' });
      } else if (index === this.tip.size && equalBytes(previous, this.tip.headHash)) {
        this.chain.push({ hash, payload: Buffer.from(block.payload ?? []).toString() });
        this.tip = tipAfter(block, hash);
        outcomes.push({ status: 'accepted', index });
      } else {
        outcomes.push({ status: 'rejected', index, code: 'broken-chain' });
      }
    }
    return outcomes;
  }
}

const signer = createSigner(nobleProvider.suite(1).keyPairFromSeed(new Uint8Array(32).fill(7)));
/** Signatures are not what this test is about; a cheap stand-in makes 100 times more runs. */
const cheapSigner = { ...signer, sign: () => new Uint8Array(64) };
const genesis = createGenesisBlock({
  label: 'model',
  nonce: new Uint8Array(16),
  timestampMs: 1,
  signer,
});
const namespace = genesis.block.entry.header.namespace;

function createSource(
  name: string,
  order: RecordSource['order'],
  once: boolean,
  pieces: readonly (readonly string[])[],
): RecordSource {
  return {
    identity: name,
    order,
    once,
    format: 'lines',
    label: name,
    sizeBytes: undefined,
    async *read(onBytes) {
      for (const piece of pieces) {
        await Promise.resolve();
        onBytes(1);
        yield piece.map((text) => Buffer.from(text));
      }
    },
  };
}

/** One life of the process: recovers, then appends the source; true when it came to its end. */
async function live(world: World, source: RecordSource, crashAt: number): Promise<boolean> {
  world.start(crashAt);
  const journal = new Journal(world.storage());
  const sink = world.sink();
  let now = 1000;
  try {
    const { refusal } = await journal.recover(sink);
    assert.equal(refusal, undefined);
    const target = {
      namespace,
      journal,
      sink,
      signer: cheapSigner,
      provider: nobleProvider,
      clock: { nowMs: () => now++ },
    };
    const result = await appendSource(source, target, world.tip);
    assert.equal(result.refusal, undefined);
    return true;
  } catch (error) {
    if (error instanceof Crash) return false;
    throw error;
  }
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const orders = fc.constantFrom(
  { order: 'position', once: false } as const,
  { order: 'position', once: true } as const,
  { order: 'content', once: false } as const,
);
const crashes = fc.array(fc.nat(24), { maxLength: 12 });

test('interrupted anywhere, again and again: every record is there once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      orders,
      fc.array(fc.nat(3), { maxLength: 12 }), // sizes of the pieces
      crashes,
      fc.nat(),
      async ({ order, once }, sizes, crashAt, seed) => {
        let next = 0;
        // Twins where a record is known by its position; where it is by content they are one.
        const text = (): string => (order === 'position' ? `r${next++ % 3}` : `r${next++}`);
        const pieces = sizes.map((size) => Array.from({ length: size }, text));
        const world = new World(tipAfter(genesis.block, genesis.hash), randomFrom(seed));
        const source = createSource('s', order, once, pieces);
        let ended = false;
        for (const step of [...crashAt, Number.POSITIVE_INFINITY]) {
          ended = await live(world, source, step);
          if (ended) break;
          // A life that died after all was written and the input was closed is over as well:
          // the same standard input again would be new records.
          ended = once && world.sawFinished;
          if (ended) break;
        }
        assert.equal(ended, true);
        assert.equal(world.forks, 0);
        assert.deepEqual(
          world.chain.map((block) => block.payload),
          pieces.flat(),
        );
      },
    ),
    { numRuns: 400 },
  );
});

function isFinished(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).toString().includes('"finished":true');
}

test('two sources in turn, the first interrupted: both whole, none doubled', async () => {
  await fc.assert(
    fc.asyncProperty(orders, crashes, fc.nat(), async ({ order }, crashAt, seed) => {
      const world = new World(tipAfter(genesis.block, genesis.hash), randomFrom(seed));
      const names = ['a', 'b'];
      const sources = names.map((name) =>
        createSource(name, order, false, [[`${name}0`, `${name}1`], [`${name}2`]]),
      );
      const turns = [...crashAt, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (const [turn, step] of turns.entries()) await live(world, sources[turn % 2]!, step);
      const written = world.chain.map((block) => block.payload);
      for (const name of names) {
        const own = written.filter((payload) => payload.startsWith(name));
        assert.deepEqual(own, [`${name}0`, `${name}1`, `${name}2`]);
      }
      assert.equal(world.forks, 0);
    }),
    { numRuns: 200 },
  );
});

test('a source that grew at its end goes on there; one that changed is refused', async () => {
  const world = new World(tipAfter(genesis.block, genesis.hash), randomFrom(1));
  const never = Number.POSITIVE_INFINITY;
  await live(world, createSource('s', 'position', false, [['a', 'b']]), never);
  await live(world, createSource('s', 'position', false, [['a', 'b', 'c']]), never);
  assert.equal(world.chain.map((block) => block.payload).join(''), 'abc');
  const changed = createSource('s', 'position', false, [['a', 'X', 'c', 'd']]);
  await assert.rejects(live(world, changed, never), /not the same any more/);
  const shorter = createSource('s', 'position', false, [['a']]);
  await assert.rejects(live(world, shorter, never), /only 1 records now/);
  assert.equal(world.chain.length, 3);
});

test('standard input that was read to its end is new when it comes again', async () => {
  const world = new World(tipAfter(genesis.block, genesis.hash), randomFrom(1));
  const input = createSource('s', 'position', true, [['door open']]);
  await live(world, input, Number.POSITIVE_INFINITY);
  await live(world, input, Number.POSITIVE_INFINITY);
  assert.equal(world.chain.length, 2);
});
