/** One stream routed to topic x region x time: shards are made, closed, linked and found. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ClientError, createClient, createMemoryStorage } from '@basalt/client';
import { decodeClose, decodeGenesis, type NamespaceId, PAYLOAD_TYPE } from '@basalt/protocol';
import { ended, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
let node: TestNode;

before(async () => {
  node = await startTestNode(sandbox, ['--set', 'superEpochMs=200']);
});
after(async () => {
  await node.stop();
  sandbox[Symbol.dispose]();
});

interface Shard {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly appended: number;
  readonly known: number;
  readonly closed: boolean;
}

const DAY = 86_400;
const START = Date.UTC(2025, 10, 1) / 1_000;

/** Three days, two topics in two cities; `paris` is quiet on the second day. */
function stream(days: number): string {
  const lines: string[] = [];
  for (let hour = 0; hour < days * 24; hour += 4) {
    for (const city of ['berlin', 'paris']) {
      for (const kind of ['trips', 'metrics/cpu']) {
        if (city === 'paris' && Math.floor(hour / 24) === 1) continue;
        lines.push(JSON.stringify({ at: START + hour * 3_600, city, kind, value: hour }));
      }
    }
  }
  return lines.join('\n');
}

const BY = 'topic=kind,region=city,time=at:1d';

async function run(file: string, text: string): Promise<Shard[]> {
  writeFileSync(sandbox.path(file), text);
  const args = ['append', '-n', 'fleet', file, '--shard-by', BY, '--json', '--url', node.url];
  const { out } = await sandbox.ok(args);
  const lines = out.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Shard);
}

const client = () => createClient({ url: node.url, storage: createMemoryStorage() });
const byLabel = (shards: readonly Shard[]) => new Map(shards.map((one) => [one.label, one]));
const day = (number: number) =>
  new Date((START + number * DAY) * 1_000).toISOString().replace('.000Z', 'Z');

let first: Map<string, Shard>;

test('each record lands in the shard of its topic, region and day', async () => {
  first = byLabel(await run('fleet.ndjson', stream(3)));
  assert.equal(first.size, 2 * 3 + 2 * 2);
  for (const shard of first.values()) {
    const [, city, ...rest] = shard.label.split('/');
    assert.equal(shard.appended, 6, shard.label);
    assert.equal(shard.closed, !shard.label.endsWith(day(2)), shard.label);
    const from = shard.label.endsWith(day(0)) ? 1 : 2;
    const reader = client();
    for (let index = from; index < from + 6; index++) {
      const { block } = await reader.get({ namespace: shard.namespace, index });
      const record = JSON.parse(Buffer.from(block.payload ?? []).toString()) as {
        readonly at: number;
        readonly city: string;
        readonly kind: string;
      };
      assert.equal(record.city, city);
      assert.equal(record.kind, rest.slice(0, -1).join('/'));
      const begins = Date.parse(rest.at(-1) ?? '') / 1_000;
      assert.ok(record.at >= begins && record.at < begins + DAY);
    }
  }
});

test('a closed shard names the next, which names it, and takes nothing more', async () => {
  const reader = client();
  const links: readonly [number, number, string][] = [
    [0, 1, 'berlin'],
    [1, 2, 'berlin'],
    [0, 2, 'paris'],
  ];
  for (const [from, to, city] of links) {
    const one = first.get(`fleet/${city}/trips/${day(from)}`) as Shard;
    const next = first.get(`fleet/${city}/trips/${day(to)}`) as Shard;
    const head = await reader.head(one.namespace);
    assert.equal(head.block.entry.header.payloadType, PAYLOAD_TYPE.namespaceClose);
    assert.equal(decodeClose(head.block.payload as Uint8Array).next, next.namespace);
    const genesis = await reader.get({ namespace: next.namespace, index: 0 });
    assert.equal(decodeGenesis(genesis.block.payload as Uint8Array).parent, one.namespace);
  }
});

test('the light client verifies what a shard says of the one before', async () => {
  const before = first.get(`fleet/berlin/trips/${day(0)}`) as Shard;
  const after = first.get(`fleet/berlin/trips/${day(1)}`) as Shard;
  const found = await client().crossReference({ namespace: after.namespace, index: 1 });
  assert.equal(found.reference.targetNamespace, before.namespace);
  const { targetEntry, timestampMs } = found.reference;
  assert.equal(targetEntry.header.payloadType, PAYLOAD_TYPE.namespaceClose);
  assert.equal(found.statement.value?.size, targetEntry.header.index + 1);
  assert.ok(found.checkpoint.checkpoint.origin.endsWith('/super'));
  assert.ok(found.statement.superRoot.timestampMs <= timestampMs);
  await assert.rejects(
    client().crossReference({ namespace: after.namespace, index: 2 }),
    (error) => error instanceof ClientError && error.code === 'unknown-payload-type',
  );
});

test('the same import again appends nothing, a longer one goes on', async () => {
  const again = await run('fleet.ndjson', stream(3));
  assert.equal(again.length, first.size);
  for (const shard of again) {
    assert.deepEqual([shard.appended, shard.known], [0, 6], shard.label);
    assert.equal(shard.namespace, first.get(shard.label)?.namespace);
  }
  const longer = byLabel(await run('fleet.ndjson', stream(4)));
  assert.equal(longer.get(`fleet/paris/trips/${day(3)}`)?.appended, 6);
  assert.equal(longer.get(`fleet/paris/trips/${day(2)}`)?.closed, true);
});

test('another file goes on where an earlier import ended', async () => {
  const record = { at: START + 5 * DAY, city: 'paris', kind: 'trips', value: 1 };
  const [shard] = await run('later.ndjson', JSON.stringify(record));
  const found = await client().crossReference({
    namespace: (shard as Shard).namespace,
    index: 1,
  });
  const detail = (await (
    await fetch(`${node.url}/chains/${found.reference.targetNamespace}`)
  ).json()) as { readonly label: string; readonly continuedBy: string };
  assert.equal(detail.label, `fleet/paris/trips/${day(3)}`);
  assert.equal(detail.continuedBy, shard?.namespace);
});

test('a record that comes too late, or has no place, stops the import and says so', async () => {
  const late = { at: START + 10, city: 'berlin', kind: 'trips', value: 'late' };
  const newer = { at: START + 9 * DAY, city: 'berlin', kind: 'trips', value: 1 };
  const lines = (...records: object[]) => records.map((one) => JSON.stringify(one)).join('\n');
  const bad: readonly [string, string, RegExp][] = [
    ['late.ndjson', lines(newer, late), /record 2 belongs to a time shard that is closed/],
    ['timeless.ndjson', lines({ city: 'berlin' }), /no time in "at"/],
    ['text.ndjson', '"only text"', /no JSON object/],
  ];
  for (const [file, text, expected] of bad) {
    writeFileSync(sandbox.path(file), text);
    const args = ['append', '-n', 'fleet', file, '--shard-by', BY, '--url', node.url];
    const { code, err } = await sandbox.run(args);
    assert.ok(code === 2 || code === 4, err);
    assert.match(err, expected);
  }
  const wrong = await sandbox.run(['append', '-n', 'x', '--shard-by', 'colour=red']);
  assert.equal(wrong.code, 2);
});

test('an import that is killed again and again ends with each record once', async () => {
  writeFileSync(sandbox.path('killed.ndjson'), stream(4));
  const by = ['--shard-by', BY, '--json', '--url', node.url];
  const args = ['append', '-n', 'killed', 'killed.ndjson', ...by];
  let kills = 0;
  for (const afterMs of [900, 1_300, 1_700, 2_300]) {
    const child = sandbox.spawn(args, { input: '' });
    const end = ended(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    if ((await end).signal === 'SIGKILL') kills++;
    clearTimeout(timer);
  }
  assert.ok(kills >= 2, `${kills} kills`);
  const { out } = await sandbox.ok(args);
  const shards = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Shard);
  assert.equal(shards.length, 2 * 4 + 2 * 3);
  for (const { namespace, label, appended, known } of shards) {
    assert.equal(appended + known, 6, label);
    const isFirst = label.endsWith(day(0));
    const { block } = await client().head(namespace);
    const isClosed = block.entry.header.payloadType === PAYLOAD_TYPE.namespaceClose;
    assert.equal(isClosed, !label.endsWith(day(3)), label);
    // Genesis, the reference, six records, the close.
    const blocks = 1 + (isFirst ? 0 : 1) + 6 + (isClosed ? 1 : 0);
    assert.equal(block.entry.header.index + 1, blocks, label);
  }
});

test('search finds shards by place and time', async () => {
  const search = async (...args: string[]): Promise<string[]> => {
    const { out } = await sandbox.ok(['search', ...args, '--json', '--url', node.url]);
    const lines = out.trim() === '' ? [] : out.trim().split('\n');
    return lines.map((line) => (JSON.parse(line) as { label: string }).label);
  };
  const prefix = 'fleet/berlin/trips';
  const one = await search('--prefix', prefix, '--since', day(1), '--until', day(2));
  assert.deepEqual(one, [`${prefix}/${day(1)}`]);
  const words = await search('fleet', 'paris', 'cpu', '--kind', 'temporal');
  assert.ok(words.length >= 3 && words.every((label) => label.startsWith('fleet/paris/metrics')));
  const table = await sandbox.ok(['search', 'paris', '--url', node.url]);
  assert.match(table.out, /geographic x topic x temporal/);
  const none = await sandbox.ok(['search', 'nowhere', '--url', node.url]);
  assert.match(none.out, /no namespace is like that/);
});

/** Size and successor of what a node has under a label; fails where several have it. */
async function stateOf(label: string): Promise<{ size: number; next: string; id: string }> {
  const found: string[] = [];
  for await (const one of client().namespaces()) {
    if (one.label === label) found.push(one.namespace);
  }
  assert.equal(found.length, 1, `${label}: ${found.join(' ')}`);
  const [id = ''] = found;
  const answer = await fetch(`${node.url}/chains/${id}`);
  const { size, continuedBy = '' } = (await answer.json()) as {
    readonly size: number;
    readonly continuedBy?: string;
  };
  return { size, next: continuedBy, id };
}

async function importDays(name: string, by: string, days: number): Promise<void> {
  for (let number = 0; number < days; number++) {
    const file = `${name.replaceAll('/', '-')}-${number}.ndjson`;
    const at = START + number * DAY;
    writeFileSync(sandbox.path(file), JSON.stringify({ at, site: 'eu', value: number }));
    await sandbox.ok(['append', '-n', name, file, '--shard-by', by, '--url', node.url]);
  }
}

async function assertChain(lane: string, days: number): Promise<void> {
  for (let number = 0; number < days; number++) {
    const { size, next } = await stateOf(`${lane}/${day(number)}`);
    const isLast = number === days - 1;
    // Genesis, the reference, one record, the close.
    assert.equal(size, 1 + (number === 0 ? 0 : 1) + 1 + (isLast ? 0 : 1), `${lane} ${number}`);
    assert.equal(next, isLast ? '' : (await stateOf(`${lane}/${day(number + 1)}`)).id);
  }
}

test('one file a day in quick succession: a chain, and again changes nothing', async () => {
  await importDays('loop', 'time=at:1d', 4);
  await assertChain('loop', 4);
  await importDays('loop', 'time=at:1d', 4);
  await assertChain('loop', 4);
});

test('names that begin alike under one key keep to their own shards', async () => {
  const both = ['--key', 'both'];
  const take = async (name: string, number: number): Promise<void> => {
    const at = START + number * DAY;
    writeFileSync(sandbox.path('alike.ndjson'), JSON.stringify({ at, value: `${name} ${number}` }));
    const by = ['--shard-by', 'time=at:1d', '--url', node.url];
    await sandbox.ok(['append', '-n', name, 'alike.ndjson', ...both, ...by]);
  };
  await take('log/eu', 0);
  await new Promise((resolve) => setTimeout(resolve, 1_200)); // also an index that lags knows it
  await take('log', 1);
  assert.equal((await stateOf(`log/eu/${day(0)}`)).next, '');
  await take('log/eu', 1);
  await take('log', 2);
  await assertChain('log/eu', 2);
  assert.equal((await stateOf(`log/${day(1)}`)).next, (await stateOf(`log/${day(2)}`)).id);
});

test('a label with slashes is a name; several with one label are told by id', async () => {
  const label = `loop/${day(0)}`;
  const url = ['--url', node.url];
  const { out } = await sandbox.ok(['get', '-n', label, '1', ...url]);
  assert.match(out, /"value":0/);
  const absent = await sandbox.run(['head', '-n', 'loop/nothing', ...url]);
  assert.equal(absent.code, 4);
  assert.match(absent.err, /no namespace "loop\/nothing"/);
  writeFileSync(sandbox.path('twin.ndjson'), JSON.stringify({ at: START, value: 0 }));
  const by = ['--shard-by', 'time=at:1d', ...url];
  await sandbox.ok(['append', '-n', 'loop', 'twin.ndjson', '--key', 'twin', ...by]);
  await new Promise((resolve) => setTimeout(resolve, 1_200)); // the index is a second old at most
  const several = await sandbox.run(['head', '-n', label, ...url]);
  assert.equal(several.code, 4);
  assert.match(several.err, /2 namespaces have the name/);
});

test('Ctrl+C ends a sharded import in order, and the same command goes on', async () => {
  const count = 30_000;
  const lines = Array.from({ length: count }, (_, value) =>
    JSON.stringify({ at: START + Math.floor((value * 2) / count) * DAY, value }),
  );
  writeFileSync(sandbox.path('broken.ndjson'), lines.join('\n'));
  const by = ['--shard-by', 'time=at:1d', '--json', '--url', node.url];
  const args = ['append', '-n', 'broken', 'broken.ndjson', ...by];
  const child = sandbox.spawn(args, { input: '' });
  const end = ended(child);
  // Once there is a shard, its writer is at work.
  for (let isThere = false; !isThere; ) {
    for await (const { label, size } of client().namespaces()) {
      isThere ||= label.startsWith('broken/') && size > 1;
    }
  }
  child.kill('SIGINT');
  const { code, err } = await end;
  assert.equal(code, 130, err);
  assert.doesNotMatch(err, /unsettled/);
  const { out } = await sandbox.ok(args);
  const shards = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Shard);
  assert.deepEqual(
    shards.map(({ appended, known }) => appended + known),
    [count / 2, count / 2],
  );
  assert.deepEqual(
    (await Promise.all([0, 1].map((number) => stateOf(`broken/${day(number)}`)))).map(
      ({ size }) => size,
    ),
    [count / 2 + 2, count / 2 + 2],
  );
});
