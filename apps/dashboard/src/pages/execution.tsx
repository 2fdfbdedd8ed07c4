import type { ExecutionStatus, NodeStatus, TopEntry } from '@basalt/telemetry';
import type { VNode } from 'preact';
import { usePage } from '../context.ts';
import { formatCount, formatNumber, shorten } from '../format.ts';
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
        <div class="stack">
          <Section title="Hot contracts" note="transactions lately">
            {execution.hotContracts.length === 0 ? (
              <Empty>No contract was called lately.</Empty>
            ) : (
              <Heat entries={execution.hotContracts} most={mostOf(execution.hotContracts)} />
            )}
          </Section>
          {execution.hotWrites === undefined ? null : (
            <HotCells
              title="Most written"
              note="writes lately, from a sample"
              none="Nothing was written lately."
              entries={execution.hotWrites}
            />
          )}
        </div>
        <HotCells
          title="Hot cells"
          note="conflicts lately"
          none="No transactions got in one another’s way lately."
          entries={execution.hotCells}
        />
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
  readonly entries: readonly TopEntry[];
  /** The weight of the strongest colour. */
  readonly most: number;
}

/** Tiles by weight: the stronger the colour, the more. */
function Heat({ entries, most }: HeatProps): VNode {
  return (
    <ol class="heat">
      {entries.map((entry) => (
        <li key={entry.key} class={`heat-${heatLevel(entry.weight, most)}`} title={entry.key}>
          <span class="mono">{nameOf(entry)}</span>
          <b>{formatNumber(entry.weight)}</b>
        </li>
      ))}
    </ol>
  );
}

interface HotCellsProps {
  readonly title: string;
  readonly note: string;
  /** Said where there are none. */
  readonly none: string;
  readonly entries: readonly TopEntry[];
}

/** Cells stand with their contract: one that is hot in many places shows as a block of colour. */
function HotCells({ title, note, none, entries }: HotCellsProps): VNode {
  const contracts = Map.groupBy(entries, groupOf);
  return (
    <Section title={title} note={note}>
      {entries.length === 0 ? <Empty>{none}</Empty> : null}
      {[...contracts].map(([contract, cells]) => (
        <div key={contract} class="hot-contract">
          <h3 class="mono" title={contract}>
            {shorten(contract)}
          </h3>
          <Heat entries={cells.map(withCellName)} most={mostOf(entries)} />
        </div>
      ))}
    </Section>
  );
}

/** The key of a cell is an address, a space, and a slot or `account`. */
function partsOf({ key }: TopEntry): readonly [string, string] {
  const [address = '', cell = ''] = key.split(' ');
  return [address, cell];
}

function groupOf(entry: TopEntry): string {
  const [address, cell] = partsOf(entry);
  return cell === 'account' ? 'accounts' : address;
}

function withCellName(entry: TopEntry): TopEntry {
  if (entry.label !== '') return entry;
  const [address, cell] = partsOf(entry);
  const name = cell === 'account' ? address : cell.replace(/^0x0+(?=.)/, '0x');
  return { ...entry, label: shorten(name) };
}

function mostOf(entries: readonly TopEntry[]): number {
  return Math.max(0, ...entries.map(({ weight }) => weight));
}
