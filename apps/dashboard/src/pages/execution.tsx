import type { ExecutionStatus, NodeStatus, TopEntry } from '@basalt/telemetry';
import type { VNode } from 'preact';
import { usePage } from '../context.ts';
import { formatCount, formatNumber } from '../format.ts';
import { heatLevel } from '../parts/heat.ts';
import { LineChart } from '../parts/line-chart.tsx';
import { Empty, Fact, Section } from '../parts/section.tsx';
import { nameOf } from '../parts/top-list.tsx';

const WINDOW_MS = 600_000;

/** How the chain runs its transactions, and where they get in one another's way. */
export function Execution({ status }: { readonly status: NodeStatus }): VNode {
  const { execution } = status;
  if (execution === null) {
    return (
      <Empty>
        This node runs no chain, so it executes no transactions. Start it with one: basalt start
        --chain, or basalt devnet.
      </Empty>
    );
  }
  return (
    <>
      <div class="halves">
        <Figures execution={execution} />
        <Modes execution={execution} />
      </div>
      <Transactions status={status} />
      <div class="halves">
        <Heat title="Hot contracts" entries={execution.hotContracts} />
        <Heat title="Hot cells" entries={execution.hotCells} />
      </div>
    </>
  );
}

function Figures({ execution }: { readonly execution: ExecutionStatus }): VNode {
  return (
    <Section title="Chain">
      <dl class="facts">
        <Fact name="Chain id">{String(execution.chainId)}</Fact>
        <Fact name="Height">{formatCount(execution.height)}</Fact>
        <Fact name="Gas per second">{formatNumber(execution.gasPerSecond)}</Fact>
        <Fact name="Worker threads">{formatCount(execution.workers)}</Fact>
        <Fact name="Conflicts">{formatCount(execution.conflicts)}</Fact>
        <Fact name="Executions per transaction">
          {formatNumber(execution.executionsPerTransaction)}
        </Fact>
      </dl>
    </Section>
  );
}

function Modes({ execution }: { readonly execution: ExecutionStatus }): VNode {
  const { blocksParallel, blocksSequential, executionsPerTransaction } = execution;
  const total = blocksParallel + blocksSequential;
  const part = total === 0 ? 0 : (100 * blocksParallel) / total;
  const again = Math.round((executionsPerTransaction - 1) * 100);
  const words =
    total === 0
      ? 'No block has been executed since the start.'
      : again <= 0
        ? 'No transaction had to be run again.'
        : `${formatCount(again)} of 100 transactions were run once more, because one before them ` +
          'had changed what they had read.';
  return (
    <Section title="Parallel and sequential">
      <div class="modes">
        <div class="mode-bar" aria-hidden="true">
          <i style={{ width: `${part}%` }} />
        </div>
        <dl class="facts">
          <Fact name="Blocks in parallel">{formatCount(blocksParallel)}</Fact>
          <Fact name="Blocks one by one">{formatCount(blocksSequential)}</Fact>
          <Fact name="In parallel">{total === 0 ? '–' : `${formatNumber(part)} %`}</Fact>
        </dl>
        <p class="muted">{words} Small blocks are run one by one: threads would cost more.</p>
      </div>
    </Section>
  );
}

function Transactions({ status }: { readonly status: NodeStatus }): VNode {
  const { feed } = usePage();
  const samples = feed.samples.value;
  const { now } = status;
  return (
    <Section title="Transactions" note={`${formatNumber(now.transactionsPerSecond)} per second`}>
      <div class="padded">
        <LineChart
          label="Transactions per second over the last ten minutes"
          times={samples.map(({ atMs }) => atMs)}
          series={[
            {
              name: 'transactions per second',
              colour: 'accent',
              values: samples.map(({ transactionsPerSecond }) => transactionsPerSecond),
            },
          ]}
          format={formatNumber}
          from={now.atMs - WINDOW_MS}
          to={now.atMs}
        />
      </div>
    </Section>
  );
}

interface HeatProps {
  readonly title: string;
  readonly entries: readonly TopEntry[];
}

/** Tiles by weight: the darker, the more accesses and conflicts. */
function Heat({ title, entries }: HeatProps): VNode {
  const most = Math.max(0, ...entries.map(({ weight }) => weight));
  return (
    <Section title={title} note="accesses and conflicts lately">
      {entries.length === 0 ? (
        <Empty>Nothing is touched often.</Empty>
      ) : (
        <ol class="heat">
          {entries.map((entry) => (
            <li key={entry.key} class={`heat-${heatLevel(entry.weight, most)}`} title={entry.key}>
              <span class="mono">{nameOf(entry)}</span>
              <b>{formatNumber(entry.weight)}</b>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
