import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Hash32,
  leafHash,
  type NamespaceId,
  nobleProvider,
  parseCheckpoint,
  parseNote,
  toHex,
  utf8,
  verifyConsistency,
  verifyInclusion,
} from '@basalt/protocol';
import { type CommitFault, createMemoryEngine, createMemoryStorage } from '@basalt/store';
import fc from 'fast-check';
import { auditNamespace, type LocalWriter } from '../src/index.ts';
import {
  createTestLedger,
  genesisPayload,
  seededSigner,
  settle,
  type TestLedger,
  TestTime,
} from './support/harness.ts';

/** What a run does, step by step; the same steps always give the same run. */
type Step =
  | { readonly do: 'append'; readonly writer: number; readonly count: number }
  | { readonly do: 'fault'; readonly fault: CommitFault }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'restart' };

const WRITERS = 3;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      writer: fc.nat({ max: WRITERS - 1 }),
      count: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(270)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      fault: fc.record({
        code: fc.constantFrom('io' as const, 'disk-full' as const),
        persisted: fc.boolean(),
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.integer({ min: 1, max: 2_500 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
);

/** One process lifetime after another over the same storage, with a model of what was promised. */
class World {
  readonly #storage = createMemoryStorage();
  #time = new TestTime();
  #fault: CommitFault | undefined;
  #current: TestLedger | undefined;
  readonly #namespaces: NamespaceId[] = [];
  /** Payload texts that were acknowledged, by namespace, with their index. */
  readonly acknowledged = new Map<NamespaceId, Map<number, string>>();
  /** The newest checkpoint that anybody has seen. */
  readonly #seen = new Map<NamespaceId, { size: number; root: Hash32 }>();
  #appended = 0;

  async open(): Promise<TestLedger> {
    const engine = createMemoryEngine({
      storage: this.#storage,
      commitFault: () => {
        const fault = this.#fault;
        this.#fault = undefined;
        return fault;
      },
    });
    this.#current = await createTestLedger({ engine, time: this.#time });
    return this.#current;
  }

  async run(steps: readonly Step[]): Promise<void> {
    await this.open();
    for (const one of steps) await this.#step(one);
    this.#fault = undefined;
    await this.#time.advance(5_000);
    await this.#checkEverything();
    await this.#current?.ledger.close();
  }

  async #step(one: Step): Promise<void> {
    switch (one.do) {
      case 'append':
        await this.#append(one.writer, one.count);
        break;
      case 'fault':
        this.#fault = one.fault;
        break;
      case 'advance':
        await this.#time.advance(one.ms);
        await this.#look();
        break;
      case 'restart':
        // Not closed: the process is gone, its timers and promises with it.
        this.#fault = undefined;
        this.#time = new TestTime(this.#time.nowMs());
        await this.open();
        break;
      default:
        one satisfies never;
    }
  }

  async #append(number: number, count: number): Promise<void> {
    const { ledger } = this.#current as TestLedger;
    const texts = Array.from({ length: count }, () => `record ${this.#appended++}`);
    try {
      const writer = await this.#writer(number);
      const known = this.acknowledged.get(writer.namespace) ?? new Map<number, string>();
      this.acknowledged.set(writer.namespace, known);
      const appended = await writer.append(texts.map((text) => ({ payload: utf8(text) })));
      appended.forEach(({ index }, i) => {
        assert.equal(known.has(index), false, 'an index is given once');
        known.set(index, texts[i] as string);
      });
    } catch (error) {
      // Only a fault of the disk may refuse, and the ledger says that it is read-only then.
      assert.equal((error as { code?: string }).code, 'read-only');
      assert.ok(ledger.readOnlyReason() !== undefined);
    }
    await settle();
  }

  async #writer(number: number): Promise<LocalWriter> {
    const { ledger } = this.#current as TestLedger;
    const signer = seededSigner(50 + number);
    const writer = await ledger.createNamespace(genesisPayload(signer, `w${number}`), signer);
    if (!this.#namespaces.includes(writer.namespace)) this.#namespaces.push(writer.namespace);
    return writer;
  }

  /** A light client: each new checkpoint must be consistent with the one before. */
  async #look(): Promise<void> {
    const { ledger, published } = this.#current as TestLedger;
    for (const namespace of this.#namespaces) {
      const note = await ledger.checkpoint(namespace);
      if (note === undefined) continue;
      const { size, root } = parseCheckpoint(parseNote(note).text);
      const before = this.#seen.get(namespace);
      if (before !== undefined) {
        assert.ok(size >= before.size, 'a checkpoint never shrinks');
        const proof = await ledger.consistencyProof(namespace, before.size, size);
        verifyConsistency({
          fromSize: before.size,
          fromRoot: before.root,
          toSize: size,
          toRoot: root,
          proof,
        });
      }
      if (before?.size !== size && published.length > 0) {
        const durable = published.some((known) => {
          return known.namespace === namespace && known.size >= size;
        });
        const earlier = before !== undefined && before.size === size;
        assert.ok(durable || earlier || before === undefined, 'published before it was shown');
      }
      this.#seen.set(namespace, { size, root });
    }
  }

  async #checkEverything(): Promise<void> {
    const { ledger, store } = this.#current as TestLedger;
    await this.#look();
    for (const [namespace, records] of this.acknowledged) {
      for (const [index, text] of records) {
        const block = await ledger.blockAt(namespace, index);
        assert.equal(new TextDecoder().decode(block?.payload), text);
        assert.deepEqual(await ledger.locate(block?.blockHash as never), { namespace, index });
      }
      const info = await ledger.info(namespace);
      if (info === undefined) continue;
      assert.equal(info.checkpointSize, info.size, 'everything is covered in the end');
      const index = info.size - 1;
      const proof = await ledger.inclusionProof(namespace, index);
      const [entry] = await ledger.entries(namespace, index, 1);
      assert.equal(toHex(leafHash(entry as Uint8Array)), toHex(proof.leafHash));
      verifyInclusion({ ...proof, proof: proof.hashes });
      const findings = await auditNamespace(namespace, { store, crypto: nobleProvider });
      assert.deepEqual(findings, []);
    }
  }
}

test('whatever fails and whenever: what was acknowledged is there and provable', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      await new World().run(steps);
    }),
    { numRuns: 25 },
  );
});

test('the checker trips: a world that forgets an acknowledged record is found out', async () => {
  const world = new World();
  await assert.rejects(async () => {
    const original = world.acknowledged.set.bind(world.acknowledged);
    world.acknowledged.set = (namespace, records) => {
      original(namespace, records);
      records.set(1_000_000, 'never stored');
      return world.acknowledged;
    };
    await world.run([{ do: 'append', writer: 0, count: 3 }]);
  });
});
