import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CliError } from '../src/errors.ts';
import type { RecordSource } from '../src/input/source.ts';
import { SHARDS_OPEN_MAX } from '../src/limits.ts';
import { lookThrough, PlaceOrder } from '../src/shards/look-through.ts';
import { parseShardSpec, placeOf } from '../src/shards/shard-spec.ts';

const nowMs = Date.UTC(2026, 10, 20, 12);
const spec = parseShardSpec('region=city,time=at:1d');
const order = (): PlaceOrder => new PlaceOrder(spec, { nowMs: () => nowMs });
const bytes = (record: object): Uint8Array => Buffer.from(JSON.stringify(record));
const is = (code: string, message: RegExp) => (error: CliError) =>
  error.code === code && message.test(error.message);

test('a time well past the clock is a wrong unit: refused with its record', () => {
  const at = (value: unknown): number | undefined =>
    placeOf(spec, bytes({ at: value }), { position: 7, nowMs }).epoch;
  const today = Date.UTC(2026, 10, 20) / 1_000;
  for (const good of [nowMs / 1_000, nowMs, String(nowMs), new Date(nowMs).toISOString()]) {
    assert.equal(at(good), today, String(good));
  }
  const day = 86_400;
  assert.equal(at(nowMs / 1_000 + 2 * day), today + 2 * day);
  const far: readonly [unknown, RegExp][] = [
    [nowMs / 1_000 + 2 * day + 1, /^record 7 has \d+ in "at", read as seconds/],
    [nowMs * 1_000, /^record 7 has \d+ in "at", read as milliseconds/],
    [nowMs * 1_000_000, /read as milliseconds/],
    [1e300, /^record 7 has 1e\+300 in "at"/],
    ['9'.repeat(400), /^record 7 has 9{40} in "at"/],
    ['2062-11-20T12:00:00Z', /^record 7 has 2062-11-20T12:00:00Z in "at", read as a date/],
  ];
  for (const [value, message] of far) assert.throws(() => at(value), is('not-routable', message));
  for (const none of [undefined, null, -1, 'soon', {}, true]) {
    assert.throws(() => at(none), is('not-routable', /^record 7 has no time in "at"/));
  }
});

test('an older time in a topic and region is late, in another one it is not', () => {
  const places = order();
  const take = (city: string, day: number): unknown =>
    places.next(bytes({ city, at: Date.UTC(2026, 10, day) / 1_000 }));
  take('berlin', 2);
  take('paris', 1);
  take('berlin', 2);
  assert.throws(() => take('berlin', 1), is('late-record', /^record 4 /));
});

test('one more topic and region than are open at once', () => {
  const places = order();
  const take = (city: number): unknown => places.next(bytes({ city, at: 1 }));
  for (let city = 0; city < SHARDS_OPEN_MAX; city++) take(city);
  take(0);
  assert.throws(() => take(-1), is('too-many-shards', /^record 258 .* 256 /));
});

test('an input is read to its end, or to the abort', async () => {
  let pieces = 0;
  const stop = new AbortController();
  const source = {
    async *read() {
      for (; pieces < 10; pieces++) {
        if (pieces === 5) stop.abort();
        yield [bytes({ city: 'berlin', at: pieces })];
      }
    },
  } as unknown as RecordSource;
  await lookThrough(source, order(), stop.signal);
  assert.equal(pieces, 5);
  const places = order();
  await lookThrough(source, places, new AbortController().signal);
  assert.equal(places.records, 5);
});
