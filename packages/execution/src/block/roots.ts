import { keccak256 } from '@basalt/evm';
import { RlpWriter } from '../rlp/writer.ts';
import { orderedTrieRoot } from '../trie/ordered-trie.ts';
import { writeHeader } from './header.ts';
import type { BlockHeader, Withdrawal } from './types.ts';
import { encodeWithdrawal } from './withdrawal.ts';

/** keccak-256 of an empty list in RLP: what a block without ommers says of them. */
export const EMPTY_OMMERS_HASH: Uint8Array = keccak256(Uint8Array.of(0xc0));

/** Root of the trie from index to EIP-2718 encoding, 32 bytes. */
export function transactionsRoot(
  transactions: readonly { readonly raw: Uint8Array }[],
): Uint8Array {
  return orderedTrieRoot(transactions.map(({ raw }) => raw));
}

/** Root of the trie from index to receipt; takes the encodings. */
export function receiptsRoot(encoded: readonly Uint8Array[]): Uint8Array {
  return orderedTrieRoot(encoded);
}

/** EIP-4895. */
export function withdrawalsRoot(withdrawals: readonly Withdrawal[]): Uint8Array {
  return orderedTrieRoot(withdrawals.map(encodeWithdrawal));
}

/** keccak-256 of the list of ommer headers. */
export function ommersHash(ommers: readonly BlockHeader[]): Uint8Array {
  if (ommers.length === 0) return EMPTY_OMMERS_HASH;
  const writer = new RlpWriter();
  const list = writer.openList();
  for (const ommer of ommers) writeHeader(writer, ommer);
  writer.closeList(list);
  return keccak256(writer.view());
}
