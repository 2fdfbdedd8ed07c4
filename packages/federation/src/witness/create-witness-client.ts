import type { CheckpointGate, SignedCheckpoint } from '@basalt/ledger';
import {
  addSignatures,
  type Clock,
  evaluateQuorum,
  formatNote,
  type NoteSignature,
  type NoteSuites,
  type Policy,
  type PolicyWitness,
  parseNote,
  type Scheduler,
} from '@basalt/protocol';
import type { PeerTransport } from '../peer/transport.ts';
import { WitnessError } from './errors.ts';
import { WITNESS_GRACE_MS, WITNESS_TIMEOUT_MS } from './limits.ts';
import { WitnessLink, type WitnessReport } from './witness-link.ts';

export interface WitnessClientConfig {
  /** Whom to ask, and how many must cosign; witnesses without a URL are not asked. */
  readonly policy: Policy;
  /** Logs whose checkpoints wait for witnesses; default: those whose origin ends in `/super`. */
  readonly holds?: (origin: string) => boolean;
  /** Longest wait for a quorum in one round; default 5,000. */
  readonly timeoutMs?: number;
  /** How long others may still add their lines once the quorum is there; default 250. */
  readonly graceMs?: number;
  /** Let a checkpoint out without its quorum rather than hold it back; default false. */
  readonly failOpen?: boolean;
}

export interface WitnessClientComponents {
  readonly transport: PeerTransport;
  readonly suites: NoteSuites;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

export interface WitnessClientStatus {
  readonly witnesses: readonly WitnessReport[];
  /** Logs that were asked for, with what the newest round came to. */
  readonly logs: readonly WitnessedLogStatus[];
}

export interface WitnessedLogStatus {
  readonly origin: string;
  /** Size that the quorum cosigned last, undefined for none since the start. */
  readonly witnessedSize: number | undefined;
  readonly witnessedAtMs: number | undefined;
  /** Size of the newest round. */
  readonly askedSize: number;
  /** Names of those who cosigned it. */
  readonly cosignedBy: readonly string[];
  readonly isWitnessed: boolean;
}

export interface WitnessClient {
  /** For `LedgerComponents.gate`. */
  readonly gate: CheckpointGate;
  /** One round: asks all witnesses that are not paused. What `gate.release` does. */
  onCheckpoint(checkpoint: SignedCheckpoint): Promise<string | undefined>;
  status(): WitnessClientStatus;
  /** Ends the rounds under way; nothing is let out after it. */
  stop(): void;
}

/**
 * Asks the witnesses of a policy for cosignatures over each checkpoint, in parallel, and lets it
 * out with their lines once the quorum has cosigned (c2sp.org/tlog-witness, tlog-policy).
 *
 * @throws WitnessError `invalid-config` when the witnesses that can be asked make no quorum
 */
export function createWitnessClient(
  config: WitnessClientConfig,
  components: WitnessClientComponents,
): WitnessClient {
  return new PolicyWitnessClient(config, components);
}

/** What one round has collected of one note. */
interface Round {
  readonly text: string;
  readonly size: number;
  readonly lines: Map<string, readonly NoteSignature[]>;
}

class PolicyWitnessClient implements WitnessClient {
  readonly gate: CheckpointGate;
  readonly #config: WitnessClientConfig;
  readonly #components: WitnessClientComponents;
  readonly #links: readonly WitnessLink[];
  /** Newest round of each log: lines that came late, or before the quorum, are not asked twice. */
  readonly #rounds = new Map<string, Round>();
  readonly #logs = new Map<string, WitnessedLogStatus>();
  readonly #stopped = new AbortController();

  constructor(config: WitnessClientConfig, components: WitnessClientComponents) {
    this.#config = config;
    this.#components = components;
    const { transport, suites, clock } = components;
    const asked = config.policy.witnesses.filter(hasUrl);
    this.#links = asked.map((witness) => new WitnessLink({ witness, transport, suites, clock }));
    if (!evaluateQuorum(config.policy, new Set(asked.map(({ name }) => name)))) {
      throw new WitnessError(
        'invalid-config',
        'the witnesses with a URL cannot make the quorum of the policy',
        { witnesses: asked.length },
      );
    }
    const holds = config.holds ?? ((origin: string) => origin.endsWith('/super'));
    this.gate = { holds, release: (checkpoint) => this.onCheckpoint(checkpoint) };
  }

  status(): WitnessClientStatus {
    return {
      witnesses: this.#links.map((link) => link.report()),
      logs: [...this.#logs.values()],
    };
  }

  stop(): void {
    this.#stopped.abort();
  }

  async onCheckpoint(checkpoint: SignedCheckpoint): Promise<string | undefined> {
    const note = parseNote(checkpoint.note);
    const round = this.#roundOf(checkpoint, note.text);
    if (!this.#isStopped) await this.#collect(checkpoint, round);
    if (this.#isStopped) return undefined;
    const isWitnessed = this.#isQuorum(round);
    this.#note(checkpoint, round, isWitnessed);
    if (!isWitnessed && this.#config.failOpen !== true) return undefined;
    const lines = this.#links.flatMap(({ name }) => round.lines.get(name) ?? []);
    return formatNote(addSignatures(note, lines));
  }

  /** Ends when all have answered, a while after the quorum, or when time is up. */
  #collect(checkpoint: SignedCheckpoint, round: Round): Promise<void> {
    const { timeoutMs = WITNESS_TIMEOUT_MS, graceMs = WITNESS_GRACE_MS } = this.#config;
    const { scheduler } = this.#components;
    const { origin } = checkpoint;
    const asked = this.#links.filter((link) => link.isReady(origin) && !round.lines.has(link.name));
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const cancels: (() => void)[] = [];
      let isOver = false;
      const finish = (): void => {
        isOver = true;
        for (const cancel of cancels) cancel();
        signal.removeEventListener('abort', finish);
        resolve();
      };
      signal.addEventListener('abort', finish, { once: true });
      if (asked.length === 0) return finish();
      cancels.push(scheduler.after(timeoutMs, finish));
      let left = asked.length;
      let isGrace = false;
      for (const link of asked) {
        void link.ask(checkpoint).then((lines) => {
          if (lines.length > 0) round.lines.set(link.name, lines);
          if (--left === 0) return finish();
          if (isOver || isGrace || !this.#isQuorum(round)) return;
          isGrace = true;
          cancels.push(scheduler.after(graceMs, finish));
        });
      }
    });
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  #isQuorum(round: Round): boolean {
    return evaluateQuorum(this.#config.policy, new Set(round.lines.keys()));
  }

  #roundOf({ origin, size }: SignedCheckpoint, text: string): Round {
    const known = this.#rounds.get(origin);
    if (known?.text === text) return known;
    const round: Round = { text, size, lines: new Map() };
    this.#rounds.set(origin, round);
    return round;
  }

  #note({ origin, size }: SignedCheckpoint, round: Round, isWitnessed: boolean): void {
    const before = this.#logs.get(origin);
    this.#logs.set(origin, {
      origin,
      witnessedSize: isWitnessed ? size : before?.witnessedSize,
      witnessedAtMs: isWitnessed ? this.#components.clock.nowMs() : before?.witnessedAtMs,
      askedSize: size,
      cosignedBy: [...round.lines.keys()],
      isWitnessed,
    });
  }
}

function hasUrl(witness: PolicyWitness): witness is PolicyWitness & { readonly url: string } {
  return witness.url !== undefined;
}
