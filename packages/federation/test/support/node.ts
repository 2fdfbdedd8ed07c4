import { createNativeProvider } from '@basalt/crypto';
import { createLedger, type Ledger } from '@basalt/ledger';
import {
  ALGORITHM,
  type Block,
  type BlockHash,
  type Clock,
  concatBytes,
  createBlock,
  createSigner,
  decodeBlock,
  decodeEntry,
  deriveNamespaceId,
  encodeBlock,
  encodeBundle,
  encodeGenesis,
  fromHex,
  type NamespaceId,
  PAYLOAD_TYPE,
  parseTilePath,
  type Scheduler,
  type Signer,
  toHex,
  utf8,
  verifySignature,
} from '@basalt/protocol';
import { createLogStore, createMemoryEngine, type LogStore } from '@basalt/store';
import { seededUniform } from '../../../../tools/testing/random.ts';
import type { TestTime } from '../../../../tools/testing/test-time.ts';
import { createFederation } from '../../src/federation.ts';
import type { Federation, FederationConfig } from '../../src/federation-types.ts';
import type { PeerWatch } from '../../src/peer/peer-book.ts';
import type { PeerTransport } from '../../src/peer/transport.ts';
import type { Route, RouteResponse } from '../../src/routes.ts';
import { MemoryNetwork } from './memory-network.ts';

export { settle, TestTime } from '../../../../tools/testing/test-time.ts';

/** One for all tests: a provider owns caches and a kernel. */
const provider = createNativeProvider();

/** Lets promises and timers run, step by step, until `done` or the time is over. */
export async function runUntil(
  time: TestTime,
  done: () => boolean | Promise<boolean>,
  limitMs = 60_000,
  stepMs = 10,
): Promise<boolean> {
  for (let passedMs = 0; passedMs <= limitMs; passedMs += stepMs) {
    if (await done()) return true;
    await time.advance(stepMs);
  }
  return await done();
}

/** Stops nodes while time goes on: what is under way waits for timers. */
export async function stopAll(time: TestTime, nodes: readonly TestNode[]): Promise<void> {
  let isDone = false;
  const stopping = Promise.all(nodes.map(({ federation }) => federation.stop()));
  void stopping.then(() => {
    isDone = true;
  });
  while (!isDone) await time.advance(20);
  for (const { ledger, store } of nodes) {
    await ledger.close();
    await store.close();
  }
}

export function seededSigner(seed: number): Signer {
  const bytes = new Uint8Array(32).fill(seed & 0xff);
  bytes[31] = seed >>> 8;
  return createSigner(provider.suite(ALGORITHM.ed25519).keyPairFromSeed(bytes), provider);
}

export interface TestNode {
  readonly url: string;
  readonly ledger: Ledger;
  readonly store: LogStore;
  readonly federation: Federation;
  readonly routes: readonly Route[];
}

export interface TestNodeOptions extends Partial<FederationConfig> {
  readonly network: MemoryNetwork;
  readonly time: Clock & Scheduler;
  /** Tells nodes apart: address, keys, origin. */
  readonly number: number;
  /** Instead of the network's. */
  readonly transport?: PeerTransport;
  /** Timers of the ledger, where real ones are needed. */
  readonly ledgerScheduler?: Scheduler;
  /** Told of peers' problems, beside the status. */
  readonly watch?: PeerWatch;
}

export function urlOf(number: number): string {
  return `http://node-${number}.test`;
}

/** A whole node without sockets: ledger in memory, federation, and what a gateway would serve. */
export async function startTestNode(options: TestNodeOptions): Promise<TestNode> {
  const { network, time, number, transport, ledgerScheduler, watch, ...config } = options;
  const url = urlOf(number);
  const store = await createLogStore(createMemoryEngine());
  const draw = seededUniform(number);
  const random = {
    bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(draw() * 256)),
  };
  const logSigner = seededSigner(1_000 + number);
  const ledger = await createLedger(
    {
      store,
      crypto: provider,
      verifier: {
        verify: async (items) =>
          items.map(({ entry, publicKey, payload }) =>
            verifySignature(entry, publicKey, payload, provider),
          ),
      },
      clock: time,
      scheduler: ledgerScheduler ?? time,
      random,
      logSigner,
      recordPublished: async () => undefined,
    },
    { origin: `node-${number}.test`, checkpointIntervalMs: 20 },
  );
  const roles = config.roles ?? ['relay'];
  const federation = createFederation(
    { url, ...config, roles },
    {
      ledger,
      records: store,
      crypto: provider,
      signer: seededSigner(2_000 + number),
      mirrorSigner: seededSigner(3_000 + number),
      ...watch,
      transport: transport ?? network.transportOf(url),
      clock: time,
      scheduler: time,
      random,
    },
  );
  const routes = [...federation.routes, ...readRoutes(ledger, roles)];
  network.add({ url, routes });
  await federation.start();
  return {
    url,
    ledger,
    store,
    federation,
    routes,
  };
}

/** The reads of the HTTP contract that a peer asks for. */
export function readRoutes(ledger: Ledger, roles: readonly string[]): Route[] {
  const route = (path: string, handle: Route['handle']): Route => ({
    method: 'GET',
    path,
    summary: path,
    bodyBytesMax: 0,
    cost: 1,
    handle,
  });
  const namespaceOf = (uuid: string | undefined): NamespaceId => uuid as NamespaceId;
  return [
    route('/.well-known/basalt', async () => ({
      status: 200,
      body: JSON.stringify({
        roles,
        origin: ledger.origin,
        superNamespace: ledger.superNamespace(),
        superVerifierKey: ledger.verifierKey('super'),
      }),
    })),
    route('/chains', async () => {
      const list: unknown[] = [];
      for await (const { namespace, size, headHash } of ledger.namespaces()) {
        list.push({ namespace, size, headHash: toHex(headHash) });
      }
      return { status: 200, body: JSON.stringify(list) };
    }),
    route('/ns/:uuid/checkpoint', async ({ params }) =>
      found(await ledger.checkpoint(namespaceOf(params['uuid']))),
    ),
    route('/ns/:uuid/tile/:rest{.+}', async ({ params }) => {
      const namespace = namespaceOf(params['uuid']);
      const { level, index, width } = parseTilePath(`tile/${params['rest']}`);
      if (level !== 'entries') return found(await ledger.tile(namespace, level, index, width));
      return found(encodeBundle(await ledger.entries(namespace, index * 256, width)));
    }),
    route('/chains/:uuid/blocks', async ({ params, query }) => {
      const namespace = namespaceOf(params['uuid']);
      const blocks: Uint8Array[] = [];
      const from = Number(query.get('from'));
      const count = Number(query.get('count'));
      for (let index = from; index < from + count; index++) {
        const view = await ledger.blockAt(namespace, index);
        if (view === undefined) break;
        blocks.push(view.entry, view.payload ?? new Uint8Array(0));
      }
      return found(concatBytes(...blocks));
    }),
    route('/blocks/:hash', async ({ params }) => {
      const view = await ledger.block(fromHex(params['hash'] ?? '') as BlockHash);
      if (view === undefined) return { status: 404 };
      const payload = view.payload ?? new Uint8Array(0);
      const fields = [['ETag', `"${toHex(view.blockHash)}"`]] as const;
      return { status: 200, fields, body: concatBytes(view.entry, payload) };
    }),
  ];
}

function found(body: Uint8Array | string | undefined): RouteResponse {
  return body === undefined ? { status: 404 } : { status: 200, body };
}

export function genesisPayload(signer: Signer, label = 'audit'): Uint8Array {
  return encodeGenesis({
    strategy: { kind: 'topic', topic: label },
    label,
    currentKey: { algorithm: ALGORITHM.ed25519, publicKey: signer.publicKey },
    nextKeyHash: undefined,
    recoveryKeys: [],
    recoveryDelayMs: 0,
    parent: undefined,
    nonce: new Uint8Array(16).fill(7),
  });
}

/** A chain of signed blocks; `from` on its payloads say `variant`, so two variants are a fork. */
export function signedChain(
  signer: Signer,
  count: number,
  label = 'audit',
  fork: { readonly from: number; readonly variant: string } = { from: Infinity, variant: '' },
): Block[] {
  const blocks: Block[] = [];
  const genesis = genesisPayload(signer, label);
  const namespace = deriveNamespaceId(genesis);
  let tip: Parameters<typeof createBlock>[0]['tip'];
  for (let index = 0; index < count; index++) {
    const text = index >= fork.from ? `record ${index} ${fork.variant}` : `record ${index}`;
    const { block, hash } = createBlock({
      namespace,
      tip,
      timestampMs: 1_799_999_000_000 + index,
      payloadType: index === 0 ? PAYLOAD_TYPE.namespaceGenesis : PAYLOAD_TYPE.opaque,
      payload: index === 0 ? genesis : utf8(text),
      signer,
    });
    tip = { size: index + 1, headHash: hash, timestampMs: block.entry.header.timestampMs };
    blocks.push(decodeBlock(encodeBlock(block)));
  }
  return blocks;
}

export function namespaceOf(blocks: readonly Block[]): NamespaceId {
  const [first] = blocks;
  if (first === undefined) throw new Error('expected blocks');
  return decodeEntry(first.entry.bytes).header.namespace;
}
