import type { FlowStatus, NodeStatus } from '@basalt/telemetry';
import type { VNode } from 'preact';
import { formatAmount, formatNumber } from '../format.ts';
import { countAt, largestFlow } from '../parts/flow.ts';
import { heatLevel } from '../parts/heat.ts';
import { Empty, Section } from '../parts/section.tsx';
import { TopList } from '../parts/top-list.tsx';
import { explorerAddress } from '../routes.ts';

/** Which namespaces carry the load, and how they refer to each other. */
export function Shards({ status }: { readonly status: NodeStatus }): VNode {
  const { hot, flow } = status.shards;
  return (
    <div class="halves">
      <Section title="Load by namespace" note="blocks lately, older ones count less">
        {hot.length === 0 ? (
          <Empty>No blocks came in lately.</Empty>
        ) : (
          <TopList
            entries={hot}
            link={({ key }) => explorerAddress(key)}
            caption="Namespaces by load"
          />
        )}
      </Section>
      <Flow flow={flow} />
    </div>
  );
}

function Flow({ flow }: { readonly flow: FlowStatus }): VNode {
  if (flow.labels.length === 0) {
    return (
      <Section title="Flow between namespaces">
        <Empty>
          No block has referred to another namespace. Where one does, this shows from where to
          where.
        </Empty>
      </Section>
    );
  }
  const { labels, counts } = largestFlow(flow);
  const most = Math.max(...counts.map((row) => Math.max(...row)));
  const total = counts.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
  return (
    <Section title="Flow between namespaces" note={`${formatAmount(total, 'reference')} lately`}>
      <div class="scroller" tabIndex={0} role="region" aria-label="Flow between namespaces, table">
        <table class="flow">
          <caption>Blocks of the row’s namespace that refer to the column’s</caption>
          <thead>
            <tr>
              <td />
              {labels.map((label) => (
                <th key={label} scope="col" title={label}>
                  <span>{label}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {labels.map((label, from) => (
              <tr key={label}>
                <th scope="row" title={label}>
                  <span>{label}</span>
                </th>
                {labels.map((other, to) => {
                  const count = countAt(counts, from, to);
                  return (
                    <td
                      key={other}
                      class={`heat-${heatLevel(count, most)}`}
                      title={`${label} to ${other}: ${formatNumber(count)}`}
                    >
                      {count === 0 ? '' : formatNumber(count)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
