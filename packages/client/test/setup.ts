import assert from 'node:assert/strict';
import {
  type CheckpointStorage,
  type Client,
  ClientError,
  type ClientOptions,
  createClient,
} from '../src/index.ts';
import { type FakeChain, FakeNode, seededSigner } from './fake-node.ts';
import { createSeededRandom, createVirtualTime, type VirtualTime } from './virtual-time.ts';

export interface Setup {
  readonly node: FakeNode;
  readonly chain: FakeChain;
  readonly time: VirtualTime;
  readonly client: Client;
  /** Another client of the same node. */
  readonly another: (options?: Partial<ClientOptions>) => Client;
}

/** A node with a chain of `blocks` small blocks behind its genesis, and a client for it. */
export function createSetup(blocks = 12, options: Partial<ClientOptions> = {}): Setup {
  const node = new FakeNode();
  const chain = node.addChain('audit', seededSigner(1));
  for (let i = 1; i <= blocks; i++) node.add(chain, `{"reading":${i}}`);
  const time = createVirtualTime();
  const another = (more: Partial<ClientOptions> = {}): Client =>
    createClient({
      url: 'http://node.test/',
      fetch: node.fetch,
      clock: time.clock,
      scheduler: time.scheduler,
      random: createSeededRandom(1),
      ...options,
      ...more,
    });
  return { node, chain, time, client: another(), another };
}

/** A storage that shows what lies in it. */
export function createOpenStorage(): CheckpointStorage & { readonly map: Map<string, string> } {
  const map = new Map<string, string>();
  return {
    map,
    read: async (key) => map.get(key),
    write: async (key, value) => {
      map.set(key, value);
    },
  };
}

/** For `assert.rejects`: a client error of this code (and kind). */
export function isCode(code: string, kind?: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ClientError, String(error));
    assert.equal(error.code, code, error.message);
    if (kind !== undefined) assert.equal(error.kind, kind);
    return true;
  };
}
