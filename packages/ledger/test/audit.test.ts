import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NamespaceId, utf8 } from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import { auditNamespace } from '../src/index.ts';
import {
  createTestLedger,
  genesisPayload,
  seededSigner,
  type TestLedger,
} from './support/harness.ts';

async function world(): Promise<TestLedger & { namespace: NamespaceId }> {
  const made = await createTestLedger();
  const signer = seededSigner(40);
  const writer = await made.ledger.createNamespace(genesisPayload(signer), signer);
  await writer.append(Array.from({ length: 300 }, (_, i) => ({ payload: utf8(`record ${i}`) })));
  await made.time.advance(500);
  return { ...made, namespace: writer.namespace };
}

/** The store as it would be read after its disk has changed one thing. */
function damaged(store: LogStore, change: Partial<LogStore>): LogStore {
  return new Proxy(store, {
    get(target, name) {
      const own = (change as Record<string | symbol, unknown>)[name];
      if (own !== undefined) return own;
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

test('a sound namespace has no findings', async () => {
  const { store, components, namespace } = await world();
  const { crypto, verifier } = components;
  assert.deepEqual(await auditNamespace(namespace, { store, crypto, verifier }), []);
});

/** Offset in the entry and the code that the audit must give for a flipped bit there. */
const damages: readonly [string, number, string][] = [
  ['the namespace', 4, 'wrong-namespace'],
  ['the index', 27, 'invalid-index'],
  ['the timestamp', 35, 'invalid-signature'],
  ['the previous hash', 40, 'broken-chain'],
  ['the payload hash', 70, 'payload-mismatch'],
  ['the payload type', 103, 'invalid-signature'],
  ['the payload length', 107, 'payload-mismatch'],
  ['the key id', 120, 'wrong-writer'],
  ['the signature', 150, 'invalid-signature'],
];

for (const [what, offset, code] of damages) {
  test(`a flipped bit in ${what} of block 270 is found there`, async () => {
    const { store, components, namespace } = await world();
    const broken = damaged(store, {
      entries: async (id, from, count) => {
        const entries = await store.entries(id, from, count);
        return entries.map((entry, i) => (from + i === 270 ? flip(entry, offset) : entry));
      },
    });
    const options = { store: broken, crypto: components.crypto, verifier: components.verifier };
    const findings = await auditNamespace(namespace, options);
    assert.equal(findings[0]?.index, 270);
    assert.equal(findings[0].code, code);
  });
}

test('a changed payload is found', async () => {
  const { store, components, namespace } = await world();
  const broken = damaged(store, {
    payload: async (id, index) => {
      const payload = await store.payload(id, index);
      return index === 123 && payload !== undefined ? flip(payload, 0) : payload;
    },
  });
  const findings = await auditNamespace(namespace, { store: broken, crypto: components.crypto });
  assert.deepEqual([findings[0]?.index, findings[0]?.code], [123, 'payload-mismatch']);
});

test('a store that is behind its own checkpoint is found', async () => {
  const { store, components, namespace } = await world();
  const broken = damaged(store, {
    head: async (id) => {
      const head = await store.head(id);
      return head === undefined ? undefined : { ...head, size: 200 };
    },
  });
  const findings = await auditNamespace(namespace, { store: broken, crypto: components.crypto });
  assert.equal(findings[0]?.code, 'older-than-log');
});
