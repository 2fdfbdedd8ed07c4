import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { FILTER_SALT_BYTES, filterBits, filterBytes, HashFilter } from '../src/filter.ts';

/** Deterministic uniform bytes, fast: AES would do; SHA-256 in counter mode is simple. */
function uniform(seed: string, count: number): Uint8Array {
  const bytes = new Uint8Array(count * 16);
  for (let i = 0; i < count; i += 2) {
    const digest = createHash('sha256').update(`${seed}/${i}`).digest();
    bytes.set(digest.subarray(0, Math.min(32, bytes.length - 16 * i)), 16 * i);
  }
  return bytes;
}

test('10 million keys at 0.1 % take 17.97 MB', () => {
  assert.equal(filterBits(10_000_000), 143_780_000);
  assert.equal(filterBytes(10_000_000), 17_972_500);
  const filter = new HashFilter(10_000_000, new Uint8Array(FILTER_SALT_BYTES).fill(7));
  assert.equal(filter.bytes, 17_972_500);
});

test('1 million keys: no false negative, 0.1 % false positives, at every filling', () => {
  const keys = 1_000_000;
  const filter = new HashFilter(keys, randomBytes(FILTER_SALT_BYTES));
  const members = uniform('member', keys);
  const strangers = uniform('stranger', 400_000);
  let tested = 0;
  for (let i = 0; i < keys; i++) {
    filter.add(members, 16 * i);
    if ((i + 1) % 250_000 !== 0) continue;
    let missed = 0;
    for (let j = 0; j <= i; j++) if (!filter.has(members, 16 * j)) missed++;
    assert.equal(missed, 0);
    tested++;
  }
  assert.equal(tested, 4);
  assert.equal(filter.keys, keys);
  let wrong = 0;
  for (let i = 0; i < 400_000; i++) if (filter.has(strangers, 16 * i)) wrong++;
  // Expected 400 with a deviation of 20; a filter that lets everything through would fail too.
  assert.ok(wrong > 250 && wrong < 550, `${wrong} of 400,000`);
});

test('the rate is 0.1 % in small filters and stays graceful at twice the capacity', () => {
  for (const [keys, most] of [
    [10_000, 0.0016],
    // (1 - e^(-10 * 2 / 14.378))^10 = 5.7 %
    [20_000, 0.065],
  ] as const) {
    const filter = new HashFilter(10_000, randomBytes(FILTER_SALT_BYTES));
    const members = uniform('m', keys);
    for (let i = 0; i < keys; i++) filter.add(members, 16 * i);
    for (let i = 0; i < keys; i++) assert.ok(filter.has(members, 16 * i));
    const strangers = uniform('s', 100_000);
    let wrong = 0;
    for (let i = 0; i < 100_000; i++) if (filter.has(strangers, 16 * i)) wrong++;
    assert.ok(wrong / 100_000 < most, `${wrong} of 100,000 at ${keys} keys`);
  }
});

test('what one filter lets through tells nothing about another: the salt differs', () => {
  const members = uniform('m', 10_000);
  const strangers = uniform('s', 200_000);
  const passing = [1, 2].map((salt) => {
    const filter = new HashFilter(10_000, new Uint8Array(FILTER_SALT_BYTES).fill(salt));
    for (let i = 0; i < 10_000; i++) filter.add(members, 16 * i);
    const through: number[] = [];
    for (let i = 0; i < 200_000; i++) if (filter.has(strangers, 16 * i)) through.push(i);
    return through;
  });
  const [first = [], second = []] = passing;
  assert.ok(first.length > 100 && second.length > 100);
  const both = first.filter((i) => second.includes(i));
  assert.ok(both.length < 10, `${both.length} strangers pass both`);
});

test('without the salt a salt is not shared through a pool of buffers', () => {
  // randomBytes gives a view into a pool: only its 40 bytes may count.
  const pool = new Uint8Array(4096).fill(9);
  const salt = Buffer.from(pool.buffer, 100, FILTER_SALT_BYTES);
  const filter = new HashFilter(1000, salt);
  const key = uniform('k', 1);
  filter.add(key);
  salt.fill(0);
  assert.ok(filter.has(key));
});
