import type { RequestFields } from './vary.ts';

export interface CacheRequest {
  readonly method: 'GET' | 'HEAD';
  /** Path and query. */
  readonly target: string;
  readonly field: RequestFields;
}

/** Counts since the start; bytes are of bodies. */
export interface CacheStats {
  requests: number;
  /** Answered without asking upstream, stale ones included. */
  hits: number;
  staleHits: number;
  /** Waited for another one's question. */
  collapsed: number;
  /** Questions to upstreams, prefetch included. */
  upstreamRequests: number;
  upstreamErrors: number;
  upstreamBytes: number;
  /** 304 answers of upstreams. */
  revalidated: number;
  /** Answers of upstreams that were false, old, or did not fit to what is held. */
  refusedAnswers: number;
  prefetched: number;
  /** Refused with 503: too many questions, or too many bytes on their way, at a time. */
  overloaded: number;
}

export function emptyStats(): CacheStats {
  return {
    requests: 0,
    hits: 0,
    staleHits: 0,
    collapsed: 0,
    upstreamRequests: 0,
    upstreamErrors: 0,
    upstreamBytes: 0,
    revalidated: 0,
    refusedAnswers: 0,
    prefetched: 0,
    overloaded: 0,
  };
}
