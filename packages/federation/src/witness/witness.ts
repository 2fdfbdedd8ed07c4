import type { BlsSigner } from '@basalt/crypto';
import {
  type Clock,
  encodeForkProof,
  formatNote,
  formatSignatureLine,
  formatVerifierKey,
  type HashFunction,
  NOTE_KEY_TYPE,
  type NoteSigner,
  type NoteSuites,
  type SignedNote,
  signNoteText,
  toBase64,
} from '@basalt/protocol';
import {
  type Refusal,
  readSubmission,
  refusalOf,
  type SubmittedCheckpoint,
} from './add-checkpoint.ts';
import { signBlsCosignature } from './bls-cosignature.ts';
import { WitnessError } from './errors.ts';
import { type KnownLog, knownLogs, takeRequest } from './known-logs.ts';
import { CLOCK_SLEW_SECONDS } from './limits.ts';
import { Locks } from './lock.ts';
import type { WitnessedLog } from './log-list.ts';
import type { RecordStorage } from './record-storage.ts';
import {
  decodeState,
  encodeState,
  originHash,
  type WitnessedCheckpoint,
  witnessRecord,
} from './state.ts';

/** Who a witness is and whom it watches. */
export interface WitnessConfig {
  /** Cosigners of one name: Ed25519 (type 0x04), ML-DSA-44 (type 0x06) or both. */
  readonly signers: readonly NoteSigner[];
  readonly logs: readonly WitnessedLog[];
  /** Signs the same notes for aggregates too; an extra. */
  readonly bls?: BlsSigner;
}

export interface WitnessComponents {
  readonly storage: RecordStorage;
  readonly suites: NoteSuites;
  readonly clock: Clock;
  readonly sha256: HashFunction;
  /** A log showed two roots for one size: both notes as a fork proof of `protocol`. */
  readonly onFork?: (proof: Uint8Array, origin: string) => void;
}

/** What became of an add-checkpoint request. */
export type AddCheckpointOutcome =
  | {
      readonly status: 200;
      /** Lines to send back. */
      readonly lines: string;
    }
  | Refusal
  /** The log has used up its budget, or too many of its requests wait. */
  | { readonly status: 429; readonly retryMs: number }
  /** Nothing was signed: the state could not be read or made durable, or the clock is unset. */
  | { readonly status: 503; readonly message: string };

export interface WitnessStatus {
  readonly name: string;
  readonly verifierKeys: readonly string[];
  /** Base64; undefined without one. */
  readonly bls: { readonly publicKey: string; readonly proofOfPossession: string } | undefined;
  readonly logs: number;
  /** Requests by the status that they were answered with, since the start. */
  readonly answers: Readonly<Record<string, number>>;
  /** Logs that showed two histories since the start. */
  readonly conflicts: readonly string[];
  /** How often the clock had gone back by more than minutes. */
  readonly clockSteps: number;
  /** Why the newest write or read of state failed; undefined when it did not. */
  readonly storageProblem: string | undefined;
}

/**
 * A witness (c2sp.org/tlog-witness): for each log it knows it keeps the newest checkpoint that it
 * cosigned, and cosigns the next one only when that is shown to extend it. Check, store and release
 * of the cosignature happen under one lock for each log, and the state is durable before the
 * cosignature is given out: whatever fails in between, no older size and no second root of a size
 * can be signed. A witness that loses its storage has to take a new key.
 */
export class Witness {
  readonly #signers: readonly NoteSigner[];
  readonly #bls: BlsSigner | undefined;
  readonly #logs: ReadonlyMap<string, KnownLog>;
  /** Origins by their hash, for monitors. */
  readonly #originOf = new Map<string, string>();
  readonly #components: WitnessComponents;
  readonly #locks = new Locks();
  readonly #answers = new Map<number, number>();
  readonly #conflicts = new Set<string>();
  #clockSteps = 0;
  #storageProblem: string | undefined;

  /** @throws WitnessError `invalid-config` */
  constructor(config: WitnessConfig, components: WitnessComponents) {
    this.#signers = config.signers;
    this.#bls = config.bls;
    this.#components = components;
    checkSigners(config.signers);
    this.#logs = knownLogs(
      config.logs,
      config.signers.map(({ key }) => key),
    );
    for (const origin of this.#logs.keys()) {
      this.#originOf.set(originHash(origin, components.sha256), origin);
    }
  }

  status(): WitnessStatus {
    return {
      name: (this.#signers[0] as NoteSigner).key.name,
      verifierKeys: this.#signers.map(({ key }) => formatVerifierKey(key)),
      bls: blsKeyOf(this.#bls),
      logs: this.#logs.size,
      answers: Object.fromEntries(this.#answers),
      conflicts: [...this.#conflicts],
      clockSteps: this.#clockSteps,
      storageProblem: this.#storageProblem,
    };
  }

  /** Answers one request; never throws for what the caller sent or the storage did. */
  async addCheckpoint(body: Uint8Array): Promise<AddCheckpointOutcome> {
    const outcome = await this.#answer(body);
    this.#answers.set(outcome.status, (this.#answers.get(outcome.status) ?? 0) + 1);
    return outcome;
  }

  /**
   * The newest checkpoint cosigned for the log, with the log's signature and the cosignatures.
   *
   * @param hash lower-case hex of SHA-256 of the origin
   * @returns undefined for a log that is not known or was never cosigned
   * @throws WitnessError `state-damaged`; what the storage throws
   */
  async checkpoint(hash: string): Promise<string | undefined> {
    const origin = this.#originOf.get(hash);
    if (origin === undefined) return undefined;
    const held = await this.#read(origin);
    return held === undefined ? undefined : formatNote(held.note);
  }

  /**
   * The share of a BLS aggregate over the newest checkpoint that was cosigned, 96 bytes: what is
   * signed is in the storage before, as with the lines.
   *
   * @returns undefined without a BLS key or such a checkpoint
   * @throws WitnessError `state-damaged`; what the storage throws
   */
  async blsShare(hash: string): Promise<Uint8Array | undefined> {
    const origin = this.#originOf.get(hash);
    if (origin === undefined || this.#bls === undefined) return undefined;
    const held = await this.#read(origin);
    return held === undefined ? undefined : signBlsCosignature(this.#bls, held.note.text);
  }

  async #answer(body: Uint8Array): Promise<AddCheckpointOutcome> {
    const { suites } = this.#components;
    const read = readSubmission(body, this.#logs, suites);
    if ('status' in read) return read;
    try {
      const done = this.#locks.run(read.log.origin, () => this.#advance(read));
      return (await done) ?? { status: 429, retryMs: 1000 };
    } catch (error) {
      this.#storageProblem = error instanceof Error ? error.message : String(error);
      return { status: 503, message: 'the state could not be kept; nothing was signed' };
    }
  }

  /** Under the log's lock. */
  async #advance(submitted: SubmittedCheckpoint): Promise<AddCheckpointOutcome> {
    const { clock, sha256, storage } = this.#components;
    const { checkpoint, log, note } = submitted;
    const held = await this.#read(log.origin);
    const refusal = refusalOf(submitted, held, sha256);
    if (refusal !== undefined) {
      if (refusal.status === 409 && refusal.size === undefined && held !== undefined) {
        await this.#keepConflict(log.origin, held.note, note);
      }
      return refusal;
    }
    const grows = checkpoint.size > (held?.checkpoint.size ?? -1);
    // Only progress is charged: anybody can repeat a public checkpoint to spend a log's budget.
    const retryMs = grows ? takeRequest(log, clock.nowMs()) : 0;
    if (retryMs > 0) return { status: 429, retryMs };
    const timeSeconds = this.#time(held);
    if (timeSeconds <= 0) return { status: 503, message: 'the clock of the witness is not set' };
    const lines = this.#signers.map((by) => signNoteText(note.text, by, timeSeconds));
    const signatures = [...note.signatures, ...lines];
    // Also for the size that is held: a write that failed may be visible and yet not durable.
    const value = encodeState({ text: note.text, signatures });
    await storage.write(witnessRecord.newest(this.#hash(log.origin)), value);
    this.#storageProblem = undefined;
    return { status: 200, lines: lines.map(formatSignatureLine).join('') };
  }

  /** Times never go back by a slewing clock; one that was set back by far is believed and told. */
  #time(held: WitnessedCheckpoint | undefined): number {
    const nowSeconds = Math.floor(this.#components.clock.nowMs() / 1000);
    const lastSeconds = held?.timeSeconds ?? 0;
    if (nowSeconds >= lastSeconds) return nowSeconds;
    if (lastSeconds - nowSeconds <= CLOCK_SLEW_SECONDS) return lastSeconds;
    this.#clockSteps++;
    return nowSeconds;
  }

  async #read(origin: string): Promise<WitnessedCheckpoint | undefined> {
    const bytes = await this.#components.storage.read(witnessRecord.newest(this.#hash(origin)));
    const keys = this.#signers.map(({ key }) => key);
    return bytes === undefined ? undefined : decodeState(bytes, origin, keys);
  }

  /** Two notes of one size and two roots, each signed by the log, prove the fork to anybody. */
  async #keepConflict(origin: string, first: SignedNote, second: SignedNote): Promise<void> {
    const { storage, onFork } = this.#components;
    if (this.#conflicts.has(origin)) return;
    this.#conflicts.add(origin);
    const notes = { first: formatNote(first), second: formatNote(second) };
    const proof = encodeForkProof({ kind: 'checkpoints', ...notes });
    onFork?.(proof, origin);
    const name = witnessRecord.conflict(this.#hash(origin));
    if ((await storage.read(name)) === undefined) await storage.write(name, proof);
  }

  #hash(origin: string): string {
    return originHash(origin, this.#components.sha256);
  }
}

function blsKeyOf(signer: BlsSigner | undefined): WitnessStatus['bls'] {
  if (signer === undefined) return undefined;
  const { publicKey, proofOfPossession } = signer;
  return { publicKey: toBase64(publicKey), proofOfPossession: toBase64(proofOfPossession) };
}

function checkSigners(signers: readonly NoteSigner[]): void {
  const [first] = signers;
  if (first === undefined) refuse('expected a key to cosign with');
  for (const { key } of signers) {
    if (key.type === NOTE_KEY_TYPE.ed25519) refuse('expected keys that cosign, type 4 or 6');
    if (key.name !== first.key.name) refuse('expected keys of one name');
  }
}

function refuse(message: string): never {
  throw new WitnessError('invalid-config', message);
}
