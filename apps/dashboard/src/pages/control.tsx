import type { NodeStatus, TunableState } from '@basalt/telemetry';
import { useSignalEffect } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { usePage } from '../context.ts';
import { formatAmount, formatBare, formatCount, formatTime, formatWithUnit } from '../format.ts';
import { type ChartSeries, LineChart } from '../parts/line-chart.tsx';
import { Empty, Fact, Stale } from '../parts/section.tsx';
import { startPoll } from '../state/polled.ts';

const ASK_EVERY_MS = 5_000;
const WINDOW_MS = 600_000;
const REASONS_SHOWN = 4;

/** Each tunable: what it is set to, within which bounds, and why. */
export function Control({ status }: { readonly status: NodeStatus | undefined }): VNode {
  const { feed, clock } = usePage();
  const poll = useMemo(() => startPoll<readonly TunableState[]>('/control', ASK_EVERY_MS), []);
  useEffect(() => () => poll.close(), []);
  useSignalEffect(() => {
    if (feed.changes.value > 0) poll.refresh();
  });
  const { value, last } = poll.now.value;
  const tunables = value ?? status?.tunables;
  if (tunables === undefined || tunables.length === 0) {
    const words =
      last === 'asking'
        ? 'Asking for the tunables …'
        : last === 'missing'
          ? 'This node does not tell its tunables: it has no /control.'
          : last === 'failed'
            ? 'The tunables cannot be read; trying again.'
            : 'This node has nothing that tunes itself.';
    return <Empty>{words}</Empty>;
  }
  const nowMs = feed.nodeNowMs(clock.value);
  return (
    <div class="tunables">
      {value === undefined ? null : <Stale last={last} />}
      {tunables.map((tunable) => (
        <Tunable key={tunable.name} tunable={tunable} nowMs={nowMs} />
      ))}
    </div>
  );
}

const MODES: Readonly<Record<TunableState['mode'], string>> = {
  automatic: 'automatic',
  held: 'held by hand',
  off: 'off',
};

interface TunableProps {
  readonly tunable: TunableState;
  readonly nowMs: number;
}

function Tunable({ tunable, nowMs }: TunableProps): VNode {
  const { name, help, unit, controller, bounds, value, initial, mode, reading, heldAt } = tunable;
  const format = (number: number): string => formatWithUnit(number, unit);
  const line = lineOf(tunable, nowMs);
  const within = `between ${format(bounds.min)} and ${format(bounds.max)}`;
  const newest = [...tunable.changes].reverse().slice(0, REASONS_SHOWN);
  return (
    <section class="card tunable" aria-label={name} data-tunable={name}>
      <header>
        <h2>{name}</h2>
        <span class={`mode mode-${mode}`}>
          {MODES[mode] ?? mode}
          {mode === 'off' && heldAt !== undefined ? `, then ${format(heldAt)}` : null}
        </span>
        <p class="muted">{help}</p>
      </header>
      <div class="tunable-body">
        <dl class="facts">
          <Fact name="Value">
            <b class="tunable-value">{format(value)}</b>
          </Fact>
          <Fact name="Bounds">
            {formatBare(bounds.min, unit)} to {format(bounds.max)}
          </Fact>
          <Fact name="Without control">{format(initial)}</Fact>
          <Fact name="Rule">{controller}</Fact>
          <Fact name="Changes" title="A reversal: the controller turned round.">
            {formatCount(tunable.changeCount)}, {formatAmount(tunable.reversalCount, 'reversal')}
          </Fact>
        </dl>
        <LineChart
          label={`${name} over the last ten minutes, ${within}`}
          times={line.times}
          series={line.series}
          format={format}
          formatTick={(number) => formatBare(number, unit)}
          isBytes={unit === 'bytes'}
          from={nowMs - WINDOW_MS}
          to={nowMs}
          bounds={rangeOf(tunable)}
          isStepped={true}
        />
        <div class="reasons">
          <h3>{reading === '' ? 'No reading yet' : `Reading: ${reading}`}</h3>
          {newest.length === 0 ? (
            <p class="muted">Never changed since the start.</p>
          ) : (
            <ol>
              {newest.map(({ atMs, from, to, reason }) => (
                <li key={`${atMs} ${to}`}>
                  <time dateTime={new Date(atMs).toISOString()}>{formatTime(atMs, nowMs)}</time>
                  <span>
                    {formatBare(from, unit)} → {formatBare(to, unit)}
                  </span>
                  <span class="muted">{reason}</span>
                </li>
              ))}
            </ol>
          )}
        </div>
      </div>
    </section>
  );
}

/** The value held since each change; before the first one that is kept, what it changed from. */
function lineOf(
  { name, changes, value }: TunableState,
  nowMs: number,
): { readonly times: readonly number[]; readonly series: readonly ChartSeries[] } {
  const fromMs = nowMs - WINDOW_MS;
  const before = changes.filter(({ atMs }) => atMs < fromMs).at(-1)?.to;
  const within = changes.filter(({ atMs }) => atMs >= fromMs && atMs <= nowMs);
  const times = [fromMs, ...within.map(({ atMs }) => atMs), nowMs];
  const first = before ?? within[0]?.from ?? value;
  const values = [first, ...within.map(({ to }) => to), value];
  return { times, series: [{ name, colour: 'accent', values }] };
}

/** Bounds where the values fill them; else the part in which something happens. */
function rangeOf({ bounds, changes, value, initial }: TunableState): readonly [number, number] {
  const seen = [value, initial, ...changes.flatMap(({ from, to }) => [from, to])];
  const least = Math.min(...seen);
  const most = Math.max(...seen);
  const room = most > least ? (most - least) * 0.15 : Math.max(Math.abs(most) * 0.15, 1e-9);
  const from = Math.max(bounds.min, least - room);
  const to = Math.min(bounds.max, most + room);
  // Bounds that leave one value are a line in the middle.
  return from < to ? [from, to] : [from - 1, to + 1];
}
