import type { HealthCheck } from '@basalt/telemetry';
import type { VNode } from 'preact';
import type { Mark } from '../chains/watch.ts';

type Shape = 'tick' | 'cross' | 'wait' | 'dash' | 'warn';

const PATHS: Readonly<Record<Shape, string>> = {
  tick: 'M4.5 12.5 9.5 17.5 19.5 6.5',
  cross: 'M6 6 18 18M18 6 6 18',
  wait: 'M12 7v5l3.5 2M12 3.5a8.5 8.5 0 1 0 .01 0',
  dash: 'M7 12h10',
  warn: 'M12 4 21 19.5H3zM12 10v4M12 16.8v.2',
};

/** A drawing beside a word, which says the same. */
function Drawing({ shape }: { readonly shape: Shape }): VNode {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[shape]} />
    </svg>
  );
}

const BLOCK: Readonly<Record<Mark['kind'], readonly [Shape, string]>> = {
  waiting: ['wait', 'waiting'],
  verified: ['tick', 'verified'],
  refused: ['cross', 'REFUSED'],
  unchecked: ['dash', 'not checked'],
};

/** What this browser says about a block. */
export function BlockMark({ mark }: { readonly mark: Mark }): VNode {
  const [shape, word] = BLOCK[mark.kind];
  return (
    <span class={`state ${mark.kind}`} title={'reason' in mark ? mark.reason : undefined}>
      <Drawing shape={shape} />
      <span>{word}</span>
    </span>
  );
}

const HEALTH: Readonly<Record<HealthCheck['state'], readonly [Shape, string]>> = {
  good: ['tick', 'good'],
  degraded: ['warn', 'degraded'],
  failing: ['cross', 'failing'],
};

export function HealthMark({ state }: { readonly state: HealthCheck['state'] }): VNode {
  const [shape, word] = HEALTH[state] ?? ['dash', state];
  return (
    <span class={`state health-${state}`}>
      <Drawing shape={shape} />
      <span>{word}</span>
    </span>
  );
}
