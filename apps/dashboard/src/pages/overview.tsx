import type { NodeStatus, StatusSample } from '@basalt/telemetry';
import type { VNode } from 'preact';
import { usePage } from '../context.ts';
import {
  formatAmount,
  formatBytes,
  formatCount,
  formatNumber,
  formatSeconds,
  formatSpan,
} from '../format.ts';
import { type ChartSeries, LineChart } from '../parts/line-chart.tsx';
import { HealthMark } from '../parts/marks.tsx';
import { Empty, Fact, Section } from '../parts/section.tsx';
import { TopList } from '../parts/top-list.tsx';
import { explorerAddress } from '../routes.ts';

const WINDOW_MS = 600_000;

/** What a stranger understands in ten seconds and an operator leaves open all day. */
export function Overview({ status }: { readonly status: NodeStatus }): VNode {
  const { feed } = usePage();
  const samples = feed.samples.value;
  return (
    <>
      <HealthPanel status={status} />
      <div class="chart-grid">
        {CHARTS.map((chart) => (
          <ChartCard key={chart.title} chart={chart} now={status.now} samples={samples} />
        ))}
      </div>
      <div class="halves">
        <Totals status={status} />
        <Section title="Busiest namespaces" note="blocks lately, older ones count less">
          {status.shards.hot.length === 0 ? (
            <Empty>No blocks came in lately.</Empty>
          ) : (
            <TopList
              entries={status.shards.hot.slice(0, 6)}
              link={({ key }) => explorerAddress(key)}
              caption="Busiest namespaces by blocks"
            />
          )}
        </Section>
      </div>
    </>
  );
}

const HEALTH_WORDS: Readonly<Record<string, string>> = {
  good: 'The node is in good health.',
  degraded: 'The node works, with less than it should have.',
  failing: 'The node needs help.',
};

function HealthPanel({ status }: { readonly status: NodeStatus }): VNode {
  const { feed } = usePage();
  const { health } = status;
  const isOld = feed.connection.value.kind === 'lost';
  const wrong = health.checks.filter(({ state }) => state !== 'good');
  const ready = health.isReady
    ? 'It takes requests.'
    : 'It should not be sent requests until this is over.';
  return (
    <section class={`card health is-${health.state}`} aria-label="Health">
      <div class="health-words">
        <p class="health-word">
          {isOld ? 'When last heard of: ' : ''}
          {HEALTH_WORDS[health.state] ?? health.state}
        </p>
        <p class="muted">
          {ready}{' '}
          {wrong.length === 0 ? `All ${formatAmount(health.checks.length, 'check')} are good.` : ''}
        </p>
      </div>
      <details class="checks" open={wrong.length > 0}>
        <summary>
          {wrong.length === 0
            ? 'What was checked'
            : `${formatAmount(wrong.length, 'check')} not good`}
        </summary>
        <ul>
          {[...health.checks].sort(worseFirst).map(({ name, state, words }) => (
            <li key={name}>
              <HealthMark state={state} />
              <b>{name}</b>
              <span>{words}</span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

const RANK = { failing: 0, degraded: 1, good: 2 } as const;

function worseFirst(
  a: { readonly state: keyof typeof RANK },
  b: { readonly state: keyof typeof RANK },
): number {
  return RANK[a.state] - RANK[b.state];
}

interface ChartLine {
  readonly name: string;
  readonly colour: ChartSeries['colour'];
  readonly read: (sample: StatusSample) => number | null;
}

interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly format: (value: number | null) => string;
  readonly lines: readonly ChartLine[];
  /** A second figure beside the first, without a line. */
  readonly note?: (sample: StatusSample) => string;
}

const CHARTS: readonly Chart[] = [
  {
    title: 'Blocks',
    unit: 'per second',
    format: formatNumber,
    lines: [{ name: 'blocks per second', colour: 'accent', read: (s) => s.blocksPerSecond }],
    note: (s) => `${formatAmount(s.queueBlocks, 'block')} waiting`,
  },
  {
    title: 'Requests',
    unit: 'per second',
    format: formatNumber,
    lines: [{ name: 'requests per second', colour: 'accent', read: (s) => s.requestsPerSecond }],
  },
  {
    title: 'Transactions',
    unit: 'per second',
    format: formatNumber,
    lines: [
      { name: 'transactions per second', colour: 'accent', read: (s) => s.transactionsPerSecond },
    ],
  },
  {
    title: 'Finality',
    unit: 'until a signed checkpoint',
    format: formatSeconds,
    lines: [
      { name: 'p50', colour: 'accent', read: (s) => s.finalityP50Seconds },
      { name: 'p99', colour: 'wait', read: (s) => s.finalityP99Seconds },
    ],
  },
  {
    title: 'Latency',
    unit: 'of a request',
    format: formatSeconds,
    lines: [
      { name: 'p50', colour: 'accent', read: (s) => s.requestP50Seconds },
      { name: 'p99', colour: 'wait', read: (s) => s.requestP99Seconds },
    ],
    note: (s) => `event loop ${formatSeconds(s.eventLoopDelaySeconds)} late`,
  },
  {
    title: 'Memory',
    unit: 'resident',
    format: formatBytes,
    lines: [{ name: 'memory', colour: 'accent', read: (s) => s.memoryBytes }],
    note: (s) => `${formatNumber(s.cpuCores)} cores in use`,
  },
];

interface ChartCardProps {
  readonly chart: Chart;
  readonly now: StatusSample;
  readonly samples: readonly StatusSample[];
}

function ChartCard({ chart, now, samples }: ChartCardProps): VNode {
  const { title, unit, format, lines, note } = chart;
  return (
    <figure class="card chart-card" data-chart={title}>
      <figcaption>
        <span class="chart-title">{title}</span>
        <span class="chart-values">
          {lines.map((line) => (
            <span key={line.name} class={`chart-value is-${line.colour}`}>
              {lines.length > 1 ? <small>{line.name}</small> : null}
              <b>{format(line.read(now))}</b>
            </span>
          ))}
        </span>
        <span class="chart-unit">
          <span>{unit}</span>
          <span>{note?.(now)}</span>
        </span>
      </figcaption>
      <LineChart
        label={`${title}, ${unit}, over the last ten minutes`}
        times={samples.map(({ atMs }) => atMs)}
        series={lines.map(({ name, colour, read }) => ({
          name,
          colour,
          values: samples.map(read),
        }))}
        format={format}
        isBytes={format === formatBytes}
        from={now.atMs - WINDOW_MS}
        to={now.atMs}
        syncKey="overview"
      />
    </figure>
  );
}

function Totals({ status }: { readonly status: NodeStatus }): VNode {
  const { totals } = status;
  const upSeconds = (status.nowMs - status.startedMs) / 1_000;
  return (
    <Section title="This node">
      <dl class="facts">
        <Fact name="Blocks">{formatCount(totals.blocks)}</Fact>
        <Fact name="Namespaces">{formatCount(totals.namespaces)}</Fact>
        <Fact name="On disk">{formatBytes(totals.storeBytes)}</Fact>
        <Fact name="Peers">{formatCount(totals.peers)}</Fact>
        <Fact name="Running for">{formatSpan(upSeconds)}</Fact>
        <Fact name="Version">{status.version}</Fact>
        <Fact name="Roles">{status.roles.length === 0 ? '\u2013' : status.roles.join(', ')}</Fact>
        <Fact name="Name in checkpoints">
          <span class="mono break">{status.origin === '' ? '\u2013' : status.origin}</span>
        </Fact>
      </dl>
    </Section>
  );
}
