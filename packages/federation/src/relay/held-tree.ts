import type { Ledger } from '@basalt/ledger';
import {
  emptySuperTree,
  goesRight,
  type Hash32,
  type NamespaceId,
  type SuperNode,
  type SuperTree,
  type SuperValue,
  setSuperValue,
  superKey,
  superTreeRoot,
  superValue,
  toHex,
} from '@basalt/protocol';

/**
 * The super-tree of what is stored here now: the same construction as in the super-log, so two
 * nodes that hold the same logs have the same root. The own super-log is not in it: it grows by
 * being told about.
 */
export class HeldTree {
  readonly #ledger: Ledger;
  #tree: SuperTree = emptySuperTree();
  /** Hex of a key -> its namespace, since keys are hashes. One entry per namespace held. */
  readonly #names = new Map<string, NamespaceId>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async start(): Promise<void> {
    for await (const { namespace } of this.#ledger.namespaces()) await this.update(namespace);
  }

  /** The own super-log, which is in nobody's tree. */
  get ownSuper(): NamespaceId {
    return this.#ledger.superNamespace();
  }

  get tree(): SuperTree {
    return this.#tree;
  }

  root(): Hash32 {
    return superTreeRoot(this.#tree);
  }

  value(namespace: NamespaceId): SuperValue | undefined {
    return superValue(this.#tree, namespace);
  }

  nameOf(key: Uint8Array): NamespaceId | undefined {
    return this.#names.get(toHex(key));
  }

  /** Reads the head of a log anew. */
  async update(namespace: NamespaceId): Promise<void> {
    if (namespace === this.ownSuper) return;
    const info = await this.#ledger.info(namespace);
    if (info === undefined) return;
    const { size, root, headHash } = info;
    // A read that was under way while the log grew must not take the tree back.
    if ((this.value(namespace)?.size ?? 0) > size) return;
    this.#names.set(toHex(superKey(namespace)), namespace);
    this.#tree = setSuperValue(this.#tree, namespace, { size, root, headHash });
  }

  /** The first node on the way of `key` that stands at or below bit `depth`. */
  nodeAt(key: Uint8Array, depth: number): SuperNode | undefined {
    let node = this.#tree.node;
    while (node?.kind === 'branch' && node.depth < depth) {
      node = goesRight(key, node.depth) ? node.right : node.left;
    }
    return node;
  }
}

/** Hash of a node and all below it, kept in the node. */
export function digestOf(node: SuperNode, tree: SuperTree): Hash32 {
  return superTreeRoot({ count: 1, node, hash: tree.hash });
}
