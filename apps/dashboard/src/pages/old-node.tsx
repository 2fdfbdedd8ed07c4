import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { formatCount, formatSpan } from '../format.ts';
import { Empty, Fact, Section } from '../parts/section.tsx';
import { explorerAddress } from '../routes.ts';
import { startPoll } from '../state/polled.ts';

const ASK_EVERY_MS = 5_000;

interface OldHealth {
  readonly status?: string;
  readonly writes?: boolean;
  readonly readOnlyReason?: string;
  readonly checkpointProblem?: string;
  readonly version?: string;
  readonly uptimeSeconds?: number;
}

interface OldNamespace {
  readonly namespace: string;
  readonly label?: string;
  readonly size?: number;
}

/** What a node without `/status` can show: what it says at `/healthz` and `/chains`. */
export function OldNode(): VNode {
  const health = useMemo(() => startPoll<OldHealth>('/healthz', ASK_EVERY_MS), []);
  const chains = useMemo(() => startPoll<readonly OldNamespace[]>('/chains', ASK_EVERY_MS), []);
  useEffect(
    () => () => {
      health.close();
      chains.close();
    },
    [],
  );
  const told = health.now.value.value;
  const items = chains.now.value.value ?? [];
  return (
    <>
      <p class="card banner is-degraded" role="status">
        This node is older than this page: it has no /status, so rates, finality, network, execution
        and tunables are missing. What it does tell is shown here; Chains works as ever.
      </p>
      <div class="halves">
        <Section title="Health">
          {told === undefined ? (
            <Empty>Nothing from /healthz either.</Empty>
          ) : (
            <dl class="facts">
              <Fact name="State">{told.status ?? '–'}</Fact>
              <Fact name="Takes blocks">{told.writes === false ? 'no' : 'yes'}</Fact>
              <Fact name="Version">{told.version ?? '–'}</Fact>
              <Fact name="Running for">
                {told.uptimeSeconds === undefined ? '–' : formatSpan(told.uptimeSeconds)}
              </Fact>
              {told.readOnlyReason === undefined ? null : (
                <Fact name="Why no blocks">{told.readOnlyReason}</Fact>
              )}
              {told.checkpointProblem === undefined ? null : (
                <Fact name="Why no checkpoints">{told.checkpointProblem}</Fact>
              )}
            </dl>
          )}
        </Section>
        <Section title="Namespaces">
          {items.length === 0 ? (
            <Empty>None, or none that can be read.</Empty>
          ) : (
            <table class="rows">
              <thead>
                <tr>
                  <th scope="col">Namespace</th>
                  <th scope="col" class="number">
                    Blocks
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.slice(0, 20).map(({ namespace, label = '', size = 0 }) => (
                  <tr key={namespace}>
                    <th scope="row">
                      <a href={explorerAddress(namespace)}>{label === '' ? namespace : label}</a>
                    </th>
                    <td class="number">{formatCount(size)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Section>
      </div>
    </>
  );
}
