import { createHash } from 'node:crypto';
import type { Preferences } from '@basalt/protocol';

/** What a token stands for. It says nothing about who uses it, so it can authorise nothing. */
export interface Session {
  readonly negotiated: Preferences;
  readonly expiresMs: number;
}

/**
 * Sessions by the hash of their token: a look-up then takes no longer for a token that is nearly
 * right, and a copy of this memory holds no token. Bounded; the one that was quiet longest goes.
 */
export class SessionTable {
  readonly #sessionsMax: number;
  readonly #sessions = new Map<string, Session>();

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax;
  }

  get size(): number {
    return this.#sessions.size;
  }

  add(token: Uint8Array, session: Session): void {
    this.#sessions.set(nameOf(token), session);
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= this.#sessionsMax) return;
      this.#sessions.delete(oldest);
    }
  }

  /** undefined: never given, forgotten, or over. */
  find(token: Uint8Array, nowMs: number): Session | undefined {
    const name = nameOf(token);
    const session = this.#sessions.get(name);
    if (session === undefined) return undefined;
    this.#sessions.delete(name);
    if (session.expiresMs <= nowMs) return undefined;
    this.#sessions.set(name, session);
    return session;
  }
}

function nameOf(token: Uint8Array): string {
  return createHash('sha256').update(token).digest('base64');
}
