import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock, Scheduler } from '@basalt/protocol';
import { MemoryNetwork } from '../support/memory-network.ts';
import {
  namespaceOf,
  readRoutes,
  runUntil,
  seededSigner,
  signedChain,
  startTestNode,
  stopAll,
  type TestNode,
  type TestNodeOptions,
  TestTime,
  urlOf,
} from '../support/node.ts';

/** When the blocks of `signedChain` are dated. */
const BLOCKS_MS = 1_799_999_000_000;
const COMPARE_MS = 10_000;

/** A wrong clock: the same time passes, another time is told. It can be set while a node runs. */
class WrongClock implements Clock, Scheduler {
  readonly #time: TestTime;
  offMs: number;

  constructor(time: TestTime, offMs: number) {
    this.#time = time;
    this.offMs = offMs;
  }

  nowMs(): number {
    return this.#time.nowMs() + this.offMs;
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#time.after(delayMs, run);
  }
}

interface Scene {
  readonly network: MemoryNetwork;
  readonly time: TestTime;
  readonly clock: WrongClock;
  readonly origin: TestNode;
  readonly relay: TestNode;
  /** What the relay tells, in order. */
  readonly told: unknown[];
}

/** An origin with a right clock, and a relay of it with one of its own. */
async function startScene(
  offMs: number,
  startMs: number | undefined,
  of: Partial<TestNodeOptions> = {},
): Promise<Scene> {
  const network = new MemoryNetwork();
  const time = new TestTime(startMs);
  const clock = new WrongClock(time, offMs);
  const told: unknown[] = [];
  const origin = await startTestNode({
    network,
    time,
    number: 1,
    roles: ['origin'],
    peers: [urlOf(2)],
  });
  const relay = await startTestNode({
    network,
    time: clock,
    number: 2,
    peers: [urlOf(1)],
    compareIntervalMs: COMPARE_MS,
    watch: {
      onPeerProblem: (url, problem) => told.push(['problem', url, problem]),
      onClockOff: (url, seconds) => told.push(['clock', url, seconds]),
    },
    ...of,
  });
  return { network, time, clock, origin, relay, told };
}

for (const offMs of [600_000, -600_000]) {
  test(`a relay whose clock is ${offMs / 1_000} s off copies, and says so once`, async () => {
    const { time, clock, origin, relay, told } = await startScene(offMs, undefined);
    const blocks = signedChain(seededSigner(1), 300);
    const namespace = namespaceOf(blocks);
    const isAt = (size: number) => async (): Promise<boolean> =>
      (await relay.ledger.info(namespace))?.size === size;
    await origin.ledger.submit(blocks.slice(0, 200));
    assert.ok(await runUntil(time, isAt(200), 3 * COMPARE_MS), 'copied');
    await origin.ledger.submit(blocks.slice(200));
    assert.ok(await runUntil(time, isAt(300), 3 * COMPARE_MS), 'followed');
    await time.advance(10 * COMPARE_MS);
    const seconds = -offMs / 1_000;
    assert.deepEqual(told, [['clock', origin.url, seconds]]);
    const [peer] = relay.federation.status().peers;
    assert.match(peer?.problem ?? '', /600 s (ahead of|behind) this node’s/);
    assert.deepEqual([peer?.failures, peer?.pausedUntilMs], [0, 0]);
    // A second or two of drift is no news; minutes are, and so is a clock that was set.
    clock.offMs += 2_000;
    await time.advance(2 * COMPARE_MS);
    assert.equal(told.length, 1);
    clock.offMs *= 2;
    await time.advance(2 * COMPARE_MS);
    clock.offMs = 0;
    await time.advance(2 * COMPARE_MS);
    const later = told.slice(1) as [string, string, number | undefined][];
    assert.equal(later.length, 2);
    assert.ok(Math.abs((later[0]?.[2] ?? 0) - 2 * seconds) < 10, JSON.stringify(later));
    assert.deepEqual(later[1], ['clock', origin.url, undefined]);
    assert.equal(relay.federation.status().peers[0]?.problem, undefined);
    await stopAll(time, [relay, origin]);
  });
}

test('a clock that goes wrong later is noticed, without a restart', async () => {
  const { time, clock, origin, relay, told } = await startScene(0, undefined);
  await time.advance(2 * COMPARE_MS);
  assert.equal(told.length, 0);
  clock.offMs = -900_000;
  await time.advance(2 * COMPARE_MS);
  // A hello has whole seconds.
  const [kind, url, seconds] = told.flat() as [string, string, number];
  assert.deepEqual([kind, url, Math.abs(seconds - 900) <= 1], ['clock', origin.url, true]);
  assert.equal(told.length, 1);
  await stopAll(time, [relay, origin]);
});

test('a node that speaks no federation tells its time by the date of its answers', async () => {
  const { network, time, clock, origin, relay, told } = await startScene(-600_000, undefined);
  // Before its first round: a hello was never had.
  network.add({ url: origin.url, routes: readRoutes(origin.ledger, ['origin']) });
  let more: Readonly<Record<string, string>> = { age: '700' };
  network.tamper = (request, reply) => {
    const date = new Date(time.nowMs() - 700_000).toUTCString();
    const fields: Readonly<Record<string, string>> = { date, ...more };
    return request.url === origin.url ? { ...reply, header: (name) => fields[name] } : reply;
  };
  await time.advance(3 * COMPARE_MS);
  assert.deepEqual(told.splice(0), [], 'a cache has kept the answer');
  more = { date: 'soon' };
  await time.advance(3 * COMPARE_MS);
  assert.deepEqual(told.splice(0), []);
  network.tamper = (request, reply) => {
    const date = new Date(time.nowMs()).toUTCString();
    const header = (name: string): string | undefined => (name === 'date' ? date : undefined);
    return request.url === origin.url ? { ...reply, header } : reply;
  };
  await time.advance(3 * COMPARE_MS);
  assert.equal(told.length, 1);
  const [, , seconds] = told.splice(0).flat() as [string, string, number];
  assert.ok(Math.abs(seconds - 600) <= 1, `${seconds} s`);
  clock.offMs = 0;
  await time.advance(3 * COMPARE_MS);
  assert.deepEqual(told, [['clock', origin.url, undefined]]);
  await stopAll(time, [relay, origin]);
});

test('a slow clock holds nothing against blocks or peer: they come when it is time', async () => {
  const { time, origin, relay, told } = await startScene(-600_000, BLOCKS_MS);
  const blocks = signedChain(seededSigner(1), 40);
  const namespace = namespaceOf(blocks);
  await origin.ledger.submit(blocks);
  await time.advance(280_000);
  assert.equal(await relay.ledger.info(namespace), undefined, '320 s ahead: too early here');
  const { peers, refused, lies } = relay.federation.status();
  assert.deepEqual([peers[0]?.failures, refused, lies], [0, 0, []]);
  // Blocks may be 300 s ahead: 20 s more, and the round after that.
  const isHere = async (): Promise<boolean> => (await relay.ledger.info(namespace))?.size === 40;
  assert.ok(await runUntil(time, isHere, 20_000 + 2 * COMPARE_MS, 100), 'copied in time');
  assert.deepEqual(told, [['clock', origin.url, 600]]);
  await stopAll(time, [relay, origin]);
});

test('a problem of a peer is told when it begins and ends, with nothing new to copy', async () => {
  for (const roles of [['relay'], ['origin']]) {
    const { network, time, origin, relay, told } = await startScene(0, undefined, { roles });
    await time.advance(3 * COMPARE_MS);
    assert.deepEqual(told, []);
    network.cutOff(origin.url);
    // An origin asks nothing of its peers but to hear what is new.
    await relay.ledger.submit(signedChain(seededSigner(1), 2));
    await time.advance(20 * COMPARE_MS);
    const gone = `${origin.url}: connection refused`;
    assert.deepEqual(told, [['problem', origin.url, gone]]);
    assert.equal(relay.federation.status().peers[0]?.problem, gone);
    network.restore(origin.url);
    const isOver = (): boolean => told.length > 1;
    // Its last pause doubled: minutes.
    assert.ok(await runUntil(time, isOver, 60 * COMPARE_MS, 1_000), roles.join());
    assert.deepEqual(told.slice(1), [['problem', origin.url, undefined]]);
    const [peer] = relay.federation.status().peers;
    assert.deepEqual([peer?.failures, peer?.problem], [0, undefined]);
    await stopAll(time, [relay, origin]);
  }
});
