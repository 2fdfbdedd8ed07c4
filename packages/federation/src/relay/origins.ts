import {
  addSignatures,
  createNoteKey,
  encodeForkProof,
  equalBytes,
  formatNote,
  formatVerifierKey,
  fromUtf8,
  type Hash32,
  type NamespaceId,
  NOTE_KEY_TYPE,
  type NoteKey,
  type NoteSuites,
  openCheckpoint,
  ProtocolError,
  parseCheckpoint,
  parseNamespaceId,
  parseNote,
  parseVerifierKey,
  sha256,
  toHex,
  utf8,
} from '@basalt/protocol';
import { Lie } from './lie.ts';
import { NOTE_LINES_MAX, ORIGIN_LOGS_MAX, ORIGINS_MAX } from './limits.ts';
import type { RecordStore } from './records.ts';

/** A log's own name below its origin: a namespace, or the super-log. */
export type LogName = NamespaceId | 'super';

/** A node whose log key is known here. */
export interface Origin {
  /** Name of the node in checkpoints, e.g. `log.example.org`. */
  readonly name: string;
  /** SHA-256 of the name in hex: its place under `/mirrors/` (c2sp.org/tlog-mirror). */
  readonly hash: string;
  /** The node's key under the node's name; it signs for all logs below that name. */
  readonly key: NoteKey;
  /** `pinned`: configured; `first-use`: told by the node itself and kept. */
  readonly trust: 'pinned' | 'first-use';
  /** Its notes are served to others: it is pinned, or says to be where blocks are made. */
  readonly isMirrored: boolean;
}

export interface HeldNote {
  readonly note: string;
  readonly size: number;
  readonly root: Hash32;
}

/** A verifier key line, and the mark where the origin's notes are served. */
const PLACE = 'federation/origin/';
const MIRRORED = 'mirrored';
const NOTES = 'federation/note/';
const SUPERS = 'federation/super/';

/**
 * The origins that this node knows, and the newest checkpoint of each of their logs that was shown
 * to be one history with what is stored here. Kept in the store's records.
 */
export class Origins {
  readonly #records: RecordStore;
  readonly #suites: NoteSuites;
  readonly #origins = new Map<string, Origin>();
  /** Origin hash -> namespace of its super-log, where that is copied. */
  readonly #supers = new Map<string, NamespaceId>();
  /** `<origin hash>/<log>`; bounded by ORIGIN_LOGS_MAX. */
  readonly #notes = new Map<string, HeldNote>();

  constructor(records: RecordStore, suites: NoteSuites) {
    this.#records = records;
    this.#suites = suites;
  }

  /**
   * Reads back what was kept; configured keys come on top and win over those of first use.
   * @param own key of this node's own logs: known, and served elsewhere than under `/mirrors`
   */
  async start(verifierKeys: readonly string[], own?: string): Promise<void> {
    if (own !== undefined) this.#know(nodeKey(parseVerifierKey(own)), 'pinned', false);
    for await (const { value } of this.#records.records(PLACE, ORIGINS_MAX)) {
      const [line = '', mark] = fromUtf8(value).split('\n');
      this.#know(parseVerifierKey(line), 'first-use', mark === MIRRORED);
    }
    for await (const { name, value } of this.#records.records(SUPERS, ORIGINS_MAX)) {
      this.#supers.set(name.slice(SUPERS.length), parseNamespaceId(fromUtf8(value)));
    }
    for (const line of verifierKeys) {
      this.#know(nodeKey(parseVerifierKey(line)), 'pinned', true);
    }
    for await (const { name, value } of this.#records.records(NOTES, ORIGIN_LOGS_MAX)) {
      const note = fromUtf8(value);
      const { size, root } = parseCheckpoint(parseNote(note).text);
      this.#notes.set(name.slice(NOTES.length), { note, size, root });
    }
  }

  all(): Origin[] {
    return [...this.#origins.values()];
  }

  get(hash: string): Origin | undefined {
    return this.#origins.get(hash);
  }

  /**
   * Takes a node's key at first use. Undefined where another key is known for the name already, or
   * there is no room.
   */
  async meet(verifierKey: string, isOrigin: boolean): Promise<Origin | undefined> {
    const key = nodeKey(parseVerifierKey(verifierKey));
    const known = this.#origins.get(originHash(key.name));
    if (known !== undefined) {
      if (!equalBytes(known.key.publicKey, key.publicKey)) return undefined;
      if (known.isMirrored || !isOrigin || known.trust === 'pinned') return known;
    } else if (this.#origins.size >= ORIGINS_MAX) return undefined;
    const origin = this.#know(key, 'first-use', isOrigin);
    const value = utf8(formatVerifierKey(key) + (isOrigin ? `\n${MIRRORED}` : ''));
    await this.#records.putRecords([{ name: PLACE + origin.hash, value }]);
    return origin;
  }

  superOf(origin: Origin): NamespaceId | undefined {
    return this.#supers.get(origin.hash);
  }

  /** Which of the namespaces here is the origin's super-log. */
  async setSuper(origin: Origin, namespace: NamespaceId): Promise<void> {
    if (this.#supers.get(origin.hash) === namespace) return;
    this.#supers.set(origin.hash, namespace);
    await this.#records.putRecords([{ name: SUPERS + origin.hash, value: utf8(namespace) }]);
  }

  held(origin: Origin, log: LogName): HeldNote | undefined {
    return this.#notes.get(`${origin.hash}/${log}`);
  }

  /** Logs of an origin with a note here. */
  logs(origin: Origin): LogName[] {
    const prefix = `${origin.hash}/`;
    return [...this.#notes.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length) as LogName);
  }

  /**
   * Opens a note that was told to be the log's.
   * @throws Lie `bad-signature`, naming `url`; {@link TwoHeads} when the log has signed another
   *   root of the size of the note that is held
   */
  open(origin: Origin, log: LogName, note: string, url: string): HeldNote {
    const key = logKey(origin, log);
    const opened = this.#check(key, note, url);
    const held = this.held(origin, log);
    if (held?.size === opened.size && !equalBytes(held.root, opened.root)) {
      throw new TwoHeads(key.name, encodeForkProof(pairOf(held.note, note)));
    }
    return opened;
  }

  /**
   * Keeps a note that was shown to be one history with the own log; an older one is not kept. Of
   * one size, lines of more cosigners are added to those held.
   *
   * @param isOwn the origin itself serves it, so its lines are the ones that count
   */
  async keep(origin: Origin, log: LogName, note: HeldNote, isOwn = false): Promise<void> {
    const held = this.held(origin, log);
    if (held !== undefined && held.size > note.size) return;
    const key = `${origin.hash}/${log}`;
    if (held === undefined && this.#notes.size >= ORIGIN_LOGS_MAX) return;
    const isAgain = held?.size === note.size;
    const kept = isAgain && !isOwn ? withLinesOf(held, note) : note;
    if (isAgain && kept.note === held.note) return;
    await this.#records.putRecords([{ name: NOTES + key, value: utf8(kept.note) }]);
    this.#notes.set(key, kept);
  }

  #check(key: NoteKey, note: string, url: string): HeldNote {
    try {
      const { checkpoint } = openCheckpoint(note, [key], this.#suites, { origin: key.name });
      return { note, size: checkpoint.size, root: checkpoint.root };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new Lie(
        'bad-signature',
        url,
        `a note that ${key.name} has not signed: ${error.message}`,
        { note: note.slice(0, 2_000) },
        { cause: error },
      );
    }
  }

  #know(key: NoteKey, trust: Origin['trust'], isMirrored: boolean): Origin {
    const origin = { name: key.name, hash: originHash(key.name), key, trust, isMirrored };
    this.#origins.set(origin.hash, origin);
    return origin;
  }
}

/** A log has signed two roots for one size: the proof, encoded by `protocol`. */
export class TwoHeads extends Error {
  readonly proof: Uint8Array;

  constructor(log: string, proof: Uint8Array) {
    super(`${log} has signed two trees of one size`);
    this.name = 'TwoHeads';
    this.proof = proof;
  }
}

export function originHash(name: string): string {
  return toHex(sha256(utf8(name)));
}

/** The key for one log of the origin, under the log's own name. */
export function logKey(origin: Origin, log: LogName): NoteKey {
  const name = log === 'super' ? `${origin.name}/super` : `${origin.name}/ns/${log}`;
  return createNoteKey(name, NOTE_KEY_TYPE.ed25519, origin.key.publicKey);
}

/** A log's key as its node's: `example.org/super` and `/ns/<uuid>` are below the node's name. */
function nodeKey(key: NoteKey): NoteKey {
  const name = key.name.replace(/\/(?:super|ns\/[0-9a-f-]{36})$/, '');
  return name === key.name ? key : createNoteKey(name, key.type, key.publicKey);
}

/** Others may add lines, up to a bound: what they mean is for those who know the keys. */
function withLinesOf(held: HeldNote, other: HeldNote): HeldNote {
  const before = parseNote(held.note);
  const merged = addSignatures(before, parseNote(other.note).signatures);
  if (merged.signatures.length > NOTE_LINES_MAX) return held;
  return { ...held, note: formatNote(merged) };
}

/** Lines of a held note. */
export function noteLines({ note }: HeldNote): number {
  return parseNote(note).signatures.length;
}

function pairOf(first: string, second: string): Parameters<typeof encodeForkProof>[0] {
  return { kind: 'checkpoints', first, second };
}
