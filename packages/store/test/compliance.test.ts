import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createMemoryEngine,
  createMemoryStorage,
  type KeyValueEngine,
  type Row,
} from '../src/index.ts';
import { complianceCases } from '../src/testing/compliance.ts';

/** Ways in which an engine can be wrong; the suite must find each of them out. */
const BROKEN: Record<string, (engine: KeyValueEngine) => Partial<KeyValueEngine>> = {
  'writes although a condition fails': (engine) => ({
    commit: async (operations, conditions) => {
      await engine.commit(operations);
      await engine.commit([], conditions);
    },
  }),
  'ignores conditions': (engine) => ({ commit: (operations) => engine.commit(operations) }),
  'drops rows with a wrong append hint': (engine) => ({
    commit: async (operations, conditions) => {
      const last: Row[] = [];
      for await (const row of engine.range('entries', { reverse: true, limit: 1 })) last.push(row);
      const greatest = last[0]?.key[0] ?? -1;
      const kept = operations.filter(
        (operation) =>
          !(
            operation.type === 'put' &&
            operation.append === true &&
            operation.table === 'entries'
          ) || (operation.key[0] ?? 0) > greatest,
      );
      await engine.commit(kept, conditions);
    },
  }),
  'commits in pieces': (engine) => ({
    commit: async (operations, conditions) => {
      await engine.commit([], conditions);
      for (const operation of operations) await engine.commit([operation]);
    },
  }),
  'includes the upper bound': (engine) => ({
    range: (table, options = {}) => {
      const to = options.to === undefined ? {} : { to: Uint8Array.of(...options.to, 0) };
      return engine.range(table, { ...options, ...to });
    },
  }),
  'ignores the limit': (engine) => ({
    range: (table, options = {}) => {
      return engine.range(table, { ...options, limit: Number.POSITIVE_INFINITY });
    },
  }),
  'mixes up tables': (engine) => ({ get: (_, key) => engine.get('meta', key) }),
  'answers after closing': () => ({ close: async () => undefined }),
};

function engineWith(make: (engine: KeyValueEngine) => Partial<KeyValueEngine>) {
  return async () => {
    const storage = createMemoryStorage();
    return {
      open: async (): Promise<KeyValueEngine> => {
        const sound = createMemoryEngine({ storage });
        return {
          name: sound.name,
          durable: sound.durable,
          get: (table, key) => sound.get(table, key),
          range: (table, options) => sound.range(table, options),
          commit: (operations, conditions) => sound.commit(operations, conditions),
          sizeBytes: () => sound.sizeBytes(),
          close: () => sound.close(),
          ...make(sound),
        };
      },
      destroy: async () => undefined,
    };
  };
}

async function failures(make: (engine: KeyValueEngine) => Partial<KeyValueEngine>) {
  const failed: string[] = [];
  for (const each of complianceCases()) {
    await each.run(engineWith(make)).catch(() => failed.push(each.title));
  }
  return failed;
}

test('the compliance suite passes a sound engine', async () => {
  assert.deepEqual(await failures(() => ({})), []);
});

for (const [fault, make] of Object.entries(BROKEN)) {
  test(`the compliance suite finds an engine out that ${fault}`, async () => {
    assert.notDeepEqual(await failures(make), []);
  });
}
