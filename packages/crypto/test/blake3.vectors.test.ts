import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nobleProvider, toHex } from '@basalt/protocol';
import fc from 'fast-check';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { createBlake3, readBlake3Module } from '../src/kernel/blake3-kernel.ts';

interface VectorFile {
  readonly cases: readonly { readonly input_len: number; readonly hash: string }[];
}

const blake3 = createBlake3();

test('BLAKE3 team: 35 lengths', { skip: skipReason('blake3') }, () => {
  const file = conformanceFile('blake3', 'test_vectors.json');
  assert.ok(file);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as VectorFile;
  assert.equal(cases.length, 35);
  for (const { input_len: length, hash } of cases) {
    const input = Uint8Array.from({ length }, (_, i) => i % 251);
    // The vectors have extended output; its first 32 bytes are the hash.
    assert.equal(toHex(blake3(input)), hash.slice(0, 64), `${length} bytes`);
  }
});

test('agrees with noble on any input, also over pieces of 64 KiB', () => {
  assert.notEqual(blake3, nobleProvider.blake3, 'the kernel is compiled and in use');
  const near = fc.tuple(
    fc.constantFrom(0, 64, 1024, 2048, 4096, 65_536, 131_072, 196_608),
    fc.integer({ min: -2, max: 2 }),
  );
  const length = fc.oneof(
    fc.nat(9_000),
    near.map(([at, by]) => Math.max(0, at + by)),
  );
  fc.assert(
    fc.property(length, fc.nat(255), (bytes, seed) => {
      const input = Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + seed) & 0xff);
      assert.equal(toHex(blake3(input)), toHex(nobleProvider.blake3(input)));
    }),
    { numRuns: 60 },
  );
});

test('a kernel that computes wrongly, or none, gives way to noble', () => {
  assert.ok(readBlake3Module());
  assert.notEqual(createBlake3(readBlake3Module()), nobleProvider.blake3);
  const good = readFileSync(new URL('../build/blake3.wasm', import.meta.url));
  for (const hex of ['67e6096a', '0206030a']) {
    const at = good.indexOf(Buffer.from(hex, 'hex'));
    assert.ok(at > 0, 'the constant is in the module');
    const bad = new Uint8Array(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    assert.equal(createBlake3(new WebAssembly.Module(bad)), nobleProvider.blake3);
  }
});
