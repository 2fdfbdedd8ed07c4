import type { Clock, Scheduler } from '@basalt/protocol';
import type { Health, HealthCheck } from '@basalt/telemetry';
import type { CacheAnswer } from './answer.ts';
import { HEAD_BYTES_MAX, HEALTH_WAIT_MS, UPSTREAM_PAUSE_MS } from './limits.ts';
import { problem } from './problem.ts';
import { UpstreamError, type Upstreams, type UpstreamTransport } from './upstreams.ts';

export interface CacheHealthParts {
  readonly upstreams: Upstreams;
  readonly transport: UpstreamTransport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** What can be served without asking anybody. */
  readonly held: () => number;
  /** Whether the disk failed lately, so that nothing is written to it; false without a disk. */
  readonly isDiskPaused: () => boolean;
  readonly isStopping: () => boolean;
  readonly version: string | undefined;
  readonly takesWrites: boolean;
}

/**
 * `/livez`, `/readyz` and `/healthz` of the cache itself: when its upstreams are away it is needed
 * most, and what they say of themselves says nothing of it. Ready is who can answer something:
 * an upstream answers, or something is held.
 */
export class CacheHealth {
  readonly #parts: CacheHealthParts;
  readonly #startedMs: number;
  /** Under way, one for all who ask. */
  #probing: Promise<void> | undefined;

  constructor(parts: CacheHealthParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.nowMs();
  }

  /**
   * @param isOwner whether addresses of upstreams may be named
   * @returns undefined for any other path
   */
  async answer(target: string, isOwner: boolean): Promise<CacheAnswer | undefined> {
    const [path] = target.split('?', 1);
    if (path === '/livez') return document(this.#state());
    if (path !== '/readyz' && path !== '/healthz') return undefined;
    await this.#hearUpstreams();
    const health = this.#judge(isOwner);
    if (path === '/healthz') {
      const { clock, version } = this.#parts;
      const uptimeSeconds = Math.round((clock.nowMs() - this.#startedMs) / 1_000);
      return document({ ...this.#state(), version, uptimeSeconds, health });
    }
    if (health.isReady) return document(this.#state());
    const failing = health.checks.filter(({ state }) => state === 'failing');
    return problem(503, 'not-ready', failing.map(({ words }) => words).join(' '), [
      ['retry-after', '1'],
    ]);
  }

  #state(): Record<string, unknown> {
    const { isStopping, takesWrites } = this.#parts;
    const status = isStopping() ? 'stopping' : 'ok';
    return { status, role: 'cache', writes: takesWrites && !isStopping() };
  }

  /** Asks those of whom nothing was heard lately, and waits a moment: one may hang. */
  async #hearUpstreams(): Promise<void> {
    const { upstreams, clock, scheduler } = this.#parts;
    const silent = upstreams.silentSince(clock.nowMs() - UPSTREAM_PAUSE_MS);
    if (silent.length === 0) return;
    this.#probing ??= this.#probeAll(silent).finally(() => {
      this.#probing = undefined;
    });
    let cancel = (): void => undefined;
    const waited = new Promise<void>((resolve) => {
      cancel = scheduler.after(HEALTH_WAIT_MS, resolve);
    });
    await Promise.race([this.#probing, waited]);
    cancel();
  }

  async #probeAll(urls: readonly string[]): Promise<void> {
    await Promise.all(urls.map((url) => this.#probe(url)));
  }

  async #probe(url: string): Promise<void> {
    const { upstreams, transport } = this.#parts;
    try {
      const call = { url, method: 'GET' as const, target: '/livez', fields: [] };
      const reply = await transport({ ...call, bytesMax: HEAD_BYTES_MAX });
      upstreams.report(url, reply.status < 500);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      upstreams.report(url, false);
    }
  }

  #judge(isOwner: boolean): Health {
    const checks = [this.#judgeUpstreams(isOwner)];
    if (this.#parts.isDiskPaused()) {
      const words = 'The disk took no file within the last minute: answers are kept in memory.';
      checks.push({ name: 'disk', state: 'degraded', words });
    } else {
      checks.push({ name: 'disk', state: 'good', words: 'What is kept on disk can be written.' });
    }
    if (this.#parts.isStopping()) {
      checks.push({ name: 'process', state: 'failing', words: 'The cache is stopping.' });
    }
    const isReady = checks.every(({ state }) => state !== 'failing');
    const isGood = checks.every(({ state }) => state === 'good');
    return { isReady, state: isGood ? 'good' : isReady ? 'degraded' : 'failing', checks };
  }

  #judgeUpstreams(isOwner: boolean): HealthCheck {
    const name = 'upstreams';
    const words = this.#parts.upstreams.words();
    const away = words.filter(({ answered }) => answered !== true);
    if (away.length === 0) return { name, state: 'good', words: 'Every upstream answers.' };
    const whom = isOwner
      ? away.map(({ url }) => url).join(', ')
      : `${away.length} of ${words.length} upstreams`;
    const silent = `No answer from ${whom}.`;
    if (away.length < words.length) {
      return { name, state: 'degraded', words: `${silent} The others are asked.` };
    }
    const held = this.#parts.held();
    if (held === 0) {
      return { name, state: 'failing', words: `${silent} Nothing is held that could be served.` };
    }
    const served = `What is held (${held}) is served, the rest has to wait for an upstream.`;
    return { name, state: 'degraded', words: `${silent} ${served}` };
  }
}

function document(value: Record<string, unknown>): CacheAnswer {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return {
    status: 200,
    fields: [
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
      ['access-control-allow-origin', '*'],
      ['content-length', String(body.length)],
    ],
    body,
  };
}
