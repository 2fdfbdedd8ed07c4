import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CliError } from '../src/errors.ts';
import { lockFolder } from '../src/folder-lock.ts';
import { DiskStorage } from '../src/journal/disk-storage.ts';
import { foldRecord, sha256 } from '../src/journal/fold.ts';
import { Journal, type Sink } from '../src/journal/journal.ts';
import { decodePending, encodePending } from '../src/journal/pending.ts';
import { decodeProgress, encodeProgress, startProgress } from '../src/journal/progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt journal '));
after(() => rmSync(folder, { recursive: true, force: true }));

const batch = {
  sequence: 7,
  url: 'http://a',
  source: 's',
  order: 'position' as const,
  position: 3,
  fold: sha256(Buffer.from('x')),
  count: 0,
  blocks: new Uint8Array(0),
};

test('a pending batch reads back; torn or changed anywhere, it was never sent', () => {
  const bytes = encodePending(batch);
  assert.deepEqual(decodePending(bytes), { ...batch, fold: Buffer.from(batch.fold) });
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(decodePending(bytes.subarray(0, length)), undefined);
  }
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(decodePending(changed), undefined);
  }
});

test('the fold binds records to their positions', () => {
  const [a, b] = [sha256(Buffer.from('a')), sha256(Buffer.from('b'))];
  const start = new Uint8Array(32);
  const ab = foldRecord(foldRecord(start, 0, a), 1, b);
  assert.notDeepEqual(ab, foldRecord(foldRecord(start, 0, b), 1, a));
  assert.notDeepEqual(foldRecord(start, 0, a), foldRecord(start, 1, a));
});

test('progress reads back, other texts are none', () => {
  const progress = { ...startProgress('x.csv'), position: 5, lastIndex: 6 };
  assert.deepEqual(decodeProgress(encodeProgress(progress)), {
    ...progress,
    fold: Buffer.from(progress.fold),
  });
  for (const text of ['', '{}', '{"version":2}', '{"version":1,"position":-0.5}']) {
    assert.equal(decodeProgress(text), undefined);
  }
});

test('the disk keeps what the journal writes; a torn unit is cut off', async () => {
  const storage = new DiskStorage(folder);
  await storage.write('slot', Buffer.from('a longer text'));
  await storage.write('slot', Buffer.from('short'));
  assert.equal(Buffer.from((await storage.read('slot')) ?? []).toString(), 'short');
  await storage.append('keys', Buffer.from('aabb'), 2);
  writeFileSync(join(folder, 'keys'), 'aabbc'); // a torn append
  await storage.append('keys', Buffer.from('dd'), 2);
  assert.equal(readFileSync(join(folder, 'keys'), 'utf8'), 'aabbdd');
  await storage.replace('p.json', Buffer.from('{}'));
  await storage.remove('slot');
  assert.equal(await storage.read('slot'), undefined);
  assert.equal(await storage.read('never'), undefined);
  await storage.close();
});

test('what was meant for one node is not sent to another', async () => {
  const storage = new DiskStorage(mkdtempSync(join(folder, 'other ')));
  await new Journal(storage).begin({ ...batch, url: 'http://a' });
  const sink: Sink = {
    url: 'http://b',
    submit: () => assert.fail('nothing must be sent'),
  };
  await assert.rejects(new Journal(storage).recover(sink), (error: unknown) => {
    assert.ok(error instanceof CliError);
    assert.equal(error.code, 'other-node');
    assert.match(error.hint ?? '', /http:\/\/a/);
    return true;
  });
  await storage.close();
});

test('the newest index is remembered: a node that has less was set back', async () => {
  const storage = new DiskStorage(mkdtempSync(join(folder, 'newest ')));
  const journal = new Journal(storage);
  assert.equal(await journal.newestIndex(batch.url), -1);
  const progress = { ...startProgress('x'), lastIndex: 7 };
  await journal.close('one', progress, false);
  await journal.close('two', { ...progress, lastIndex: 5 }, false);
  await journal.forget('one');
  assert.equal(await new Journal(storage).newestIndex(batch.url), 7);
  await storage.close();
});

test('one writer at a time; the lock of a process that is gone counts for nothing', () => {
  const place = mkdtempSync(join(folder, 'lock '));
  const lock = lockFolder(place, 'x');
  assert.throws(() => lockFolder(place, 'x'), /another basalt \(process \d+\) is writing/);
  lock.release();
  lockFolder(place, 'x').release();
  writeFileSync(join(place, 'lock'), '999999999 1\n');
  lockFolder(place, 'x').release();
  // The same number, but a process that started at another time.
  writeFileSync(join(place, 'lock'), `${process.pid} 1\n`);
  if (process.platform === 'linux') lockFolder(place, 'x').release();
});
