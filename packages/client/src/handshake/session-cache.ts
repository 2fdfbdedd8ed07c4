import { type HandshakeAnswer, toHex } from '@basalt/protocol';

/** What was negotiated with one server. */
export interface NegotiatedSession {
  /** Hex of the server's public key. */
  readonly serverKey: string;
  readonly answer: HandshakeAnswer;
  /** Hex; goes into the Basalt-Session field. Authorises nothing. */
  readonly token: string;
  /** When it was made, by this computer's clock, and when to stop using it. */
  readonly madeMs: number;
  readonly untilMs: number;
}

/** Sessions by the key of their server, bounded; the server that was quiet longest goes. */
export class SessionCache {
  readonly #entriesMax: number;
  readonly #sessions = new Map<string, NegotiatedSession>();

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The life of a session counts from its arrival: the two clocks need not agree. */
  add(answer: HandshakeAnswer, nowMs: number): NegotiatedSession {
    const serverKey = toHex(answer.key.publicKey);
    const untilMs = nowMs + answer.expiresMs - answer.createdMs;
    const token = toHex(answer.token);
    const session = { serverKey, answer, token, madeMs: nowMs, untilMs };
    this.#sessions.delete(serverKey);
    this.#sessions.set(serverKey, session);
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= this.#entriesMax) break;
      this.#sessions.delete(oldest);
    }
    return session;
  }

  find(serverKey: string, nowMs: number): NegotiatedSession | undefined {
    const session = this.#sessions.get(serverKey);
    if (session === undefined) return undefined;
    this.#sessions.delete(serverKey);
    if (session.untilMs <= nowMs || session.madeMs > nowMs) return undefined;
    this.#sessions.set(serverKey, session);
    return session;
  }

  drop(session: NegotiatedSession): void {
    const found = this.#sessions.get(session.serverKey);
    if (found?.token === session.token) this.#sessions.delete(session.serverKey);
  }
}
