import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { encodeList, encodeNumber, encodeString } from '../transaction/rlp.ts';
import { type AccountDump, EMPTY_CODE_HASH } from './memory-state.ts';

/** One leaf of a trie: the key as 64 hexadecimal digits, the value in RLP. */
interface Leaf {
  readonly path: string;
  readonly value: Uint8Array;
}

const NOTHING = new Uint8Array(0);
const HASH_LENGTH = 32;
const PATH_LENGTH = 64;

/**
 * Root of the secure Merkle-Patricia trie over a whole state (Yellow Paper, appendix D), 32 bytes.
 * Works everything out anew: right for tests and tools, not for a chain.
 */
export function stateRoot(accounts: readonly AccountDump[]): Uint8Array {
  return trieRoot(
    accounts.map(({ address, account, storage }) => {
      const fields = [
        encodeNumber(account.nonce),
        encodeNumber(account.balance),
        encodeString(storageRoot(storage)),
        encodeString(account.codeHash.length === 0 ? EMPTY_CODE_HASH : account.codeHash),
      ];
      return { path: bytesToHex(keccak_256(address)), value: encodeList(fields) };
    }),
  );
}

/** Root of the trie of one account's storage. */
export function storageRoot(storage: AccountDump['storage']): Uint8Array {
  return trieRoot(
    storage.map(({ slot, value }) => ({
      path: bytesToHex(keccak_256(slot)),
      value: encodeString(withoutLeadingZeros(value)),
    })),
  );
}

function trieRoot(leaves: Leaf[]): Uint8Array {
  if (leaves.length === 0) return keccak_256(encodeString(NOTHING));
  leaves.sort((one, other) => (one.path < other.path ? -1 : 1));
  return keccak_256(encodeNode(leaves, 0, leaves.length, 0));
}

/** The node over the leaves from `begin` to `end`, which agree in the first `depth` digits. */
function encodeNode(
  leaves: readonly Leaf[],
  begin: number,
  end: number,
  depth: number,
): Uint8Array {
  const first = leaves[begin] as Leaf;
  if (end - begin === 1) {
    return encodeList([encodePath(first.path.slice(depth), true), encodeString(first.value)]);
  }
  const last = leaves[end - 1] as Leaf;
  let shared = depth;
  while (first.path[shared] === last.path[shared]) shared++;
  const branch = encodeBranch(leaves, begin, end, shared);
  if (shared === depth) return branch;
  return encodeList([encodePath(first.path.slice(depth, shared), false), reference(branch)]);
}

/** Keys are all of one length, so a branch has no value of its own. */
function encodeBranch(
  leaves: readonly Leaf[],
  begin: number,
  end: number,
  depth: number,
): Uint8Array {
  const items: Uint8Array[] = [];
  let next = begin;
  for (let digit = 0; digit < 16; digit++) {
    const start = next;
    const wanted = digit.toString(16);
    while (next < end && (leaves[next] as Leaf).path[depth] === wanted) next++;
    const isEmpty = next === start;
    items.push(
      isEmpty ? encodeString(NOTHING) : reference(encodeNode(leaves, start, next, depth + 1)),
    );
  }
  items.push(encodeString(NOTHING));
  return encodeList(items);
}

/** A node within a node: itself when it is short, else its hash. */
function reference(node: Uint8Array): Uint8Array {
  return node.length < HASH_LENGTH ? node : encodeString(keccak_256(node));
}

/** Hex-prefix encoding (appendix C). */
function encodePath(digits: string, isLeaf: boolean): Uint8Array {
  const flag = isLeaf ? 2 : 0;
  const isOdd = digits.length % 2 === 1;
  const prefix = isOdd ? (flag + 1).toString(16) : `${flag}0`;
  return encodeString(hexToBytes(prefix + digits.slice(0, PATH_LENGTH)));
}

function withoutLeadingZeros(word: Uint8Array): Uint8Array {
  const start = word.findIndex((byte) => byte !== 0);
  return start === -1 ? NOTHING : word.subarray(start);
}
