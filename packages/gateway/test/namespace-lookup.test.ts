import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Ledger, NamespaceInfo } from '@basalt/ledger';
import type { NamespaceId } from '@basalt/protocol';
import { NamespaceLookup } from '../src/namespace-lookup.ts';
import { ScanGate } from '../src/scan-gate.ts';

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` as NamespaceId;

/** The two methods that a look-up needs, over a list that the test changes. */
function listed(labels: string[]) {
  let scans = 0;
  const info = (n: number): NamespaceInfo =>
    ({ namespace: id(n), label: labels[n] }) as unknown as NamespaceInfo;
  const ledger = {
    info: async (namespace: NamespaceId) => {
      const n = labels.findIndex((_, i) => id(i) === namespace);
      return n < 0 ? undefined : info(n);
    },
    async *namespaces() {
      scans++;
      for (const n of labels.keys()) yield info(n);
    },
  } as unknown as Ledger;
  return { ledger, scans: () => scans };
}

suite('namespaces by label', () => {
  test('one bearer is found, several are refused, new ones are seen', async () => {
    let nowMs = 0;
    const labels = ['a', 'b', 'b', ''];
    const { ledger, scans } = listed(labels);
    const lookup = new NamespaceLookup(ledger, { nowMs: () => nowMs });
    assert.equal(await lookup.findId('a'), id(0));
    assert.equal(await lookup.findId('a'), id(0));
    assert.equal(scans(), 1, 'a known label needs no scan');
    await assert.rejects(lookup.findId('b'), /several/);
    await assert.rejects(lookup.findId(''), /no namespace/);
    await assert.rejects(lookup.findId('c'), /no namespace/);
    labels.push('c');
    assert.equal((await lookup.find('c')).namespace, id(4));
    labels.push('a');
    nowMs = 2_000;
    await assert.rejects(lookup.findId('a'), /several/);
  });

  test('UUIDs have one spelling and need no scan', async () => {
    const { ledger, scans } = listed(['a']);
    const lookup = new NamespaceLookup(ledger, { nowMs: () => 0 });
    assert.equal((await lookup.find(id(0))).label, 'a');
    await assert.rejects(lookup.find(id(9)), /no namespace/);
    const upper = 'ABCDEF00-0000-4000-8000-000000000000';
    await assert.rejects(lookup.find(upper), /lower case/);
    assert.equal(scans(), 0);
  });
});

suite('scans', () => {
  test('take at most a twentieth of the time, and are shared', async () => {
    let nowMs = 0;
    let scans = 0;
    const gate = new ScanGate({ nowMs: () => nowMs }, async () => {
      scans++;
      nowMs += 105;
      await Promise.resolve();
    });
    await Promise.all([gate.run(), gate.run(), gate.run()]);
    assert.equal(scans, 1);
    assert.equal(gate.run(), undefined);
    nowMs += 1_999;
    assert.equal(gate.run(), undefined);
    nowMs += 1;
    await gate.run();
    assert.equal(scans, 2);
  });

  test('short ones run whenever they are wanted', async () => {
    let nowMs = 0;
    const gate = new ScanGate({ nowMs: () => nowMs }, async () => {
      nowMs += 1;
    });
    for (let i = 0; i < 10; i++) {
      const scan = gate.run();
      assert.ok(scan !== undefined);
      await scan;
    }
  });
});
