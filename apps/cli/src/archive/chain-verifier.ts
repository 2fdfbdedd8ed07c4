import {
  type NativeProvider,
  type VerificationItem,
  type VerifierPool,
  verifyBatch,
} from '@basalt/crypto';
import {
  applyKeyBlock,
  type Block,
  type BlockHash,
  blockHash,
  type ChainTip,
  type CompactRange,
  checkPayload,
  checkSuccession,
  type Hash32,
  initialKeyState,
  isKeyBlock,
  type KeyState,
  leafHash,
  type NamespaceId,
  ProtocolError,
  RangeBuilder,
  tipAfter,
  v1KeyState,
  writerAt,
} from '@basalt/protocol';

export interface ChainVerifierOptions {
  readonly namespace: NamespaceId;
  readonly provider: NativeProvider;
  readonly pool?: VerifierPool;
  /** Where the copy begins whose older blocks are not there; from the first block on without. */
  readonly begin?: ChainBegin;
}

/** What a chain was before block `range.size`, shown to be under a signed checkpoint. */
export interface ChainBegin {
  readonly range: CompactRange;
  readonly keys: KeyState;
}

/**
 * Checks a chain from its first block on, or where a copy begins, with nothing taken on trust:
 * place and link of each block, its payload where there is one, who was the writer, the signatures,
 * and the tree.
 */
export class ChainVerifier {
  readonly #options: ChainVerifierOptions;
  readonly #tree: RangeBuilder;
  #tip: ChainTip | undefined;
  #keys: KeyState | undefined;

  constructor(options: ChainVerifierOptions) {
    this.#options = options;
    this.#tree = new RangeBuilder(options.begin?.range, options.provider.sha256);
    this.#keys = options.begin?.keys;
  }

  /** Index of the next block. */
  get size(): number {
    return this.#tree.size;
  }

  get headHash(): BlockHash | undefined {
    return this.#tip?.headHash;
  }

  root(): Hash32 {
    return this.#tree.root();
  }

  /**
   * The next blocks, in order. Key blocks need their payload.
   * @throws ProtocolError with the code of the first rule that does not hold
   */
  async add(blocks: readonly Block[]): Promise<void> {
    const { provider, pool } = this.#options;
    const items: VerificationItem[] = [];
    const first = this.size;
    for (const block of blocks) items.push(this.#follow(block));
    const verdicts = await verifyBatch(items, { provider, parallel: pool });
    const bad = verdicts.findIndex((verdict) => verdict !== undefined);
    const verdict = verdicts[bad];
    if (verdict === undefined) return;
    throw new ProtocolError(verdict, `the signature of block ${first + bad} does not hold`, {
      index: first + bad,
    });
  }

  /** Everything but the signature, which is checked together with others. */
  #follow(block: Block): VerificationItem {
    const { namespace, provider } = this.#options;
    const { entry, payload } = block;
    const { header } = entry;
    if (header.namespace !== namespace) {
      throw new ProtocolError('wrong-namespace', `block ${this.size} is of another namespace`, {
        found: header.namespace,
        expected: namespace,
      });
    }
    this.#tip ??= this.#tipBefore(block);
    checkSuccession(this.#tip, header);
    if (payload !== undefined) checkPayload(entry, payload, provider);
    // Rotations and recoveries are signed by who was entitled before them, the genesis by its own.
    const before = this.#keys;
    this.#keys = this.#keysAfter(block);
    const { publicKey } = writerAt(before ?? this.#keys, header);
    this.#tip = tipAfter(block, blockHash(entry, payload, provider.sha256));
    this.#tree.append(leafHash(entry.bytes, provider.sha256));
    return { entry, publicKey, payload };
  }

  /** What the block before a beginning was called is the word of the first one, which is signed. */
  #tipBefore({ entry: { header } }: Block): ChainTip | undefined {
    if (this.#options.begin === undefined) return undefined;
    const { previous: headHash, timestampMs } = header;
    return { size: this.size, headHash, timestampMs };
  }

  #keysAfter({ entry, payload }: Block): KeyState {
    const state = this.#keys;
    if (state !== undefined && !isKeyBlock(entry.header)) return state;
    if (state === undefined && entry.publicKey !== undefined) return v1KeyState(entry.publicKey);
    if (payload === undefined) {
      throw new ProtocolError('payload-mismatch', 'expected the payload of a key block', {
        index: entry.header.index,
      });
    }
    return state === undefined
      ? initialKeyState(entry, payload)
      : applyKeyBlock(state, entry, payload);
  }
}
