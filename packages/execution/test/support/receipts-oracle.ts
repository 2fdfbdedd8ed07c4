/** Bloom and receipts root as EthereumJS makes them. */
import { MerklePatriciaTrie } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { concatBytes } from '@ethereumjs/util';
import { Bloom } from '@ethereumjs/vm';
import type { ExecutedTransaction } from '../../src/executor/types.ts';

export async function oracleReceipts(
  results: readonly ExecutedTransaction[],
  types: readonly number[],
): Promise<{ readonly root: Uint8Array; readonly bloom: Uint8Array }> {
  const trie = new MerklePatriciaTrie();
  const blockBloom = new Bloom();
  let cumulative = 0n;
  let index = 0;
  for (const result of results) {
    if (!result.included) throw new Error(`transaction ${index} was refused`);
    cumulative += result.gasUsed;
    const bloom = new Bloom();
    for (const { address, topics } of result.logs) {
      bloom.add(address);
      for (const topic of topics) bloom.add(topic);
    }
    blockBloom.or(bloom);
    const encoded = RLP.encode([
      result.succeeded ? Uint8Array.of(1) : new Uint8Array(0),
      cumulative,
      bloom.bitvector,
      result.logs.map(({ address, topics, data }) => [address, [...topics], data]),
    ]);
    const type = types[index] ?? 0;
    const value = type === 0 ? encoded : concatBytes(Uint8Array.of(type), encoded);
    await trie.put(RLP.encode(index), value);
    index++;
  }
  return { root: trie.root(), bloom: blockBloom.bitvector };
}
