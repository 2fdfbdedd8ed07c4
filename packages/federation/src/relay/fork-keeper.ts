import type { Ledger } from '@basalt/ledger';
import {
  blockHash,
  decodeForkProof,
  type Entry,
  type ForkProof,
  forkProofHash,
  type KeyState,
  type NamespaceId,
  type NoteKey,
  type NoteSuites,
  ProtocolError,
  parseCheckpoint,
  parseNote,
  toHex,
  verifyForkProof,
  writerAt,
} from '@basalt/protocol';
import type { NodeId } from '../peer/node-id.ts';
import type { PathList } from '../peer/path-list.ts';
import type { Announcer } from './announcer.ts';
import {
  FORKS_KNOWN_MAX,
  FORKS_LISTED_MAX,
  FORKS_PER_LOG_MAX,
  FORKS_WAITING_MAX,
} from './limits.ts';
import { type LogName, logKey, type Origins } from './origins.ts';
import type { RecordStore } from './records.ts';

export const FORK_TYPE = 'application/x-basalt-fork-proof';

const PLACE = 'federation/fork/';

export interface ForkKeeperParts {
  readonly ledger: Ledger;
  readonly records: RecordStore;
  readonly origins: Origins;
  readonly announcer: Announcer;
  readonly crypto: Parameters<typeof verifyForkProof>[2] & NoteSuites;
}

/** What became of a proof: `waiting` until the blocks that it speaks of are here. */
export type ForkStatus = 'known' | 'frozen' | 'kept' | 'waiting' | 'refused';

/**
 * Fork proofs: each is checked once, kept for ever (so many of each log), applied to the ledger and
 * told to all peers before anything else. A proof needs no trust in who brings it.
 */
export class ForkKeeper {
  readonly #parts: ForkKeeperParts;
  /** Hex of proof hashes that went round here; bounded. */
  readonly #known = new Set<string>();
  /** Proofs about blocks that are not here yet, by namespace; bounded. */
  readonly #waiting = new Map<NamespaceId, Extract<ForkProof, { kind: 'blocks' }>>();
  /** Names of logs that have signed two trees. */
  readonly #twoHeaded = new Set<string>();
  /** Proofs kept of each log, by namespace or origin line. */
  readonly #kept = new Map<string, number>();

  constructor(parts: ForkKeeperParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    for await (const { value } of this.#parts.records.records(PLACE, FORKS_KNOWN_MAX)) {
      this.#know(toHex(forkProofHash(value)));
      const proof = decodeForkProof(value);
      this.#hasRoom(proof);
      if (proof.kind === 'checkpoints') this.#twoHeaded.add(originLine(proof.first));
      else await this.#apply(proof);
    }
  }

  /** Whether the log of that origin line was shown to have two histories. */
  isTwoHeaded(originLine: string): boolean {
    return this.#twoHeaded.has(originLine);
  }

  /** Origin lines of logs with two histories. */
  twoHeaded(): string[] {
    return [...this.#twoHeaded];
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Hashes of the newest proofs that went round here. */
  known(): string[] {
    return [...this.#known].slice(-FORKS_LISTED_MAX);
  }

  isKnown(hash: string): boolean {
    return this.#known.has(hash);
  }

  /** A proof that is kept here. */
  async proof(hash: string): Promise<Uint8Array | undefined> {
    return this.#parts.records.record(PLACE + hash);
  }

  /** All proofs about checkpoints that are kept here. */
  async proofs(): Promise<Uint8Array[]> {
    const proofs: Uint8Array[] = [];
    for await (const { value } of this.#parts.records.records(PLACE, FORKS_KNOWN_MAX)) {
      proofs.push(value);
    }
    return proofs;
  }

  /** Takes a proof that a peer, or this node itself, has found. */
  async receive(bytes: Uint8Array, path: PathList = []): Promise<ForkStatus> {
    let proof: ForkProof;
    let hash: string;
    try {
      proof = decodeForkProof(bytes);
      hash = toHex(forkProofHash(bytes));
      if (this.#known.has(hash)) return 'known';
      await this.#verify(proof);
      // A second bearer may have come meanwhile.
      if (this.#known.has(hash)) return 'known';
    } catch (error) {
      if (error instanceof ProtocolError) return 'refused';
      throw error;
    }
    // Who writes a log can make proofs about it without end: beyond some they change nothing. What
    // freezes a log here goes round all the same, as the ledger's own find.
    const isNews = this.#hasRoom(proof);
    if (isNews) this.#know(hash);
    const told = isNews ? this.#tell(bytes, path) : undefined;
    if (isNews) await this.#keep(bytes);
    const status = proof.kind === 'blocks' ? await this.#apply(proof) : this.#mark(proof);
    await told;
    return status;
  }

  /** The ledger has found forks itself: they go round. */
  async found(namespace: NamespaceId): Promise<void> {
    for (const bytes of await this.#parts.ledger.forkProofs(namespace)) {
      const hash = toHex(forkProofHash(bytes));
      if (this.#known.has(hash)) continue;
      this.#know(hash);
      const told = this.#tell(bytes, []);
      if (this.#hasRoom(decodeForkProof(bytes))) await this.#keep(bytes);
      await told;
    }
  }

  /** More of a log is here: a proof may have waited for it. */
  async grown(namespace: NamespaceId): Promise<void> {
    const proof = this.#waiting.get(namespace);
    if (proof === undefined) return;
    this.#waiting.delete(namespace);
    await this.#apply(proof);
  }

  async #verify(proof: ForkProof): Promise<void> {
    const { ledger, crypto, origins } = this.#parts;
    let keys: KeyState | undefined;
    if (proof.kind === 'blocks') {
      const { namespace } = proof.first.header;
      const info = await ledger.info(namespace);
      keys = info === undefined ? undefined : await ledger.keyState(namespace);
    }
    verifyForkProof(
      proof,
      {
        blockKey: (header) => (keys === undefined ? undefined : writerAt(keys, header).publicKey),
        logKeys: (line) => keysOf(origins, line),
      },
      crypto,
    );
  }

  /** Hands both entries to the ledger: the one that it does not have makes it freeze. */
  async #apply(proof: Extract<ForkProof, { kind: 'blocks' }>): Promise<ForkStatus> {
    const { ledger } = this.#parts;
    const { namespace, index } = proof.first.header;
    const { size = 0, beginsAt = 0 } = (await ledger.info(namespace)) ?? {};
    // Older than this copy: nobody here knows which of the two it goes on from.
    if (index < beginsAt) return 'kept';
    if (index >= size) {
      const oldest = this.#waiting.keys().next();
      if (this.#waiting.size >= FORKS_WAITING_MAX && !oldest.done) {
        this.#waiting.delete(oldest.value);
      }
      this.#waiting.set(namespace, proof);
      return 'waiting';
    }
    const own = await ledger.blockAt(namespace, index);
    const rivals = [proof.first, proof.second].filter((entry) => !isBlock(entry, own?.blockHash));
    await ledger.submit(rivals.map((entry) => ({ entry, payload: emptyPayload(entry) })));
    return (await ledger.info(namespace))?.frozenAt === undefined ? 'kept' : 'frozen';
  }

  #mark(proof: Extract<ForkProof, { kind: 'checkpoints' }>): ForkStatus {
    this.#twoHeaded.add(originLine(proof.first));
    return 'frozen';
  }

  /** Counts the proof where it still has a place among those of its log. */
  #hasRoom(proof: ForkProof): boolean {
    const log = proof.kind === 'blocks' ? proof.first.header.namespace : originLine(proof.first);
    const count = this.#kept.get(log) ?? 0;
    if (count >= FORKS_PER_LOG_MAX) return false;
    this.#kept.set(log, count + 1);
    return true;
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    const name = PLACE + toHex(forkProofHash(bytes));
    await this.#parts.records.putRecords([{ name, value: bytes }]);
  }

  async #tell(body: Uint8Array, path: PathList): Promise<NodeId[]> {
    const message = { target: '/forks', mediaType: FORK_TYPE, body, path, isUrgent: true };
    return this.#parts.announcer.tell(message);
  }

  #know(hash: string): void {
    this.#known.add(hash);
    const oldest = this.#known.keys().next();
    if (this.#known.size > FORKS_KNOWN_MAX && !oldest.done) this.#known.delete(oldest.value);
  }
}

function keysOf(origins: Origins, line: string): readonly NoteKey[] | undefined {
  for (const origin of origins.all()) {
    if (!line.startsWith(`${origin.name}/`)) continue;
    const rest = line.slice(origin.name.length + 1);
    const log = rest === 'super' ? rest : rest.replace(/^ns\//, '');
    const key = logKey(origin, log as LogName);
    if (key.name === line) return [key];
  }
  return undefined;
}

function originLine(note: string): string {
  return parseCheckpoint(parseNote(note).text).origin;
}

function isBlock(entry: Entry, hash: Uint8Array | undefined): boolean {
  return hash !== undefined && toHex(blockHash(entry)) === toHex(hash);
}

/** Header form: a rival is never stored, so its payload is not needed. */
function emptyPayload(entry: Entry): Uint8Array | undefined {
  return entry.header.payloadLength === 0 ? new Uint8Array(0) : undefined;
}
