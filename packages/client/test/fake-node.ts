import {
  ALGORITHM,
  type Block,
  blockHash,
  concatBytes,
  consistencyProof,
  cosign,
  createBlock,
  createGenesisBlock,
  createNoteSigner,
  createSigner,
  decodeBlockPrefix,
  emptySuperTree,
  encodeBlock,
  encodeMultiProof,
  encodeRotation,
  encodeSuperRoot,
  encodeSuperTreeProof,
  formatNote,
  formatVerifierKey,
  type Hash32,
  type HashReader,
  inclusionProof,
  leafHash,
  multiProof,
  type NamespaceId,
  type NoteSigner,
  nobleProvider,
  nodeHash,
  PAYLOAD_TYPE,
  proveInSuperTree,
  RangeBuilder,
  type Signer,
  setSuperValue,
  signCheckpoint,
  superTreeRoot,
  tipAfter,
  toBase64,
  toHex,
  treeRoot,
  utf8,
} from '@basalt/protocol';
import type { FetchFunction } from '../src/index.ts';

/** A chain as a node holds it: real signatures, a real tree. */
export interface FakeChain {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly origin: string;
  signer: Signer;
  readonly blocks: Block[];
  readonly leaves: Hash32[];
  /** Size that the newest checkpoint covers. */
  covered: number;
  /** Whether a checkpoint follows every block at once. */
  autoCover: boolean;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
}

/** Changes an answer on its way to the client, or makes one up; undefined lets it pass. */
export type Intercept = (
  request: SeenRequest,
  answer: () => Promise<Response>,
) => Promise<Response> | Response | undefined;

const TIME_MS = 1_760_000_000_000;

export function seededSigner(seed: number): Signer {
  const bytes = new Uint8Array(32).fill(seed);
  return createSigner(nobleProvider.suite(ALGORITHM.ed25519).keyPairFromSeed(bytes));
}

/** The HTTP contract over chains in memory, as a `fetch`. */
export class FakeNode {
  readonly origin: string;
  readonly chains: Map<string, FakeChain> = new Map();
  readonly seen: SeenRequest[] = [];
  /** Bytes of answers, bodies and header fields, as sent without compression. */
  bytesSent = 0;
  intercept: Intercept | undefined;
  logSigner: Signer = seededSigner(200);
  superChain: FakeChain;
  /** Witnesses of the super-log's checkpoints, each with the time that it signs. */
  cosigners: readonly (readonly [NoteSigner, number])[] = [];
  readonly #listeners = new Set<(text: string) => void>();
  readonly #ends = new Set<() => void>();

  constructor(origin = 'node.test') {
    this.origin = origin;
    this.superChain = this.addChain('super', seededSigner(200), 99, `${origin}/super`);
  }

  addChain(label: string, signer: Signer, nonce = 7, origin?: string): FakeChain {
    const { block } = createGenesisBlock({
      label,
      nonce: new Uint8Array(16).fill(nonce),
      timestampMs: TIME_MS,
      signer,
    });
    const { namespace } = block.entry.header;
    const chain: FakeChain = {
      namespace,
      label,
      origin: origin ?? `${this.origin}/ns/${namespace}`,
      signer,
      blocks: [],
      leaves: [],
      covered: 0,
      autoCover: true,
    };
    this.chains.set(namespace, chain);
    this.push(chain, block);
    return chain;
  }

  /** Appends whatever it is given. */
  push(chain: FakeChain, block: Block): void {
    chain.blocks.push(block);
    chain.leaves.push(leafHash(block.entry.bytes));
    const { namespace } = chain;
    const index = chain.blocks.length - 1;
    const { timestampMs, payloadType, payloadLength } = block.entry.header;
    const hash = toHex(blockHash(block.entry, block.payload));
    const data = { kind: 'block', namespace, index, blockHash: hash, timestampMs };
    const event = JSON.stringify({ ...data, payloadType, payloadLength });
    this.emit(`event: block\nid: ${namespace}:${index}\ndata: ${event}\n\n`);
    if (chain.autoCover) this.cover(chain);
  }

  cover(chain: FakeChain): void {
    chain.covered = chain.blocks.length;
    const data = { kind: 'checkpoint', namespace: chain.namespace, size: chain.covered };
    this.emit(`event: checkpoint\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Signs a record as the chain's writer does and appends it. */
  add(chain: FakeChain, payload: string | Uint8Array, payloadType: number = 1): Block {
    const bytes = typeof payload === 'string' ? utf8(payload) : payload;
    const { block } = createBlock({ ...this.next(chain), payloadType, payload: bytes });
    this.push(chain, block);
    return block;
  }

  /** Hands the chain over to another key. */
  rotate(chain: FakeChain, signer: Signer): void {
    const payload = encodeRotation({
      newKey: { algorithm: ALGORITHM.ed25519, publicKey: signer.publicKey },
      nextKeyHash: undefined,
    });
    this.add(chain, payload, PAYLOAD_TYPE.keyRotation);
    chain.signer = signer;
  }

  next(chain: FakeChain): {
    namespace: NamespaceId;
    tip: ReturnType<typeof tipAfter>;
    timestampMs: number;
    signer: Signer;
  } {
    const head = chain.blocks.at(-1) as Block;
    const tip = tipAfter(head, blockHash(head.entry, head.payload));
    const { namespace, signer } = chain;
    return { namespace, tip, timestampMs: TIME_MS + tip.size, signer };
  }

  noteFor(chain: FakeChain, size: number = chain.covered): string {
    const root = treeRoot(size, readerOf(chain));
    const signer = createNoteSigner(chain.origin, this.logSigner);
    const own = signCheckpoint({ origin: chain.origin, size, root }, [signer]);
    const by = chain === this.superChain ? this.cosigners : [];
    return formatNote(by.reduce((note, [one, seconds]) => cosign(note, one, seconds), own));
  }

  verifierKey(chain: FakeChain): string {
    return formatVerifierKey(createNoteSigner(chain.origin, this.logSigner).key);
  }

  emit(text: string): void {
    for (const listener of this.#listeners) listener(text);
  }

  /** Ends all event streams, as a node does that goes away. */
  closeStreams(): void {
    for (const end of this.#ends) end();
    this.#ends.clear();
    this.#listeners.clear();
  }

  get listening(): number {
    return this.#listeners.size;
  }

  readonly fetch: FetchFunction = async (url, init) => {
    const path = url.replace(/^https?:\/\/[^/]*/, '');
    const method = init.method ?? 'GET';
    const request: SeenRequest = { method, path, headers: new Headers(init.headers) };
    this.seen.push(request);
    init.signal?.throwIfAborted();
    const answer = async (): Promise<Response> => {
      const body = init.body instanceof Uint8Array ? init.body : new Uint8Array(0);
      return this.#route(request, body, init.signal ?? undefined);
    };
    const response = (await this.intercept?.(request, answer)) ?? (await answer());
    await this.#count(response);
    return response;
  };

  async #count(response: Response): Promise<void> {
    for (const [name, value] of response.headers) this.bytesSent += name.length + value.length + 4;
    if (response.headers.get('content-type') === 'text/event-stream') return;
    this.bytesSent += (await response.clone().arrayBuffer()).byteLength;
  }

  #route(request: SeenRequest, body: Uint8Array, signal: AbortSignal | undefined): Response {
    const [path = '', query = ''] = request.path.split('?');
    const params = new URLSearchParams(query);
    const parts = path.split('/').slice(1);
    if (request.method === 'POST') return this.#submit(request, body);
    if (path === '/chains') return json([...this.chains.values()].map((chain) => summary(chain)));
    if (path === '/events') return this.#events(signal);
    if (parts[0] === 'blocks') return this.#byHash(parts);
    const chain = this.#find(parts[1] ?? '');
    if (chain === undefined) return problem(404, 'unknown-namespace');
    if (parts[0] === 'ns') return text(this.noteFor(chain));
    return this.#ofChain(chain, parts, params, signal);
  }

  #find(name: string): FakeChain | undefined {
    return this.chains.get(name) ?? [...this.chains.values()].find(({ label }) => label === name);
  }

  #ofChain(
    chain: FakeChain,
    parts: readonly string[],
    params: URLSearchParams,
    signal: AbortSignal | undefined,
  ): Response {
    const number = (name: string): number => Number(params.get(name));
    switch (parts[2]) {
      case undefined:
        return json({
          ...summary(chain),
          origin: chain.origin,
          verifierKey: this.verifierKey(chain),
          keys: [],
        });
      case 'head':
        return block(chain.blocks.at(-1));
      case 'blocks': {
        if (parts[3] !== undefined) return block(chain.blocks[Number(parts[3])]);
        const page = chain.blocks.slice(number('from'), number('from') + number('count'));
        return binary(concatBytes(...page.map(encodeBlock)));
      }
      case 'keys':
        return binary(concatBytes(...chain.blocks.filter(isKeyBlock).map(encodeBlock)));
      case 'proof':
        return this.#proof(chain, number('index'));
      case 'proofs':
        return this.#proofs(chain, (params.get('indexes') ?? '').split(',').map(Number));
      case 'consistency': {
        const hashes = consistencyProof(number('from'), number('to'), readerOf(chain));
        return json({ from: number('from'), to: number('to'), hashes: hashes.map(toHex) });
      }
      case 'events':
        return this.#events(signal);
      case 'super':
        return this.#super(chain);
      case 'snapshots':
        return this.#snapshot(chain, Number(parts[3]));
      default:
        return problem(404, 'not-found');
    }
  }

  #byHash(parts: readonly string[]): Response {
    for (const chain of this.chains.values()) {
      const index = chain.blocks.findIndex(
        ({ entry, payload }) => toHex(blockHash(entry, payload)) === parts[1],
      );
      if (index === -1) continue;
      return parts[2] === 'proof' ? this.#proof(chain, index) : block(chain.blocks[index]);
    }
    return problem(404, 'unknown-block');
  }

  #proof(chain: FakeChain, index: number): Response {
    if (index >= chain.covered) return problem(404, 'not-covered');
    return json(this.proofFor(chain, index));
  }

  proofFor(chain: FakeChain, index: number, size: number = chain.covered): Record<string, unknown> {
    const read = readerOf(chain);
    return {
      namespace: chain.namespace,
      index,
      size,
      root: toHex(treeRoot(size, read)),
      leafHash: toHex(chain.leaves[index] as Hash32),
      hashes: inclusionProof(index, size, read).map(toHex),
      checkpoint: this.noteFor(chain, size),
    };
  }

  #proofs(chain: FakeChain, indexes: readonly number[]): Response {
    if (indexes.some((index) => index >= chain.covered)) return problem(404, 'not-covered');
    const proof = multiProof(indexes, chain.covered, readerOf(chain));
    const root = toHex(treeRoot(chain.covered, readerOf(chain)));
    const checkpoint = this.noteFor(chain);
    return json({ size: proof.size, root, checkpoint, proof: toBase64(encodeMultiProof(proof)) });
  }

  #super(chain: FakeChain): Response {
    let tree = emptySuperTree();
    const root = treeRoot(chain.covered, readerOf(chain));
    const head = chain.blocks[chain.covered - 1] as Block;
    const headHash = blockHash(head.entry, head.payload);
    tree = setSuperValue(tree, chain.namespace, { size: chain.covered, root, headHash });
    const superRoot = superTreeRoot(tree);
    const epoch = { epoch: 1, timestampMs: TIME_MS, namespaceCount: 1, root: superRoot };
    const superBlock = this.add(this.superChain, encodeSuperRoot(epoch), PAYLOAD_TYPE.beacon);
    return json({
      treeProof: toBase64(encodeSuperTreeProof(proveInSuperTree(tree, chain.namespace))),
      superRoot: toHex(superRoot),
      superBlock: toBase64(encodeBlock(superBlock)),
      inclusion: this.proofFor(this.superChain, superBlock.entry.header.index),
    });
  }

  #snapshot(chain: FakeChain, height: number): Response {
    const builder = new RangeBuilder();
    for (const leaf of chain.leaves.slice(0, height)) builder.append(leaf);
    return json({
      namespace: chain.namespace,
      height,
      root: toHex(builder.root()),
      peaks: builder.peaks().map(toHex),
      blockCount: height,
      totalSizeBytes: 1,
      createdMs: TIME_MS,
    });
  }

  /** Takes what follows the head; no other rules, but compare-and-swap and duplicates. */
  #submit(request: SeenRequest, body: Uint8Array): Response {
    const outcomes: unknown[] = [];
    let offset = 0;
    let isFirst = true;
    while (offset < body.length) {
      const { block: given, end } = decodeBlockPrefix(body, offset);
      offset = end;
      const bytes = encodeBlock(given);
      const fresh = decodeBlockPrefix(bytes, 0).block;
      const { namespace, index } = fresh.entry.header;
      const hash = toHex(blockHash(fresh.entry, fresh.payload));
      const outcome = (status: string, code?: string): void => {
        outcomes.push({ status, index, hash, ...(code === undefined ? {} : { code }) });
      };
      let chain = this.chains.get(namespace);
      if (chain === undefined && index === 0) {
        chain = { ...this.superChain, namespace, blocks: [], leaves: [], covered: 0 };
        chain = { ...chain, origin: `${this.origin}/ns/${namespace}`, label: 'made' };
        this.chains.set(namespace, chain);
        this.push(chain, fresh);
        outcome('accepted');
        continue;
      }
      if (chain === undefined) return problem(404, 'unknown-namespace');
      const head = chain.blocks.at(-1) as Block;
      const headHash = toHex(blockHash(head.entry, head.payload));
      const wanted = request.headers.get('if-match');
      if (isFirst && wanted !== null && wanted !== `"${headHash}"`) {
        return problem(412, 'head-moved');
      }
      isFirst = false;
      const stored = chain.blocks[index];
      if (stored !== undefined) {
        const isSame = toHex(blockHash(stored.entry, stored.payload)) === hash;
        outcome(isSame ? 'duplicate' : 'rejected', isSame ? undefined : 'fork');
      } else {
        this.push(chain, fresh);
        outcome('accepted');
      }
    }
    return json({ outcomes });
  }

  #events(signal: AbortSignal | undefined): Response {
    const encoder = new TextEncoder();
    let listener: (text: string) => void = () => undefined;
    const listeners = this.#listeners;
    const ends = this.#ends;
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        listener = (text) => controller.enqueue(encoder.encode(text));
        listeners.add(listener);
        ends.add(() => controller.close());
        signal?.addEventListener('abort', () => {
          if (!listeners.delete(listener)) return;
          controller.error(signal.reason);
        });
        controller.enqueue(encoder.encode('retry: 10\n\n'));
      },
      cancel() {
        listeners.delete(listener);
      },
    });
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  }
}

/** Node hashes of the tree over a chain's leaves, computed when asked for. */
export function readerOf(chain: Pick<FakeChain, 'leaves'>): HashReader {
  const read: HashReader = (level, index) => {
    if (level === 0) return chain.leaves[index] as Hash32;
    return nodeHash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1));
  };
  return read;
}

export function isKeyBlock({ entry }: Block): boolean {
  const { payloadType } = entry.header;
  return payloadType >= PAYLOAD_TYPE.namespaceGenesis && payloadType <= PAYLOAD_TYPE.recovery;
}

function summary(chain: FakeChain): Record<string, unknown> {
  const head = chain.blocks.at(-1) as Block;
  return {
    namespace: chain.namespace,
    label: chain.label,
    strategy: { kind: 'per-writer' },
    size: chain.blocks.length,
    headHash: toHex(blockHash(head.entry, head.payload)),
    timestampMs: head.entry.header.timestampMs,
    checkpointSize: chain.covered,
  };
}

export function json(value: unknown, status = 200): Response {
  const headers = { 'content-type': 'application/json' };
  return new Response(JSON.stringify(value), { status, headers });
}

export function problem(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Response {
  const type = `urn:basalt:error:${code}`;
  const body = JSON.stringify({ type, title: code, status, detail: `no: ${code}`, code });
  const fields = { 'content-type': 'application/problem+json', ...headers };
  return new Response(body, { status, headers: fields });
}

export function binary(bytes: Uint8Array): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>);
}

function text(value: string): Response {
  return new Response(value, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

function block(found: Block | undefined): Response {
  return found === undefined ? problem(404, 'unknown-block') : binary(encodeBlock(found));
}
