import {
  ClientError,
  type NamespaceDetail,
  reasonOf,
  type VerifiedCheckpoint,
} from '@basalt/client';
import { h, replace, setText } from './dom.ts';
import { formatAge, formatCount } from './format.ts';
import { mark, stateMark } from './state-mark.ts';

/** The facts of a namespace above its blocks. */
export interface ChainFacts {
  readonly element: HTMLElement;
  size(size: number): void;
  checkpoint(found: VerifiedCheckpoint | ClientError): void;
  tick(): void;
}

export function createChainFacts(detail: NamespaceDetail): ChainFacts {
  const size = h('dd', { class: 'big' }, formatCount(detail.size));
  const newest = h('dd', {}, formatAge(detail.timestampMs, Date.now()));
  const checkpoint = h('dd', {}, stateMark('checking'));
  const trust = h('dd', {}, '\u2026');
  let lastSize = detail.size;
  let newestMs = detail.timestampMs;
  const pair = (name: string, value: HTMLElement): HTMLElement =>
    h('div', {}, h('dt', {}, name), value);
  const element = h(
    'dl',
    { class: 'facts' },
    pair('Blocks', size),
    pair('Newest block', newest),
    pair('Checkpoint', checkpoint),
    pair('Log key', trust),
    pair('Strategy', h('dd', {}, strategyWords(detail.strategy))),
    ...(detail.frozenAt === undefined
      ? []
      : [pair('Frozen', h('dd', {}, `a fork was proven at block ${detail.frozenAt}`))]),
  );
  return {
    element,
    size(next) {
      if (next > lastSize) newestMs = Date.now();
      lastSize = next;
      setText(size, formatCount(next));
    },
    checkpoint(found) {
      if (found instanceof ClientError) {
        const state = found.kind === 'refused' ? 'refused' : 'unavailable';
        replace(checkpoint, stateMark(state), ` ${reasonOf(found)}`);
        return;
      }
      const words = `${formatCount(found.checkpoint.size)} blocks signed`;
      replace(checkpoint, h('span', { class: 'state verified' }, mark('verified'), words));
      const isFirst = found.verified.trust === 'first-use';
      setText(trust, isFirst ? 'seen first here, kept since' : 'given');
    },
    tick: () => setText(newest, formatAge(newestMs, Date.now())),
  };
}

/** A strategy as the node tells it, in words. */
function strategyWords(strategy: unknown): string {
  if (typeof strategy !== 'object' || strategy === null) return 'one writer';
  const { kind, region, topic, parts } = strategy as Record<string, unknown>;
  if (kind === 'nested' && Array.isArray(parts)) return parts.map(strategyWords).join(', ');
  if (kind === 'geographic') return `region ${String(region)}`;
  if (kind === 'topic') return `topic ${String(topic)}`;
  if (kind === 'temporal') return 'time';
  return kind === 'shard' ? 'shard' : 'one writer';
}
