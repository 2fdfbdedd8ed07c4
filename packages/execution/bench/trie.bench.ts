/**
 * Batches of updates on tries of 10,000, 100,000 and a million leaves: the batched trie here and
 * the one of EthereumJS over its map, both with every branch in memory and both checked to give the
 * same roots. Then staging and keeping transfers of a token, as a chain does block by block.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AccountChange, keccak256 } from '@basalt/evm';
import { createMPT, type MerklePatriciaTrie } from '@ethereumjs/mpt';
import { bytesToUnprefixedHex, MapDB, ValueEncoding } from '@ethereumjs/util';
import { median } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { createStateEngine } from '../src/state/tables.ts';
import type { WorldState } from '../src/state/types.ts';
import { createWorldState } from '../src/state/world-state.ts';
import { encodeTop, rootHash } from '../src/trie/hashing.ts';
import { Branch, freeBranch, imageOf, Leaf, type Node, type NodeSource } from '../src/trie/node.ts';
import { TrieMemory } from '../src/trie/trie-memory.ts';
import { sortChanges, type TrieSink, updateTrie } from '../src/trie/update.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const BATCH = 1_000;
const ROUNDS = 3;
const BATCHES_A_ROUND = 10;
/** An update of the peer takes a quarter of a millisecond. */
const PEER_BATCHES_A_ROUND = 1;
const BUILD_BATCH = 20_000;

/** Repeatable and good enough to pick leaves. */
let seed = 1;
function pick(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return (seed >>> 8) % below;
}

function keyOf(index: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, index);
  return keccak256(bytes);
}

function valueOf(index: number, round: number): Uint8Array {
  return new Uint8Array(75).fill(1 + ((index * 31 + round * 7) % 250));
}

/** A trie whose leaves come from their number, as a state's come from its flat tables. */
class OwnTrie {
  readonly memory = new TrieMemory();
  readonly #source: NodeSource;
  node: Node | undefined;

  constructor() {
    const fail = (): never => assert.fail('every branch is in memory');
    this.#source = { memory: this.memory, loadBranch: fail, findLeaf: fail };
  }

  update(changes: readonly { key: Uint8Array; value: Uint8Array; known: boolean }[]): Uint8Array {
    const made: Branch[] = [];
    const replaced: Branch[] = [];
    const sink: TrieSink = {
      write: () => undefined,
      made: (branch) => void made.push(branch),
      replaced: (branch) => void replaced.push(branch),
    };
    this.node = updateTrie(this.#source, this.node, sortChanges(changes), sink);
    for (const branch of replaced) freeBranch(this.memory, branch);
    // As a state does once its tables have the leaves.
    for (const { children } of made) {
      for (const [digit, child] of children.entries()) {
        if (child instanceof Leaf) children[digit] = undefined;
      }
    }
    return rootHash(this.memory, this.node);
  }
}

/** Fills EthereumJS's map with the nodes of the trie here: building it there takes minutes. */
function fillPeer(trie: OwnTrie, db: Map<string, Uint8Array>): void {
  const put = (node: Uint8Array): void => {
    db.set(bytesToUnprefixedHex(keccak256(node)), node);
  };
  const walk = (node: Node, depth: number): void => {
    put(encodeTop(trie.memory, node, depth));
    if (!(node instanceof Branch)) return;
    if (node.start < node.end) put(imageOf(trie.memory, node));
    for (let digit = 0; digit < 16; digit++) {
      const child = node.children[digit];
      if (child !== undefined) walk(child, node.end + 1);
    }
  };
  if (trie.node !== undefined) walk(trie.node, 0);
}

function microseconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

interface Batch {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly known: boolean;
}

function nextBatch(keys: readonly Uint8Array[], round: number): Batch[] {
  const picks = new Set<number>();
  while (picks.size < BATCH) picks.add(pick(keys.length));
  return [...picks].map((index) => ({
    key: keys[index] as Uint8Array,
    value: valueOf(index, round),
    known: true,
  }));
}

/** Our trie and the peer's over the same leaves; the leaves of ours are still in memory. */
async function build(size: number): Promise<{
  own: OwnTrie;
  peer: MerklePatriciaTrie;
  keys: Uint8Array[];
}> {
  const keys = Array.from({ length: size }, (_, index) => keyOf(index));
  const full = new OwnTrie();
  const source: NodeSource = {
    memory: full.memory,
    loadBranch: () => undefined,
    findLeaf: () => undefined,
  };
  const sink: TrieSink = {
    write: () => undefined,
    made: () => undefined,
    replaced: (branch) => freeBranch(full.memory, branch),
  };
  for (let at = 0; at < size; at += BUILD_BATCH) {
    const changes = keys
      .slice(at, at + BUILD_BATCH)
      .map((key, index) => ({ key, value: valueOf(at + index, 0), known: false }));
    full.node = updateTrie(source, full.node, sortChanges(changes), sink);
  }
  const db = new Map<string, Uint8Array>();
  fillPeer(full, db);
  const peer = await createMPT({
    db: new MapDB<string, Uint8Array>(db),
    root: rootHash(full.memory, full.node),
    valueEncoding: ValueEncoding.Bytes,
    // The fastest hash there is here, so that structure is compared and not hashing.
    useKeyHashingFunction: keccak256,
  });
  strip(full.node);
  return { own: full, peer, keys };
}

function strip(node: Node | undefined): void {
  if (!(node instanceof Branch)) return;
  for (const [digit, child] of node.children.entries()) {
    if (child instanceof Leaf) node.children[digit] = undefined;
    else strip(child);
  }
}

async function benchSize(size: number): Promise<void> {
  const { own, peer, keys } = await build(size);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const both = Array.from({ length: PEER_BATCHES_A_ROUND }, () => nextBatch(keys, 2 * round));
    let before = process.cpuUsage();
    for (const batch of both) for (const { key, value } of batch) await peer.put(key, value);
    const peerTime = microseconds(before);
    for (const batch of both) own.update(batch);
    assert.deepEqual(rootHash(own.memory, own.node), peer.root());
    const batches = Array.from({ length: BATCHES_A_ROUND }, () => nextBatch(keys, 2 * round + 1));
    before = process.cpuUsage();
    for (const batch of batches) own.update(batch);
    const ownTime = microseconds(before);
    // The peer follows, so that the roots can be compared again: the last value of each key.
    if (round < ROUNDS) {
      const last = new Map(batches.flat().map(({ key, value }) => [key, value]));
      for (const [key, value] of last) await peer.put(key, value);
    }
    if (round === 0) continue;
    theirs.push(peerTime / (PEER_BATCHES_A_ROUND * BATCH));
    ours.push(ownTime / (BATCHES_A_ROUND * BATCH));
  }
  printResult(
    compare({
      name: `trie of ${size} leaves, batches of ${BATCH} updates`,
      unit: 'CPU-us/leaf',
      value: median(ours),
      better: 'lower',
      peer: { name: '@ethereumjs/mpt 10.1.3', value: median(theirs) },
      target: { value: 6, ratio: 5 },
    }),
  );
}

// ---- a state -----------------------------------------------------------------------------------

const HOLDERS = 100_000;
const TRANSFERS = 1_000;
const BLOCKS = 150;
const CODE_HASH = keccak256(new Uint8Array(0));
const TOKEN = new Uint8Array(20).fill(9);
const word = (value: number): Uint8Array => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, value);
  return bytes;
};

function tokenChange(storage: AccountChange['storage']): AccountChange {
  const account = { nonce: 1n, balance: 0n, codeHash: CODE_HASH };
  return { address: TOKEN, account, storageCleared: false, storage };
}

function holderChange(address: Uint8Array, nonce: bigint): AccountChange {
  const account = { nonce, balance: 10n ** 18n - nonce, codeHash: CODE_HASH };
  return { address, account, storageCleared: false, storage: [] };
}

async function fillWorld(world: WorldState, addresses: Uint8Array[], slots: Uint8Array[]) {
  for (let at = 0; at < HOLDERS; at += 10_000) {
    const some = addresses.slice(at, at + 10_000).map((address) => holderChange(address, 0n));
    const storage = slots.slice(at, at + 10_000).map((slot) => ({ slot, value: word(1_000_000) }));
    world.commit(world.stage([...some, tokenChange(storage)]), CODE_HASH);
  }
  await world.flush();
}

async function benchState(): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'basalt-bench-state-'));
  const world = createWorldState({ engine: await createStateEngine({ path }) });
  const addresses = Array.from({ length: HOLDERS }, (_, index) => keyOf(index).slice(0, 20));
  const slots = Array.from({ length: HOLDERS }, (_, index) => keyOf(index + HOLDERS));
  await fillWorld(world, addresses, slots);
  const blocks = Array.from({ length: BLOCKS }, (_, block) => {
    const storage: { slot: Uint8Array; value: Uint8Array }[] = [];
    const senders = Array.from({ length: TRANSFERS }, () => {
      const [from, to] = [pick(HOLDERS), pick(HOLDERS)];
      storage.push({ slot: slots[from] as Uint8Array, value: word(pick(1e9) + 1) });
      storage.push({ slot: slots[to] as Uint8Array, value: word(pick(1e9) + 1) });
      return holderChange(addresses[from] as Uint8Array, BigInt(block + 1));
    });
    return [...senders, tokenChange(storage)];
  });
  const latency: number[] = [];
  const before = process.cpuUsage();
  for (const changes of blocks) {
    const start = performance.now();
    world.commit(world.stage(changes), CODE_HASH);
    latency.push(performance.now() - start);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await world.flush();
  const spent = microseconds(before);
  latency.sort((a, b) => a - b);
  const name = `state of ${HOLDERS} holders on LMDB, blocks of ${TRANSFERS} transfers`;
  const value = spent / (BLOCKS * TRANSFERS);
  const unit = 'CPU-us/transfer';
  printResult(compare({ name: `${name}, all`, unit, value, better: 'lower' }));
  for (const share of [0.5, 0.99]) {
    const at = latency[Math.floor(share * (latency.length - 1))] as number;
    const title = `${name}, stage and commit p${100 * share}`;
    printResult(compare({ name: title, unit: 'ms', value: at, better: 'lower' }));
  }
  await world.close();
  rmSync(path, { recursive: true });
}

for (const size of SIZES) await benchSize(size);
await benchState();
