import type { SignedCheckpoint } from '@basalt/ledger';
import {
  type Clock,
  formatAddCheckpoint,
  fromUtf8,
  type NoteSignature,
  type NoteSuites,
  type PolicyWitness,
  parseNote,
  utf8,
} from '@basalt/protocol';
import type { PeerTransport, TransportReply } from '../peer/transport.ts';
import { type ReadAnswer, readAnswer } from './cosignature-answer.ts';
import {
  ANSWER_BYTES_MAX,
  WITNESS_ATTEMPTS_MAX,
  WITNESS_BACKOFF_FIRST_MS,
  WITNESS_BACKOFF_LONGEST_MS,
} from './limits.ts';

/** What is wrong with a witness, the newest finding. */
export type WitnessProblem =
  /** No answer, or none in time. */
  | 'unreachable'
  /** It asks for a pause, or its own state is out of order. */
  | 'busy'
  /** It does not know this log or its key, or takes the request for malformed. */
  | 'refused'
  /** It cosigned a size that this log has not reached: was the log set back? */
  | 'ahead'
  /** It cosigned another root for this size: there are two histories of this log. */
  | 'conflict'
  /** It tells a smaller size than it cosigned before. */
  | 'rolled-back'
  | 'malformed'
  /** Its lines are not signatures of its key over this checkpoint. */
  | 'invalid-cosignature'
  /** Its lines are over a checkpoint that it was sent before. */
  | 'old-checkpoint'
  /** Its clock and this one are minutes apart. */
  | 'clock-skew';

export interface WitnessLinkParts {
  readonly witness: PolicyWitness & { readonly url: string };
  readonly transport: PeerTransport;
  readonly suites: NoteSuites;
  readonly clock: Clock;
}

export interface WitnessReport {
  /** As in the policy. */
  readonly name: string;
  readonly url: string;
  readonly problem: WitnessProblem | undefined;
  /** What the witness said, where it said no; at most 200 characters. */
  readonly detail: string | undefined;
  /** A request is under way. */
  readonly isAsked: boolean;
  /** Not asked before this time, milliseconds since the Unix epoch; 0 for now. */
  readonly pausedUntilMs: number;
  readonly cosignedSize: number | undefined;
  /** Milliseconds that the newest cosignature took. */
  readonly latencyMs: number | undefined;
  readonly skewSeconds: number | undefined;
}

/** What is known of one log at the witness. */
interface Progress {
  /** Size that the witness holds as far as we know. */
  size: number;
  /** Newest size that it cosigned for us. */
  cosigned: number;
  /** Newest text that it cosigned. */
  text: string | undefined;
}

/** Texts are kept for at most this many logs. */
const LOGS_PER_WITNESS_MAX = 1024;

/**
 * One witness as its client sees it. At most one request for each log is under way: a witness that
 * is late is not asked again until it has answered or the transport has given up.
 */
export class WitnessLink {
  readonly #parts: WitnessLinkParts;
  readonly #progress = new Map<string, Progress>();
  #problem: WitnessProblem | undefined;
  /** Stays for good: whoever forgot once may cosign a second history. */
  #hasRolledBack = false;
  #detail: string | undefined;
  /** Origins with a request under way. */
  readonly #asked = new Set<string>();
  #failures = 0;
  #pausedUntilMs = 0;
  #latencyMs: number | undefined;
  #skewSeconds: number | undefined;
  #cosignedSize: number | undefined;

  constructor(parts: WitnessLinkParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.witness.name;
  }

  /** Whether it may be asked about this log now. */
  isReady(origin: string): boolean {
    return !this.#asked.has(origin) && this.#parts.clock.nowMs() >= this.#pausedUntilMs;
  }

  report(): WitnessReport {
    const { name, url } = this.#parts.witness;
    return {
      name,
      url,
      problem: this.#problem ?? (this.#hasRolledBack ? 'rolled-back' : undefined),
      detail: this.#detail,
      isAsked: this.#asked.size > 0,
      pausedUntilMs: this.#pausedUntilMs,
      cosignedSize: this.#cosignedSize,
      latencyMs: this.#latencyMs,
      skewSeconds: this.#skewSeconds,
    };
  }

  /** Lines of this witness over the checkpoint, or none; never throws. */
  async ask(checkpoint: SignedCheckpoint): Promise<readonly NoteSignature[]> {
    this.#asked.add(checkpoint.origin);
    const startMs = this.#parts.clock.nowMs();
    try {
      const lines = await this.#ask(checkpoint);
      if (lines !== undefined) {
        this.#problem = undefined;
        this.#detail = undefined;
        this.#failures = 0;
        this.#latencyMs = this.#parts.clock.nowMs() - startMs;
      }
      return lines ?? [];
    } catch (error) {
      this.#fail('unreachable', error instanceof Error ? error.message : String(error));
      return [];
    } finally {
      this.#asked.delete(checkpoint.origin);
    }
  }

  async #ask(checkpoint: SignedCheckpoint): Promise<readonly NoteSignature[] | undefined> {
    const progress = this.#progressOf(checkpoint.origin);
    for (let attempt = 0; attempt < WITNESS_ATTEMPTS_MAX; attempt++) {
      if (progress.size > checkpoint.size) {
        const detail = `size ${progress.size}`;
        // It is only the witness's word: the next time it is asked from what it has cosigned.
        progress.size = Math.min(progress.cosigned, checkpoint.size);
        return this.#fail('ahead', detail);
      }
      const oldSize = progress.size;
      const reply = await this.#send(checkpoint, oldSize);
      if (reply.isCut) return this.#fail('malformed', 'the answer is too long');
      if (reply.status === 200) return this.#take(reply, checkpoint, progress);
      const size = reply.status === 409 ? sizeOf(reply) : undefined;
      if (size === undefined) return this.#refuse(reply);
      if (size === oldSize) return this.#fail('malformed', 'a conflict with the size it holds');
      if (size < progress.cosigned) this.#hasRolledBack = true;
      progress.size = size;
    }
    return this.#fail('malformed', 'it tells another size each time');
  }

  async #send(checkpoint: SignedCheckpoint, oldSize: number): Promise<TransportReply> {
    const isFirst = oldSize === 0 || oldSize === checkpoint.size;
    const proof = isFirst ? [] : await checkpoint.consistency(oldSize);
    const note = parseNote(checkpoint.note);
    return await this.#parts.transport({
      url: this.#parts.witness.url.replace(/\/+$/, ''),
      method: 'POST',
      target: '/add-checkpoint',
      fields: { 'content-type': 'text/plain; charset=utf-8' },
      body: utf8(formatAddCheckpoint({ oldSize, proof, note })),
      bytesMax: ANSWER_BYTES_MAX,
    });
  }

  #take(
    reply: TransportReply,
    { note, size }: SignedCheckpoint,
    progress: Progress,
  ): readonly NoteSignature[] | undefined {
    const { clock, suites, witness } = this.#parts;
    const { text } = parseNote(note);
    const earlier = progress.text === undefined || progress.text === text ? [] : [progress.text];
    const nowSeconds = Math.floor(clock.nowMs() / 1000);
    const answer: ReadAnswer = readAnswer(
      textOf(reply),
      { text, earlier },
      witness.key,
      suites,
      nowSeconds,
    );
    this.#skewSeconds = answer.skewSeconds;
    if (answer.kind === 'refused') return this.#fail(answer.problem);
    progress.size = size;
    progress.cosigned = size;
    progress.text = text;
    this.#cosignedSize = size;
    return answer.lines;
  }

  #refuse(reply: TransportReply): undefined {
    const { status } = reply;
    const detail = `${status} ${textOf(reply)}`.trim();
    if (status === 409) return this.#fail('conflict', detail);
    const isBusy = status === 429 || status >= 500;
    this.#fail(isBusy ? 'busy' : 'refused', detail);
    const seconds = /^\d{1,5}$/.exec(reply.header('retry-after') ?? '')?.[0];
    if (isBusy && seconds !== undefined) this.#pause(Number(seconds) * 1000);
    return undefined;
  }

  #fail(problem: WitnessProblem, detail?: string): undefined {
    this.#problem = problem;
    this.#detail = detail?.slice(0, 200);
    this.#pause(WITNESS_BACKOFF_FIRST_MS * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    return undefined;
  }

  #pause(ms: number): void {
    const pauseMs = Math.min(ms, WITNESS_BACKOFF_LONGEST_MS);
    this.#pausedUntilMs = this.#parts.clock.nowMs() + pauseMs;
  }

  #progressOf(origin: string): Progress {
    const known = this.#progress.get(origin);
    if (known !== undefined) return known;
    const progress: Progress = { size: 0, cosigned: 0, text: undefined };
    if (this.#progress.size >= LOGS_PER_WITNESS_MAX) {
      this.#progress.delete(this.#progress.keys().next().value as string);
    }
    this.#progress.set(origin, progress);
    return progress;
  }
}

/** The size in a 409 answer, undefined where it is another kind of conflict. */
function sizeOf(reply: TransportReply): number | undefined {
  const type = reply.header('content-type')?.split(';')[0]?.trim();
  if (type !== 'text/x.tlog.size') return undefined;
  const [, digits] = /^(0|[1-9][0-9]{0,15})\n?$/.exec(textOf(reply)) ?? [];
  const size = Number(digits);
  return digits !== undefined && Number.isSafeInteger(size) ? size : undefined;
}

function textOf(reply: TransportReply): string {
  try {
    return fromUtf8(reply.body);
  } catch {
    return '';
  }
}
