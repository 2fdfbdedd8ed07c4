import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Condition,
  createLogStore,
  createMemoryEngine,
  createMemoryStorage,
  type EngineLogStore,
  fsck,
  type KeyValueEngine,
  StoreError,
  type WriteOperation,
} from '../src/index.ts';
import { TestChain } from './support/chain.ts';

/** A memory engine whose commits wait until the test lets them go, like a slow disk. */
function slowEngine(): {
  readonly engine: KeyValueEngine;
  readonly waiting: (() => void)[];
  commits: number;
} {
  const sound = createMemoryEngine();
  const control = { engine: sound, waiting: [] as (() => void)[], commits: 0 };
  control.engine = {
    name: 'slow',
    durable: false,
    get: (table, key) => sound.get(table, key),
    range: (table, options) => sound.range(table, options),
    sizeBytes: () => sound.sizeBytes(),
    close: () => sound.close(),
    async commit(operations: readonly WriteOperation[], conditions?: readonly Condition[]) {
      control.commits++;
      if (control.commits > 1) {
        await new Promise<void>((resolve) => {
          control.waiting.push(resolve);
        });
      }
      await sound.commit(operations, conditions);
    },
  };
  return control;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets every commit go until the work is done. */
async function settle(control: { waiting: (() => void)[] }, work: Promise<unknown>): Promise<void> {
  let done = false;
  const finished = work.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  while (!done) {
    await turn();
    for (const go of control.waiting.splice(0)) go();
  }
  await finished;
}

async function assertClean(store: EngineLogStore): Promise<void> {
  for await (const event of fsck(store)) {
    assert.ok(event.kind !== 'finding', `fsck: ${JSON.stringify(event)}`);
  }
}

test('appends that wait while a commit runs share the next one, and its answer', async () => {
  const control = slowEngine();
  const store = await createLogStore(control.engine);
  const chains = Array.from({ length: 10 }, (_, i) => new TestChain(i + 1));
  const answered: number[] = [];
  const append = (i: number): Promise<void> => {
    const chain = chains[i] as TestChain;
    return store.append(chain.grow(1)).then(() => {
      answered.push(i);
    });
  };
  const first = append(0);
  await turn();
  assert.equal(control.commits, 2, 'the first group is at the disk');
  const rest = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(append);
  const more = append(1);
  await turn();
  assert.equal(control.commits, 2, 'nothing else goes while it is');
  assert.deepEqual(answered, []);
  // Readers see what was before.
  assert.equal(await store.head(chains[0]?.namespace as never), undefined);
  await settle(control, Promise.all([first, ...rest, more]));
  assert.equal(control.commits, 3, 'ten appends, one more commit');
  assert.equal(answered[0], 0);
  assert.equal((await store.head(chains[1]?.namespace as never))?.size, 2);
  await assertClean(store);
  await store.close();
});

test('calls of one turn share the first commit', async () => {
  const control = slowEngine();
  const store = await createLogStore(control.engine);
  const chain = new TestChain(1);
  const writes = Array.from({ length: 30 }, () => store.append(chain.grow(1)));
  await settle(control, Promise.all(writes));
  assert.equal(control.commits, 2);
  await store.close();
});

test('an append that is out of date fails alone; its neighbours in the group go on', async () => {
  const control = slowEngine();
  const store = await createLogStore(control.engine);
  const [a, b] = [new TestChain(1), new TestChain(2)];
  const good1 = store.append(a.grow(2));
  const stale = store.append({ ...a.grow(1), expectedSize: 7 });
  const lost = a.blocks.pop();
  assert.ok(lost !== undefined);
  const good2 = store.append(b.grow(3));
  const gap = store.append({ ...new TestChain(3).grow(1), expectedSize: 1 });
  const outcome = Promise.allSettled([good1, stale, good2, gap]);
  await settle(control, outcome);
  const results = await outcome;
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'ok' : result.reason.code)),
    ['ok', 'conflict', 'ok', 'conflict'],
  );
  assert.equal(control.commits, 2);
  assert.equal((await store.head(a.namespace))?.size, 2);
  assert.equal((await store.head(b.namespace))?.size, 3);
  await store.close();
});

test('of two appends on one head within a group the first wins', async () => {
  const store = await createLogStore(createMemoryEngine());
  const chain = new TestChain(1);
  const one = chain.grow(1);
  const results = await Promise.allSettled([store.append(one), store.append(one)]);
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected'],
  );
  assert.equal((await store.head(chain.namespace))?.size, 1);
  await assertClean(store);
  await store.close();
});

test('appendAll is all or nothing, also within a group and over one namespace twice', async () => {
  const store = await createLogStore(createMemoryEngine());
  const [a, b] = [new TestChain(1), new TestChain(2)];
  await store.appendAll(
    [a.grow(2), b.grow(2), a.grow(300)],
    [{ name: 'r', value: Uint8Array.of(1) }],
  );
  const [nextA, nextB] = [a.grow(1), b.grow(1)];
  const failing = store.appendAll(
    [nextA, { ...nextB, expectedSize: 9 }],
    [{ name: 'r', value: Uint8Array.of(2) }],
  );
  await assert.rejects(failing, (e) => e instanceof StoreError && e.code === 'conflict');
  assert.equal((await store.head(a.namespace))?.size, 302);
  assert.deepEqual(await store.record('r'), Uint8Array.of(1));
  await store.appendAll([nextA, nextB]);
  assert.equal((await store.head(a.namespace))?.size, 303);
  await assertClean(store);
  await store.close();
});

test('a failed commit fails every member of its group, and the store goes on', async () => {
  for (const persisted of [false, true]) {
    let fail = false;
    const engine = createMemoryEngine({
      commitFault: () => (fail ? { code: 'io', persisted } : undefined),
    });
    const store = await createLogStore(engine);
    const [a, b] = [new TestChain(1), new TestChain(2)];
    await store.append(a.grow(300));
    fail = true;
    const [nextA, nextB] = [a.grow(250), b.grow(5)];
    const results = await Promise.allSettled([store.append(nextA), store.append(nextB)]);
    fail = false;
    for (const result of results) {
      assert.equal(result.status === 'rejected' && result.reason.code, 'io');
    }
    const size = persisted ? 550 : 300;
    assert.equal((await store.head(a.namespace))?.size, size);
    if (persisted) {
      await assert.rejects(
        store.append(nextA),
        (e) => e instanceof StoreError && e.code === 'conflict',
      );
    } else {
      await store.append(nextA);
      await store.append(nextB);
    }
    await store.append(a.grow(1));
    for (const block of [0, 299, 300, 511, 549, 550].map((i) => a.blocks[i])) {
      const place = { namespace: a.namespace, index: block?.index };
      assert.deepEqual(await store.locate(block?.blockHash as never), place);
    }
    await assertClean(store);
    await store.close();
  }
});

test('disk-full reaches the caller, nothing was kept, and there is room again later', async () => {
  let full = true;
  const engine = createMemoryEngine({
    commitFault: (_, commit) =>
      full && commit > 0 ? { code: 'disk-full', persisted: false } : undefined,
  });
  const store = await createLogStore(engine);
  const chain = new TestChain(1);
  const next = chain.grow(3);
  for (let i = 0; i < 3; i++) {
    await assert.rejects(
      store.append(next),
      (e) => e instanceof StoreError && e.code === 'disk-full',
    );
  }
  full = false;
  await store.append(next);
  assert.equal((await store.head(chain.namespace))?.size, 3);
  await store.close();
});

test('two stores over one storage: the second writer is told, nothing is mixed up', async () => {
  const storage = createMemoryStorage();
  const one = await createLogStore(createMemoryEngine({ storage }));
  const two = await createLogStore(createMemoryEngine({ storage }));
  const [a, b] = [new TestChain(1), new TestChain(2)];
  await one.append(a.grow(2));
  const next = b.grow(2);
  await assert.rejects(two.append(next), (e) => e instanceof StoreError && e.code === 'io');
  await two.append(next);
  assert.equal((await two.head(a.namespace))?.size, 2);
  await assertClean(two);
});

test('a group is bounded: 40 MiB of payloads take several commits', async () => {
  const control = slowEngine();
  const store = await createLogStore(control.engine);
  const chain = new TestChain(1);
  const payload = new Uint8Array(4 * 1024 * 1024).fill(1);
  const writes = Array.from({ length: 10 }, () => store.append(chain.append([payload])));
  await settle(control, Promise.all(writes));
  assert.equal(control.commits - 1, 2);
  await store.close();
});
