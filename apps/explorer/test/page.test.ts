import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, reasonOf } from '@basalt/client';
import { ERROR_CODES, type NamespaceId } from '@basalt/protocol';
import fc from 'fast-check';
import { formatAge, formatBytes, formatCount, formatInstant, shorten } from '../src/format.ts';
import { chainAddress, parseRoute } from '../src/page.ts';

const NAMESPACE = '1487919c-04b7-8e70-9b5b-be71a8e4a5e7' as NamespaceId;

test('addresses are read back, and anything else is the first page', () => {
  assert.deepEqual(parseRoute(chainAddress(NAMESPACE)), {
    name: 'chain',
    chain: NAMESPACE,
    index: undefined,
  });
  assert.deepEqual(parseRoute(chainAddress(NAMESPACE, 12)), {
    name: 'chain',
    chain: NAMESPACE,
    index: 12,
  });
  const hash = 'AB'.repeat(32);
  assert.deepEqual(parseRoute(`#/block/${hash}`), { name: 'block', hash: hash.toLowerCase() });
  for (const address of ['', '#', '#/', '#/ns', '#/ns/', '#/block/12', '#/elsewhere/1']) {
    assert.deepEqual(parseRoute(address), { name: 'chains' });
  }
  assert.deepEqual(parseRoute('#/ns/audit/-1'), {
    name: 'chain',
    chain: 'audit',
    index: undefined,
  });
});

test('property: no address throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { name } = parseRoute(`#/${text}`);
      assert.ok(['chains', 'chain', 'block'].includes(name));
    }),
  );
  assert.deepEqual(parseRoute('#/ns/%E0%A4%A'), { name: 'chains' });
});

test('numbers, sizes, ages and hashes as people read them', () => {
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.equal(formatBytes(999), '999 B');
  assert.equal(formatBytes(1_536), '1.5 KB');
  assert.equal(formatBytes(16_777_216), '17 MB');
  assert.equal(formatAge(1_000, 2_400), 'now');
  assert.equal(formatAge(0, 42_000), '42 s ago');
  assert.equal(formatAge(0, 600_000), '10 min ago');
  assert.equal(formatAge(0, 7_200_000), '2 h ago');
  assert.equal(formatAge(0, 3 * 86_400_000), '3 d ago');
  assert.equal(formatAge(60_000, 0), 'in 60 s');
  assert.equal(shorten('0123456789abcdef'), '01234567…cdef');
  assert.equal(formatInstant(0), '1970-01-01T00:00:00.000Z');
  assert.equal(formatInstant(9e15), '9000000000000000 ms', 'times that no calendar has');
});

test('every refusal has a sentence', () => {
  for (const code of Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]) {
    const error = new ClientError('refused', code, 'something was expected');
    assert.match(reasonOf(error), /^[A-Z].*\.$/);
  }
});
