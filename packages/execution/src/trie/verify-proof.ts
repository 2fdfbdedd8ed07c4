import { keccak256 } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { ExecutionError } from '../errors.ts';
import { RlpReader } from '../rlp/reader.ts';
import { HASH_BYTES } from './limits.ts';
import { nibbleAt } from './nibbles.ts';
import { EMPTY_TRIE_ROOT } from './ordered-trie.ts';

/** Children of a branch, and its value. */
const BRANCH_ITEMS = 17;
const PATH_ITEMS = 2;
const LEAF_FLAG = 2;
const ODD_FLAG = 1;

interface Walk {
  readonly key: Uint8Array;
  /** Digits of the key that are behind. */
  depth: number;
}

/** What a node says of the key: where to go on, or what is there. */
type Step =
  | { readonly kind: 'node'; readonly reference: Uint8Array }
  | { readonly kind: 'end'; readonly value: Uint8Array | undefined };

/**
 * Value of a key in the trie with this root, by the encoded nodes from the root down (Yellow Paper,
 * appendix D); undefined when they prove that it is not there. Every node must be needed.
 *
 * @param key as the trie has it: of a state trie, the hash of an address or slot
 * @throws ExecutionError `malformed-rlp`; `invalid-proof` when a node is missing, has another hash,
 *   or is one too many
 */
export function verifyTrieProof(
  root: Uint8Array,
  key: Uint8Array,
  nodes: readonly Uint8Array[],
): Uint8Array | undefined {
  if (nodes.length === 0 && equalBytes(root, EMPTY_TRIE_ROOT)) return undefined;
  const walk: Walk = { key, depth: 0 };
  let expected = root;
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index] as Uint8Array;
    if (!equalBytes(keccak256(node), expected)) {
      throw invalidProof(index, 'has another hash than the node above it says');
    }
    let step = readNode(node, walk);
    // A node of fewer bytes than a hash stands inside its parent.
    while (step.kind === 'node' && step.reference.length < HASH_BYTES) {
      step = readNode(step.reference, walk);
    }
    if (step.kind === 'end') {
      if (index !== nodes.length - 1) throw invalidProof(index + 1, 'is not on the way');
      return step.value;
    }
    expected = step.reference;
  }
  throw invalidProof(nodes.length, 'is missing');
}

function readNode(node: Uint8Array, walk: Walk): Step {
  const reader = new RlpReader(node);
  reader.enterList();
  const items = reader.countItems();
  if (items === BRANCH_ITEMS) return readBranch(reader, walk);
  if (items !== PATH_ITEMS) throw invalidProof(-1, `has ${items} items, expected 2 or 17`);
  const path = reader.readBytes();
  const flags = (path[0] ?? 0) >>> 4;
  const isOdd = (flags & ODD_FLAG) !== 0;
  if (path.length === 0 || flags > 3 || (!isOdd && (path[0] as number) !== flags << 4)) {
    throw invalidProof(-1, 'has a path that is not hex-prefix encoded');
  }
  const first = isOdd ? 1 : 2;
  const isLeaf = (flags & LEAF_FLAG) !== 0;
  const matches = followPath(path, first, walk);
  if (isLeaf) {
    const value = reader.readBytes();
    reader.finish();
    const isWhole = matches && walk.depth === 2 * walk.key.length;
    return { kind: 'end', value: isWhole ? value : undefined };
  }
  if (!matches) return { kind: 'end', value: undefined };
  return goOn(readReference(reader));
}

/** True, and the digits are behind, when the key goes on with the digits of the path. */
function followPath(path: Uint8Array, first: number, walk: Walk): boolean {
  const digits = 2 * path.length - first;
  if (walk.depth + digits > 2 * walk.key.length) return false;
  for (let index = 0; index < digits; index++) {
    if (nibbleAt(path, first + index) !== nibbleAt(walk.key, walk.depth + index)) return false;
  }
  walk.depth += digits;
  return true;
}

function readBranch(reader: RlpReader, walk: Walk): Step {
  if (walk.depth === 2 * walk.key.length) {
    for (let digit = 0; digit < 16; digit++) reader.skip();
    const value = reader.readBytes();
    return { kind: 'end', value: value.length === 0 ? undefined : value };
  }
  const wanted = nibbleAt(walk.key, walk.depth);
  for (let digit = 0; digit < wanted; digit++) reader.skip();
  walk.depth++;
  return goOn(readReference(reader));
}

/** Undefined: nothing is there. */
function readReference(reader: RlpReader): Uint8Array | undefined {
  if (reader.isList) {
    const raw = reader.readRaw();
    if (raw.length >= HASH_BYTES) throw invalidProof(-1, 'holds a node that should be a hash');
    return raw;
  }
  return reader.readOptional(HASH_BYTES);
}

function goOn(reference: Uint8Array | undefined): Step {
  return reference === undefined ? { kind: 'end', value: undefined } : { kind: 'node', reference };
}

function invalidProof(index: number, what: string): ExecutionError {
  const where = index < 0 ? 'a node' : `node ${index}`;
  return new ExecutionError('invalid-proof', `trie proof: ${where} ${what}`, { index });
}
