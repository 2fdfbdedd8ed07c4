import { type Block, encodeBlock } from '../src/block/block.ts';
import type { ChainTip } from '../src/block/rules.ts';
import { createBlock, createGenesisBlock, tipAfter } from '../src/block/sign.ts';
import type { NamespaceId } from '../src/brands.ts';
import { utf8 } from '../src/bytes.ts';
import { initialKeyState, type KeyState } from '../src/namespace/key-state.ts';
import type { Signer } from '../src/suite.ts';
import { nobleProvider } from '../src/suites/noble.ts';
import { createSigner } from '../src/suites/signer.ts';
import { leafHash } from '../src/tree/hash.ts';
import type { HashReader } from '../src/tree/proof.ts';
import { tileHashReader } from '../src/tree/tile-reader.ts';
import { TileBuilder } from '../src/tree/tiles.ts';

/** An Ed25519 signer, the same on every run. */
export function testSigner(seed: number): Signer {
  const suite = nobleProvider.suite(1);
  return createSigner(suite.keyPairFromSeed(new Uint8Array(32).fill(seed)));
}

/** A namespace in memory with its tree; fewer than 256 blocks. */
export interface TestChain {
  readonly namespace: NamespaceId;
  readonly blocks: Block[];
  readonly builder: TileBuilder;
  readonly keys: KeyState;
  readonly signer: Signer;
  add(payload: Uint8Array, timestampMs?: number, payloadType?: number): Block;
  /** Reader of the tree of the first `size` blocks. */
  read(size?: number): HashReader;
  tip(): ChainTip;
}

export function testChain(seed: number, timestampMs = 1000): TestChain {
  const signer = testSigner(seed);
  const nonce = new Uint8Array(16).fill(seed);
  const genesis = createGenesisBlock({ label: `chain ${seed}`, nonce, timestampMs, signer });
  const { namespace } = genesis.block.entry.header;
  const blocks = [genesis.block];
  const builder = new TileBuilder();
  builder.append(leafHash(genesis.block.entry.bytes));
  let tip = tipAfter(genesis.block, genesis.hash);
  const keys = initialKeyState(genesis.block.entry, genesis.block.payload as Uint8Array);
  return {
    namespace,
    blocks,
    builder,
    keys,
    signer,
    add(payload, atMs = tip.timestampMs + 1, payloadType = 1) {
      const options = { namespace, tip, timestampMs: atMs, payloadType, payload, signer };
      const { block, hash } = createBlock(options);
      blocks.push(block);
      builder.append(leafHash(block.entry.bytes));
      tip = tipAfter(block, hash);
      return block;
    },
    read(size = blocks.length) {
      return tileHashReader(size, (_level, _index, width) =>
        builder.partialTile(0).subarray(0, 32 * width),
      );
    },
    tip: () => tip,
  };
}

/** A chain of `count` blocks with different payloads. */
export function chainOf(seed: number, count: number): TestChain {
  const chain = testChain(seed);
  while (chain.blocks.length < count) chain.add(utf8(`record ${chain.blocks.length}`));
  return chain;
}

export function wireSize(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + encodeBlock(block).length, 0);
}
