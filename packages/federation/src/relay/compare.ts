import { equalBytes, HASH_BYTES, type NamespaceId, type SuperValue, toHex } from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import type { PeerCaller } from '../peer/peer-caller.ts';
import { digestOf, type HeldTree } from './held-tree.ts';
import { Lie } from './lie.ts';
import {
  COMPARE_REQUESTS_MAX,
  DIFFERENCES_MAX,
  TREE_ANSWER_BYTES_MAX,
  TREE_LEVELS,
} from './limits.ts';
import { inForm, whole } from './log-reader.ts';
import { prefixOf, readTreeView, type ToldNode, type ToldTree } from './tree-view.ts';

/** A log of which the other node says something else than is stored here. */
export interface Difference {
  readonly namespace: NamespaceId;
  readonly theirs: SuperValue;
  readonly ours: SuperValue | undefined;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  readonly requests: number;
  /** The other tree changed meanwhile, or a bound was met: the rest is for the next time. */
  readonly isPartial: boolean;
}

/**
 * Anti-entropy: compares two super-trees from the root down and goes only where they differ, so the
 * cost is the number of changed logs times the depth, not the number of logs.
 *
 * @throws PeerError; Lie `malformed` when nodes do not have the hashes that name them
 */
export async function compareTrees(
  held: HeldTree,
  caller: PeerCaller,
  url: string,
): Promise<Comparison> {
  const differences: Difference[] = [];
  let requests = 0;
  const read = async (key: Uint8Array, depth: number): Promise<ToldTree> => {
    requests++;
    const target = `/super-tree?key=${toHex(key)}&depth=${depth}&levels=${TREE_LEVELS}`;
    const reply = await caller.read({ url, target, bytesMax: TREE_ANSWER_BYTES_MAX });
    try {
      return inForm(url, target, () => readTreeView(whole(reply, url, target).body));
    } catch (error) {
      if (!(error instanceof PeerError) || error.code !== 'bad-answer') throw error;
      throw new Lie('malformed', url, error.message, { target }, { cause: error });
    }
  };
  const top = new Uint8Array(HASH_BYTES);
  const first = await read(top, 0);
  // Places to look at: what is told there, with the answer that may hold the nodes below.
  const open: { hash: Uint8Array; key: Uint8Array; depth: number; told: ToldTree }[] = [];
  if (!equalBytes(first.root, held.root()) && first.nodes.size > 0) {
    open.push({ hash: first.root, key: top, depth: 0, told: first });
  }
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (differences.length >= DIFFERENCES_MAX || requests >= COMPARE_REQUESTS_MAX) {
      return { differences, requests, isPartial: true };
    }
    let { told } = place;
    let node = told.nodes.get(toHex(place.hash));
    if (node === undefined) {
      told = await read(place.key, place.depth);
      node = told.nodes.get(toHex(place.hash));
    }
    if (node === undefined) {
      if (!equalBytes(told.root, first.root)) return { differences, requests, isPartial: true };
      throw new Lie('malformed', url, 'a super-tree whose nodes do not have their hashes');
    }
    if (node.kind === 'leaf') note(differences, held, node);
    else for (const child of differing(held, node)) open.push({ ...child, told });
  }
  return { differences, requests, isPartial: false };
}

function note(
  differences: Difference[],
  held: HeldTree,
  { namespace, value }: Extract<ToldNode, { kind: 'leaf' }>,
): void {
  const ours = held.value(namespace);
  const isSame =
    ours?.size === value.size &&
    equalBytes(ours.root, value.root) &&
    equalBytes(ours.headHash, value.headHash);
  if (!isSame) differences.push({ namespace, theirs: value, ours });
}

/** The children of a branch that the own tree does not have at that place. */
function differing(
  held: HeldTree,
  branch: Extract<ToldNode, { kind: 'branch' }>,
): { hash: Uint8Array; key: Uint8Array; depth: number }[] {
  const { depth, prefix, left, right } = branch;
  return [left, right].flatMap((hash, side) => {
    const key = prefixOf(prefix, depth);
    if (side === 1) key[depth >>> 3] = (key[depth >>> 3] ?? 0) | (0x80 >>> (depth % 8));
    const ours = held.nodeAt(key, depth + 1);
    const isSame = ours !== undefined && equalBytes(digestOf(ours, held.tree), hash);
    return isSame ? [] : [{ hash, key, depth: depth + 1 }];
  });
}
