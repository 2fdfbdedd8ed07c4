import type { Ledger } from '@basalt/ledger';
import {
  type AddCheckpointRequest,
  type Block,
  type Clock,
  cosign,
  createCosigner,
  EMPTY_ROOT,
  equalBytes,
  formatNote,
  formatSignatureLine,
  fromUtf8,
  leafHash,
  type NoteSignature,
  type NoteSigner,
  ProtocolError,
  parseNote,
  type Signer,
  utf8,
  verifyConsistency,
  verifySubtreeConsistency,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import type { ForkKeeper } from '../relay/fork-keeper.ts';
import { Lie } from '../relay/lie.ts';
import { type HeldNote, type Origins, TwoHeads } from '../relay/origins.ts';
import { ownLeaves, ownRoot } from '../relay/own-log.ts';
import type { RecordStore } from '../relay/records.ts';
import { rootOfLeaves } from '../relay/tree-access.ts';
import type { EntryPackage, PackageRange } from './add-entries.ts';
import { PENDING_KEPT, PENDING_LOGS_MAX, SIGNED_NOTES_MAX } from './limits.ts';
import { type MirroredLog, minimumIndex } from './mirrored-log.ts';

/** Where payloads come from: entries travel without them. */
export type BlockSource = (
  log: MirroredLog,
  start: number,
  entries: readonly Uint8Array[],
) => Promise<Block[] | undefined>;

export interface MirrorParts {
  readonly ledger: Ledger;
  readonly origins: Origins;
  readonly forks: ForkKeeper;
  readonly records: RecordStore;
  readonly clock: Clock;
  /** Key name of the mirror, e.g. `archive.example.org/mirror`; not that of a witness. */
  readonly name: string;
  /** Ed25519 or ML-DSA-44, and no other cosigner's key: its name may not be in what it signs. */
  readonly signer: Signer;
  readonly blocks: BlockSource;
}

/** What `add-checkpoint` came to; the statuses are tlog-witness's. */
export type AddCheckpointOutcome =
  | { readonly status: 200 | 403 | 404 | 422 }
  /** Sizes that do not follow: `size` is the pending one. */
  | { readonly status: 409; readonly size: number }
  | { readonly status: 400 };

const PLACE = 'federation/mirror-pending/';

/**
 * Mirrors logs of known origins (c2sp.org/tlog-mirror) into the own ledger and cosigns what it
 * holds. A cosignature here says: every block below this size is stored durably, payloads from the
 * minimum index on, and can be read. It is made only from checkpoints that were shown to be one
 * history with what is stored.
 */
export class Mirror {
  readonly #parts: MirrorParts;
  readonly #cosigner: NoteSigner;
  /** Log hash -> pending checkpoints, newest last. Bounded by PENDING_LOGS_MAX and PENDING_KEPT. */
  readonly #pending = new Map<string, HeldNote[]>();
  /** Owner of the pending checkpoints: one `add-checkpoint` at a time checks and stores. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Note -> note with our line. */
  readonly #signed = new Map<string, string>();

  constructor(parts: MirrorParts) {
    this.#parts = parts;
    this.#cosigner = createCosigner(parts.name, parts.signer);
  }

  get key(): NoteSigner['key'] {
    return this.#cosigner.key;
  }

  /** The checkpoint that this mirror claims to hold, with its cosignature. */
  async checkpoint(log: MirroredLog): Promise<string | undefined> {
    const held = this.#held(log);
    return held === undefined ? undefined : this.#cosigned(held);
  }

  /** Size that is claimed, and the first index whose payload is held. */
  async extent(log: MirroredLog): Promise<{ size: number; minimumIndex: number }> {
    const { ledger } = this.#parts;
    const minimum = await minimumIndex(ledger, log.namespace);
    return { size: this.#held(log)?.size ?? 0, minimumIndex: minimum };
  }

  /** The newest pending checkpoint; the mirror checkpoint where none is ahead of it. */
  async pending(log: MirroredLog): Promise<HeldNote | undefined> {
    const kept = await this.#pendingOf(log);
    const newest = kept.at(-1);
    const held = this.#held(log);
    return newest !== undefined && newest.size > (held?.size ?? 0) ? newest : held;
  }

  /** A pending checkpoint of that size, current or past. */
  async pendingOfSize(log: MirroredLog, size: number): Promise<HeldNote | undefined> {
    const kept = await this.#pendingOf(log);
    const held = this.#held(log);
    return [...kept, ...(held === undefined ? [] : [held])].find((note) => note.size === size);
  }

  /** First index that is not stored yet. */
  async nextEntry(log: MirroredLog): Promise<number> {
    return (await this.#parts.ledger.info(log.namespace))?.size ?? 0;
  }

  /** `add-checkpoint` as a witness does it, without a cosignature (tlog-mirror). */
  addCheckpoint(log: MirroredLog, request: AddCheckpointRequest): Promise<AddCheckpointOutcome> {
    const turn = this.#turn.then(() => this.#addCheckpoint(log, request));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #addCheckpoint(
    log: MirroredLog,
    { oldSize, proof, note }: AddCheckpointRequest,
  ): Promise<AddCheckpointOutcome> {
    const opened = await this.#open(log, formatNote(note));
    if (opened === undefined) return { status: 403 };
    const pending = await this.pending(log);
    const size = pending?.size ?? 0;
    if (oldSize > opened.size) return { status: 400 };
    if (oldSize !== size) return { status: 409, size };
    if (pending !== undefined && opened.size === size) {
      return equalBytes(opened.root, pending.root) ? { status: 200 } : { status: 409, size };
    }
    try {
      verifyConsistency({
        fromSize: size,
        fromRoot: pending?.root ?? EMPTY_ROOT,
        toSize: opened.size,
        toRoot: opened.root,
        proof,
      });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return { status: 422 };
    }
    await this.#keepPending(log, opened);
    return { status: 200 };
  }

  /**
   * Checks one package against a pending checkpoint and stores what is new of it. False: it does
   * not hold. @throws PeerError `unreachable` when payloads cannot be had
   */
  async addPackage(
    log: MirroredLog,
    { aligned, start, end }: PackageRange,
    { entries, proof }: EntryPackage,
    { size, root }: Pick<HeldNote, 'size' | 'root'>,
  ): Promise<boolean> {
    const { ledger } = this.#parts;
    const before = await ownLeaves(ledger, log.namespace, aligned, start);
    const leaves = [...before, ...entries.map((entry) => leafHash(entry))];
    try {
      const subtreeRoot = rootOfLeaves(leaves);
      verifySubtreeConsistency({ start: aligned, end, size, subtreeRoot, root, proof });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return false;
    }
    const next = await this.nextEntry(log);
    if (end > next) await this.#store(log, Math.max(start, next), entries.slice(next - start));
    return true;
  }

  /**
   * All entries of a pending checkpoint are here: it becomes the mirror checkpoint.
   * @returns our signature line; undefined where a larger one is the mirror checkpoint already
   */
  async commit(log: MirroredLog, pending: HeldNote): Promise<string | undefined> {
    const { ledger, origins } = this.#parts;
    const held = this.#held(log);
    if (held !== undefined && held.size > pending.size) return undefined;
    // Covered by an own checkpoint is synced to disk.
    if (((await ledger.info(log.namespace))?.checkpointSize ?? 0) < pending.size) {
      await ledger.flush();
    }
    const root = await ownRoot(ledger, log.namespace, pending.size);
    if (!equalBytes(root, pending.root)) return undefined;
    await origins.keep(log.origin, log.name, pending);
    return formatSignatureLine(this.#lineOf(this.#cosigned(pending)));
  }

  async #store(log: MirroredLog, start: number, entries: readonly Uint8Array[]): Promise<void> {
    const { ledger, blocks } = this.#parts;
    const whole = await blocks(log, start, entries);
    if (whole === undefined) {
      throw new PeerError('unreachable', `the payloads of blocks ${start} on cannot be had now`);
    }
    const outcomes = await ledger.submit(whole);
    const refused = outcomes.find(({ status }) => status === 'rejected');
    if (refused?.status === 'rejected') {
      const { index, code, message } = refused;
      throw new PeerError('refused', `block ${index} is refused: ${code}, ${message}`);
    }
  }

  async #open(log: MirroredLog, note: string): Promise<HeldNote | undefined> {
    const { origins, forks } = this.#parts;
    if (forks.isTwoHeaded(log.line)) return undefined;
    try {
      return origins.open(log.origin, log.name, note, log.line);
    } catch (error) {
      if (error instanceof TwoHeads) {
        await forks.receive(error.proof);
        return undefined;
      }
      if (error instanceof Lie) return undefined;
      throw error;
    }
  }

  #held({ origin, name }: MirroredLog): HeldNote | undefined {
    return this.#parts.origins.held(origin, name);
  }

  #cosigned({ note }: HeldNote): string {
    const known = this.#signed.get(note);
    if (known !== undefined) return known;
    const timeSeconds = Math.floor(this.#parts.clock.nowMs() / 1_000);
    const signed = formatNote(cosign(parseNote(note), this.#cosigner, timeSeconds));
    this.#signed.set(note, signed);
    const oldest = this.#signed.keys().next();
    if (this.#signed.size > SIGNED_NOTES_MAX && !oldest.done) this.#signed.delete(oldest.value);
    return signed;
  }

  #lineOf(note: string): NoteSignature {
    const { id, name } = this.#cosigner.key;
    const line = parseNote(note).signatures.find((one) => one.name === name && one.id === id);
    if (line === undefined) throw new Error('a cosigned note has our line');
    return line;
  }

  async #pendingOf(log: MirroredLog): Promise<HeldNote[]> {
    const known = this.#pending.get(log.hash);
    if (known !== undefined) return known;
    const stored = await this.#parts.records.record(PLACE + log.hash);
    const kept: HeldNote[] = [];
    if (stored !== undefined) {
      const opened = await this.#open(log, fromUtf8(stored));
      if (opened !== undefined) kept.push(opened);
    }
    this.#pending.set(log.hash, kept);
    const oldest = this.#pending.keys().next();
    if (this.#pending.size > PENDING_LOGS_MAX && !oldest.done) this.#pending.delete(oldest.value);
    return kept;
  }

  async #keepPending(log: MirroredLog, note: HeldNote): Promise<void> {
    await this.#parts.records.putRecords([{ name: PLACE + log.hash, value: utf8(note.note) }]);
    const kept = await this.#pendingOf(log);
    kept.push(note);
    if (kept.length > PENDING_KEPT) kept.shift();
  }
}
