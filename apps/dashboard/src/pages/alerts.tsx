import type { VNode } from 'preact';
import { usePage } from '../context.ts';
import { formatSpan, formatTime } from '../format.ts';
import { Empty, Stale } from '../parts/section.tsx';
import type { Alert } from '../state/alert.ts';

/** What fires now, since when, and what to do. */
export function Alerts(): VNode {
  const { alerts, feed, clock } = usePage();
  const { value, last } = alerts.now.value;
  if (value === undefined) {
    const words =
      last === 'asking'
        ? 'Asking for alerts …'
        : last === 'missing'
          ? 'This node does not tell alerts: it has no /alerts. Its metrics are at /metrics.'
          : 'Alerts cannot be read; trying again.';
    return <Empty>{words}</Empty>;
  }
  const nowMs = feed.nodeNowMs(clock.value);
  const sorted = [...value].sort(byUrgency);
  return (
    <>
      <Stale last={last} />
      {sorted.length === 0 ? (
        <Empty>
          Nothing fires. A node knows only itself: that it is gone, others have to tell.
        </Empty>
      ) : null}
      <ul class="alerts">
        {sorted.map((alert) => (
          <li key={alert.name} class={`card alert is-${alert.severity} is-${alert.state}`}>
            <h2>{alert.name}</h2>
            <p class="alert-state">{stateWords(alert)}</p>
            <p>{alert.words}</p>
            <p class="muted">{sinceWords(alert, nowMs)}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

export function isFiring({ state }: Alert): boolean {
  return state === 'firing';
}

function sinceWords({ sinceMs }: Alert, nowMs: number): string {
  return `since ${formatTime(sinceMs, nowMs)}, for ${formatSpan((nowMs - sinceMs) / 1_000)}`;
}

function stateWords({ severity, state }: Alert): string {
  if (state === 'pending') return 'seen, not yet for long enough to fire';
  if (severity === 'page') return 'fires: act now';
  return severity === 'ticket' ? 'fires: look at it today' : `${state}, ${severity}`;
}

function byUrgency(a: Alert, b: Alert): number {
  const rank = (alert: Alert): number =>
    (isFiring(alert) ? 0 : 2) + (alert.severity === 'page' ? 0 : 1);
  return rank(a) - rank(b) || a.sinceMs - b.sinceMs;
}
