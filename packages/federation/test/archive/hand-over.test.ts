import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRetention } from '@basalt/ledger';
import {
  fromUtf8,
  type NamespaceId,
  nobleProvider,
  parseVerifierKey,
  utf8,
} from '@basalt/protocol';
import { createHandOver, type HandOver } from '../../src/archive/hand-over.ts';
import type { MirrorTarget } from '../../src/mirror/mirror-client.ts';
import { MemoryNetwork } from '../support/memory-network.ts';
import {
  namespaceOf,
  runUntil,
  seededSigner,
  signedChain,
  startTestNode,
  stopAll,
  type TestNode,
  TestTime,
  urlOf,
} from '../support/node.ts';

const chain = signedChain(seededSigner(1), 500);

interface Scene {
  readonly network: MemoryNetwork;
  readonly time: TestTime;
  readonly origin: TestNode;
  readonly archives: readonly TestNode[];
  readonly namespace: NamespaceId;
  readonly targets: readonly MirrorTarget[];
  handOver(required?: number, archives?: readonly MirrorTarget[]): HandOver;
  /** Lets time go on until it has settled. */
  during<Result>(run: Promise<Result>): Promise<Result>;
  /** Payloads of the origin that are here. */
  held(): Promise<number>;
  prune(handOver: HandOver): Promise<readonly [payloads: number, waiting: number]>;
  /** What hand-overs were told to be wrong. */
  readonly problems: readonly string[];
}

async function createScene({ keepsPayloads = true } = {}): Promise<Scene> {
  const network = new MemoryNetwork();
  const time = new TestTime();
  const common = { network, time };
  const peers = [urlOf(2), urlOf(3)];
  const origin = await startTestNode({ ...common, number: 1, roles: ['origin'], peers });
  const archives: TestNode[] = [];
  for (const number of [2, 3]) {
    archives.push(
      await startTestNode({
        ...common,
        number,
        roles: ['archive'],
        peers: [urlOf(1)],
        mirrorName: `node-${number}.test/mirror`,
        keepsPayloads,
        originKeys: [origin.ledger.verifierKey('super')],
        namespaces: [],
      }),
    );
  }
  await origin.ledger.submit(chain);
  await time.advance(2_000);
  const namespace = namespaceOf(chain);
  const { store, ledger, federation } = origin;
  const targets = archives.map(({ url, federation: { mirrorKey } }) => ({
    url,
    key: parseVerifierKey(mirrorKey ?? ''),
  }));
  const problems: string[] = [];
  const during: Scene['during'] = async (run) => {
    let isDone = false;
    const ended = run.finally(() => {
      isDone = true;
    });
    ended.catch(() => undefined);
    await runUntil(time, () => isDone, 60_000);
    return ended;
  };
  return {
    network,
    time,
    problems,
    during,
    origin,
    archives,
    namespace,
    targets,
    handOver: (required = 1, archivesTold = targets) =>
      createHandOver(
        {
          ledger,
          records: store,
          suites: nobleProvider,
          scheduler: time,
          peers: federation,
          onProblem: ({ url, message }) => problems.push(`${url}: ${message}`),
        },
        { archives: archivesTold, required },
      ),
    held: async () => (await store.heldPayloads(namespace, 0, 1_000)).filter(Boolean).length,
    prune: async ({ isArchived }) => {
      const components = { store, clock: time, scheduler: time, isArchived };
      const policy = { mode: 'keep-recent', blocks: 100 } as const;
      const [result] = await during(createRetention(components, { policy }).run());
      return [result?.payloads ?? 0, result?.waiting ?? 0];
    },
  };
}

test('payloads go after an archive has cosigned them, also for the next process', async () => {
  const scene = await createScene();
  const { time, origin, archives, namespace } = scene;
  const first = scene.handOver();
  assert.deepEqual(await scene.prune(first), [0, 1]);
  assert.equal(await scene.held(), 500);
  const results = await scene.during(first.run());
  assert.deepEqual(
    results.map(({ size, problem }) => [size, problem]),
    [
      [500, undefined],
      [500, undefined],
    ],
  );
  // Another process: only what is on disk counts.
  assert.deepEqual(await scene.prune(scene.handOver(2)), [400, 0]);
  assert.equal(await scene.held(), 100);
  await assert.rejects(origin.ledger.payload(namespace, 50), { code: 'pruned' });
  assert.deepEqual(await archives[0]?.ledger.payload(namespace, 50), chain[50]?.payload);
  await stopAll(time, [origin, ...archives]);
});

test('an archive that is away, or a receipt that was changed, deletes nothing', async () => {
  const scene = await createScene();
  const { time, origin, archives, namespace, network } = scene;
  network.cutOff(urlOf(3));
  const both = scene.handOver(2);
  const [good, away] = await scene.during(both.run());
  assert.equal(good?.problem, undefined);
  assert.match(away?.problem ?? '', /node-3/);
  assert.deepEqual(await scene.prune(both), [0, 1]);
  // Only one receipt is here, and it claims more than was signed.
  for await (const { name, value } of origin.store.records('archived/')) {
    const forged = fromUtf8(value).replace('\n500\n', '\n900\n');
    await origin.store.putRecords([{ name, value: utf8(forged) }]);
  }
  assert.deepEqual(await scene.prune(scene.handOver(1)), [0, 1]);
  assert.equal(await scene.held(), 500);
  const again = scene.handOver(1);
  await scene.during(again.run());
  assert.deepEqual(await scene.prune(again), [400, 0]);
  assert.equal(await again.isArchived(namespace, 500), false);
  await stopAll(time, [origin, ...archives]);
});

test('one archive at two addresses counts once', async () => {
  const scene = await createScene();
  const { time, origin, archives, targets } = scene;
  const [one] = targets;
  assert.ok(one !== undefined);
  const twice = scene.handOver(2, [one, { ...one, url: urlOf(3) }]);
  await scene.during(twice.run());
  assert.deepEqual(await scene.prune(twice), [0, 1]);
  assert.deepEqual(await scene.prune(scene.handOver(1, [one])), [400, 0]);
  await stopAll(time, [origin, ...archives]);
});

test('an archive that lets payloads go itself does not count', async () => {
  const scene = await createScene({ keepsPayloads: false });
  const { time, origin, archives } = scene;
  const handOver = scene.handOver();
  const [first] = await scene.during(handOver.run());
  assert.equal(first?.size, 500);
  assert.deepEqual(await scene.prune(handOver), [0, 1]);
  assert.match(scene.problems.at(-1) ?? '', /lets payloads go/);
  await stopAll(time, [origin, ...archives]);
});

test('an archive that has let go of payloads counts for the others only', async () => {
  const scene = await createScene();
  const { time, origin, archives, namespace, targets } = scene;
  const [one] = targets;
  assert.ok(one !== undefined);
  const handOver = scene.handOver(1, [one]);
  await scene.during(handOver.run());
  // Its operator has pruned by hand, after the cosignature.
  await archives[0]?.ledger.prunePayloads(namespace, 200);
  assert.deepEqual(await scene.prune(handOver), [0, 1]);
  assert.equal(await scene.during(Promise.resolve(handOver.isArchived(namespace, 199))), false);
  assert.equal(await scene.during(Promise.resolve(handOver.isArchived(namespace, 200))), true);
  await stopAll(time, [origin, ...archives]);
});

test('an archive that lacks what it cosigned is found out before anything goes', async () => {
  const scene = await createScene();
  const { time, origin, archives, network } = scene;
  const handOver = scene.handOver();
  await scene.during(handOver.run());
  network.tamper = (request, reply) =>
    /\/blocks\?/.test(request.target) ? { ...reply, status: 404 } : reply;
  assert.deepEqual(await scene.prune(handOver), [0, 1]);
  assert.equal(origin.federation.status().lies.length, 2);
  // It mends its disk: the next round asks anew.
  network.tamper = undefined;
  await scene.during(handOver.run());
  assert.deepEqual(await scene.prune(handOver), [400, 0]);
  await stopAll(time, [origin, ...archives]);
});
