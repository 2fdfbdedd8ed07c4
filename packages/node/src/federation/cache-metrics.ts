import type { CacheRole, CacheRoleStats } from '@basalt/federation';
import { createMetricsRegistry } from '@basalt/telemetry';

const COUNTERS: readonly (readonly [string, string, (stats: CacheRoleStats) => number])[] = [
  ['basalt_cache_requests_total', 'Questions to the cache.', (of) => of.requests],
  ['basalt_cache_hits_total', 'Answered without asking an upstream.', (of) => of.hits],
  ['basalt_cache_upstream_requests_total', 'Questions to upstreams.', (of) => of.upstreamRequests],
  ['basalt_cache_upstream_errors_total', 'Questions without an answer.', (of) => of.upstreamErrors],
  [
    'basalt_cache_upstream_bytes_total',
    'Bytes of bodies from upstreams.',
    (of) => of.upstreamBytes,
  ],
  ['basalt_cache_refused_answers_total', 'Answers that did not hold.', (of) => of.refusedAnswers],
];

/** Figures of a cache in the Prometheus text format, as they are when asked for. */
export function cacheMetrics(cache: Pick<CacheRole, 'stats'>): () => string {
  const registry = createMetricsRegistry();
  const counters = COUNTERS.map(([name, help, read]) => {
    return { counter: registry.counter({ name, help }), read, before: 0 };
  });
  const memory = registry.gauge({
    name: 'basalt_cache_memory_bytes',
    help: 'Memory that answers take.',
  });
  const disk = registry.gauge({ name: 'basalt_cache_disk_bytes', help: 'Answers on disk.' });
  const firstByte = registry.gauge({
    name: 'basalt_cache_upstream_first_byte_seconds',
    help: 'First byte of an upstream, as is believed; failures counted as two seconds.',
    labels: ['upstream'],
  });
  const paused = registry.gauge({
    name: 'basalt_cache_upstream_paused_state',
    help: 'Whether an upstream failed lately and is asked last: 1 yes, 0 no.',
    labels: ['upstream'],
  });
  return () => {
    const stats = cache.stats();
    for (const entry of counters) {
      const now = entry.read(stats);
      entry.counter.add(now - entry.before);
      entry.before = now;
    }
    memory.set(stats.memoryBytes);
    disk.set(stats.diskBytes);
    for (const { url: upstream, firstByteSeconds, isPaused } of stats.upstreams) {
      if (firstByteSeconds !== undefined) firstByte.set(firstByteSeconds, { upstream });
      paused.set(isPaused ? 1 : 0, { upstream });
    }
    return registry.expose();
  };
}
