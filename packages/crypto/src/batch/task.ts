import {
  type AlgorithmId,
  type Entry,
  equalBytes,
  type HashFunction,
  isMerkleAlgorithm,
  keyId,
  ProtocolError,
  plainAlgorithm,
  signedBytes,
  type Verdict,
} from '@basalt/protocol';

/** One block to be checked; its writer's key has been resolved already. */
export interface VerificationItem {
  readonly entry: Entry;
  readonly publicKey: Uint8Array;
  /** Only version 1 signatures cover it; `verifyHashBatch` needs it for both versions. */
  readonly payload: Uint8Array | undefined;
}

/**
 * A signature check without the block around it, as it travels to a worker. For Merkle-signed ids
 * `message` is the leaf (tag and header) and `signature` holds position, path and inner signature.
 */
export interface SignatureTask {
  readonly algorithm: AlgorithmId;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Tasks of one key and plain algorithm: what the kernel can take together. */
export interface TaskGroup {
  readonly publicKey: Uint8Array;
  readonly isMerkle: boolean;
  readonly tasks: SignatureTask[];
  /** Position of each task in the caller's list. */
  readonly positions: number[];
}

/** Verdicts that need no signature check, and the rest grouped by key. */
export interface BatchPlan {
  readonly verdicts: Verdict[];
  readonly groups: readonly TaskGroup[];
}

/**
 * Checks what is cheap (does the header name this key, is the payload of version 1 there) and
 * groups the rest. A key id is computed once per distinct key, not per block.
 */
export function planBatch(items: readonly VerificationItem[], hash: HashFunction): BatchPlan {
  const grouper = new Grouper();
  const keyIds = new Map<string, Uint8Array>();
  const verdicts = items.map(({ entry, publicKey, payload }, position): Verdict => {
    const { algorithm } = entry.header;
    const name = grouper.nameOf(algorithm, publicKey);
    if (entry.header.version === 1) {
      if (entry.publicKey === undefined || !equalBytes(entry.publicKey, publicKey)) {
        return 'wrong-writer';
      }
    } else {
      let id = keyIds.get(name);
      if (id === undefined) keyIds.set(name, (id = keyId(algorithm, publicKey, hash)));
      if (!equalBytes(id, entry.header.keyId)) return 'wrong-writer';
    }
    try {
      const message = signedBytes(entry, payload);
      const task = { algorithm, publicKey, message, signature: entry.signature };
      grouper.add(name, task, position);
      return undefined;
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      throw error;
    }
  });
  return { verdicts, groups: grouper.groups() };
}

/** Collects tasks by algorithm and key. */
export class Grouper {
  readonly #groups = new Map<string, TaskGroup>();
  #lastKey: Uint8Array | undefined;
  #lastAlgorithm = 0;
  #lastName = '';

  /** Blocks of one writer usually share one key array: the name is made once for a run of them. */
  nameOf(algorithm: AlgorithmId, publicKey: Uint8Array): string {
    if (this.#lastKey !== publicKey || this.#lastAlgorithm !== algorithm) {
      const { buffer, byteOffset, byteLength } = publicKey;
      const bytes = Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
      const form = isMerkleAlgorithm(algorithm) ? 'm' : '';
      this.#lastName = `${form}${plainAlgorithm(algorithm)}:${bytes}`;
      this.#lastKey = publicKey;
      this.#lastAlgorithm = algorithm;
    }
    return this.#lastName;
  }

  add(name: string, task: SignatureTask, position: number): void {
    let group = this.#groups.get(name);
    if (group === undefined) {
      const isMerkle = isMerkleAlgorithm(task.algorithm);
      group = { publicKey: task.publicKey, isMerkle, tasks: [], positions: [] };
      this.#groups.set(name, group);
    }
    group.tasks.push(task);
    group.positions.push(position);
  }

  groups(): readonly TaskGroup[] {
    return [...this.#groups.values()];
  }
}
