import type { Ledger, SubmitOutcome } from '@basalt/ledger';
import {
  type BlockHash,
  type Clock,
  type NamespaceId,
  ProtocolError,
  parseNamespaceId,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import {
  arrayMember,
  asObject,
  countMember,
  hexMember,
  jsonObject,
  textMember,
} from '../peer/json-body.ts';
import { type PeerCaller, requireOk } from '../peer/peer-caller.ts';
import { type Announcement, blockHashOf } from './announce.ts';
import { ExpiringMap } from './expiring-map.ts';
import type { ForkKeeper } from './fork-keeper.ts';
import { Lie } from './lie.ts';
import { LOG_LIST_BYTES_MAX, ORIGINS_MAX, PULLS_WAITING_MAX, SEEN_MAX } from './limits.ts';
import { createLogReader, type LogReader, readBlock } from './log-reader.ts';
import { type NodeCard, readNodeCard } from './node-card.ts';
import {
  type HeldNote,
  type LogName,
  logKey,
  noteLines,
  type Origin,
  type Origins,
  TwoHeads,
} from './origins.ts';
import { isOtherHistory } from './own-log.ts';
import { type BadPull, pullLog } from './pull.ts';

/** A node's card is read again after so long: keys and roles change rarely. */
const CARD_MS = 3_600_000;

/** How long the newest size that a node showed is remembered. */
const SHOWN_MS = 3_600_000;

/**
 * Refusals that say nothing about the block. A date that lies ahead of this clock is one: the
 * clock may be slow, and what is early now is taken when its time has come.
 */
const PASSING: ReadonlySet<string> = new Set([
  'queue-full',
  'read-only',
  'closed',
  'internal',
  'head-moved',
  'too-far-in-future',
]);

export interface LogPullerParts {
  readonly ledger: Ledger;
  readonly caller: PeerCaller;
  readonly origins: Origins;
  readonly forks: ForkKeeper;
  readonly clock: Clock;
  /** Whether super-logs of others are copied too. */
  readonly superLogs: boolean;
}

export interface PulledLog {
  /** Blocks that are here now. */
  readonly size: number;
  readonly headHash: BlockHash | undefined;
}

/** The ledger has refused a block of a log. */
export class StoppedPull extends Error {
  readonly url: string;
  /** The refused block and the head that it stands before. */
  readonly hashes: readonly Uint8Array[];
  /** For a reason of ours, such as a full queue. */
  readonly isPassing: boolean;

  constructor(url: string, outcome: Extract<SubmitOutcome, { status: 'rejected' }>) {
    super(`${url}: block ${outcome.index} is refused: ${outcome.code}, ${outcome.message}`);
    this.name = 'StoppedPull';
    this.url = url;
    this.hashes = [outcome.blockHash];
    this.isPassing = isPassing(outcome.code);
  }
}

/** Pulls single logs of single nodes, and keeps the checkpoints that cover them. */
export class LogPuller {
  readonly #parts: LogPullerParts;
  readonly #cards = new ExpiringMap<NodeCard & { readonly origin: Origin }>(4_096, CARD_MS);
  /** `<url> <origin> <log>` -> largest size that the node has shown. */
  readonly #shown = new ExpiringMap<number>(SEEN_MAX, SHOWN_MS);

  constructor(parts: LogPullerParts) {
    this.#parts = parts;
  }

  /**
   * Brings the own copy of a log as far as the node has it.
   * @throws Lie, PeerError, StoppedPull
   */
  async pull(
    url: string,
    namespace: NamespaceId,
    announced: Announcement | undefined,
  ): Promise<PulledLog> {
    const { ledger, caller } = this.#parts;
    const card = await this.#card(url);
    if (card.superNamespace === namespace && !this.#parts.superLogs) return this.#state(namespace);
    const size = (await ledger.info(namespace))?.size ?? 0;
    if (announced !== undefined && announced.index === size) {
      await this.#takeOne(url, announced);
    }
    const log = card.superNamespace === namespace ? 'super' : namespace;
    if (log === 'super') await this.#parts.origins.setSuper(card.origin, namespace);
    const reader = createLogReader(caller, url, namespace);
    await this.#follow(card.origin, log, reader, true);
    await this.#otherNotes(url, namespace, card.origin);
    return this.#state(namespace);
  }

  /** Namespace of the node's super-log where it is to be copied: it is in nobody's super-tree. */
  async superLogOf(url: string): Promise<NamespaceId | undefined> {
    if (!this.#parts.superLogs) return undefined;
    const { isOrigin, superNamespace } = await this.#card(url);
    return isOrigin ? superNamespace : undefined;
  }

  /**
   * Takes the checkpoints of other origins that the node keeps and that are newer than ours.
   * @throws Lie, PeerError
   */
  async exchangeNotes(url: string): Promise<void> {
    const { caller, origins } = this.#parts;
    // Its key is known from the first meeting on, so that what it signs can be judged.
    await this.#card(url);
    const reply = await caller.read({ url, target: '/mirrors' });
    if (reply.status === 404) return;
    const list = jsonObject(requireOk(reply, url).body, 'bad-answer');
    for (const item of arrayMember(list, 'origins', ORIGINS_MAX, 'bad-answer')) {
      const hash = hexMember(asObject(item, 'bad-answer'), 'hash', 32, 'bad-answer');
      const origin = origins.get(hash);
      if (origin?.isMirrored === true) await this.#notesOf(url, origin);
    }
  }

  async #notesOf(url: string, origin: Origin): Promise<void> {
    const { caller, origins, ledger } = this.#parts;
    const target = `/mirrors/${origin.hash}`;
    const bytesMax = LOG_LIST_BYTES_MAX;
    const reply = requireOk(await caller.read({ url, target, bytesMax }), url);
    const object = jsonObject(reply.body, 'bad-answer');
    const told = object['superNamespace'];
    const superNamespace = typeof told === 'string' ? readNamespace(told) : undefined;
    for (const item of arrayMember(object, 'logs', PULLS_WAITING_MAX, 'bad-answer')) {
      const entry = asObject(item, 'bad-answer');
      const name = textMember(entry, 'log', 36, 'bad-answer');
      const log = name === 'super' ? 'super' : readNamespace(name);
      const namespace = log === 'super' ? superNamespace : log;
      const size = countMember(entry, 'size', 'bad-answer');
      const lines = countMember(entry, 'lines', 'bad-answer');
      const held = origins.held(origin, log);
      const isNews = size === held?.size ? lines > noteLines(held) : size > (held?.size ?? 0);
      if (namespace === undefined || !isNews) continue;
      const have = (await ledger.info(namespace))?.size ?? 0;
      // What is not here yet comes by the comparison of trees first.
      if (size > have) continue;
      await this.#foreignNote(url, origin, log, namespace);
      if (log === 'super') await origins.setSuper(origin, namespace);
    }
  }

  /** The one block that is missing, by its name: nothing else has to be believed for it. */
  async #takeOne(url: string, announced: Announcement): Promise<void> {
    const { ledger, caller } = this.#parts;
    const block = await readBlock(caller, url, blockHashOf(announced)).catch(ignoreAbsence);
    // Whoever announced it may have made it up; that is no fault of the node that is asked.
    if (block === undefined) return;
    const { namespace, index } = block.entry.header;
    if (namespace !== announced.namespace || index !== announced.index) {
      throw new Lie('altered-block', url, 'the block is not where it was announced to be', {
        hash: announced.hash,
      });
    }
    const [outcome] = await ledger.submit([block], { consistency: 'immediate' });
    if (outcome?.status !== 'rejected') return;
    if (isBesideName(outcome.code)) {
      throw new Lie('altered-block', url, `the signature of block ${index} is another one`, {
        hash: announced.hash,
      });
    }
    throw new StoppedPull(url, outcome);
  }

  /** Checkpoint first, then what it covers, then the checkpoint is ours to show. */
  async #follow(origin: Origin, log: LogName, reader: LogReader, isOwn: boolean): Promise<void> {
    const { ledger, origins, forks } = this.#parts;
    const line = logKey(origin, log).name;
    if (forks.isTwoHeaded(line)) {
      throw new PeerError('refused', `${line} has two histories; its checkpoints are not followed`);
    }
    const note = await this.#open(origin, log, reader);
    const result = await pullLog(ledger, reader, note);
    if ('size' in result) {
      await origins.keep(origin, log, note, isOwn);
      return;
    }
    this.#explain(reader, result);
  }

  async #open(origin: Origin, log: LogName, reader: LogReader): Promise<HeldNote> {
    const { origins, forks, clock, ledger } = this.#parts;
    const text = await reader.checkpoint();
    let note: HeldNote;
    try {
      note = origins.open(origin, log, text, reader.url);
    } catch (error) {
      if (!(error instanceof TwoHeads)) throw error;
      await forks.receive(error.proof);
      throw new Lie('two-heads', reader.url, error.message, { note: text }, { cause: error });
    }
    const key = `${reader.url} ${origin.hash} ${log}`;
    const shown = this.#shown.get(key, clock.nowMs()) ?? 0;
    // Signed by the log itself: one that goes on beside what is here is no old head but a fork.
    const isOld = note.size < shown && !(await isOtherHistory(ledger, reader.namespace, note));
    if (isOld) {
      throw new Lie('old-head', reader.url, `size ${note.size} after it showed ${shown}`, {
        note: text,
      });
    }
    this.#shown.set(key, note.size, clock.nowMs());
    return note;
  }

  #explain(reader: LogReader, result: BadPull): never {
    if (result.kind === 'stopped') {
      if (result.outcome.status === 'rejected') throw new StoppedPull(reader.url, result.outcome);
      throw new PeerError('refused', `${reader.url}: the ledger took no more`);
    }
    const { index } = result.divergence;
    throw new PeerError('refused', `${reader.url}: another block ${index} than here; a fork`);
  }

  /** Notes of the origins that have spoken for this log before; of a new log, of all that may. */
  async #otherNotes(url: string, namespace: NamespaceId, own: Origin): Promise<void> {
    const { origins } = this.#parts;
    const others = origins.all().filter((one) => one.isMirrored && one.hash !== own.hash);
    const known = others.filter((one) => origins.held(one, namespace) !== undefined);
    for (const origin of (known.length > 0 ? known : others).slice(0, 4)) {
      await this.#foreignNote(url, origin, namespace, namespace).catch(ignorePeerError);
    }
  }

  async #foreignNote(
    url: string,
    origin: Origin,
    log: LogName,
    namespace: NamespaceId,
  ): Promise<void> {
    const base = `/mirrors/${origin.hash}/${log === 'super' ? log : `ns/${log}`}`;
    const reader = createLogReader(this.#parts.caller, url, namespace, base);
    await this.#follow(origin, log, reader, false);
  }

  async #card(url: string): Promise<NodeCard & { readonly origin: Origin }> {
    const { caller, origins, clock } = this.#parts;
    const known = this.#cards.get(url, clock.nowMs());
    if (known !== undefined) return known;
    const card = await readNodeCard(caller, url);
    const origin = await origins.meet(card.superVerifierKey, card.isOrigin).catch(asBadAnswer);
    if (origin === undefined) {
      throw new Lie('bad-signature', url, 'its log key is not the one that is known for its name', {
        verifierKey: card.superVerifierKey,
      });
    }
    const named = { ...card, origin };
    this.#cards.set(url, named, clock.nowMs());
    return named;
  }

  async #state(namespace: NamespaceId): Promise<PulledLog> {
    const info = await this.#parts.ledger.info(namespace);
    return { size: info?.size ?? 0, headHash: info?.headHash };
  }
}

/** Whether a refusal is for a reason of ours, such as a full queue. */
export function isPassing(code: string): boolean {
  return PASSING.has(code);
}

/**
 * Whether a refusal is about what the block's name does not cover: another copy of the same block
 * may be good, so the name must not be held against it.
 */
export function isBesideName(code: string): boolean {
  return code === 'invalid-signature' || code === 'payload-mismatch' || code === 'malformed';
}

/** The log itself was pulled: that another origin’s note was not to be had changes nothing. */
function ignorePeerError(error: unknown): void {
  if (!(error instanceof PeerError)) throw error;
}

function ignoreAbsence(error: unknown): undefined {
  if (!(error instanceof PeerError) || error.code !== 'not-found') throw error;
}

function asBadAnswer(error: unknown): never {
  if (!(error instanceof ProtocolError)) throw error;
  throw new PeerError('bad-answer', error.message, {}, { cause: error });
}

function readNamespace(text: string): NamespaceId {
  try {
    return parseNamespaceId(text);
  } catch (error) {
    return asBadAnswer(error);
  }
}
