import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { type ChainsView, ChainsWatch, type WatchedBlock } from '../chains/watch.ts';
import { usePage } from '../context.ts';
import { formatAmount, formatCount, formatSpan, formatTime, shorten } from '../format.ts';
import { NAMESPACES_MAX } from '../limits.ts';
import { BlockMark } from '../parts/marks.tsx';
import { Empty, Section } from '../parts/section.tsx';
import { explorerAddress } from '../routes.ts';

const LOOK_EVERY_MS = 1_000;

/** Namespaces and newest blocks, each with what this browser found out about it. */
export function Chains(): VNode {
  const { examiner, clock } = usePage();
  const view = useSignal<ChainsView | undefined>(undefined);
  useEffect(() => {
    let watch: ChainsWatch | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isClosed = false;
    const look = async (): Promise<void> => {
      if (watch === undefined) return;
      await watch.look();
      if (isClosed) return;
      view.value = watch.view;
      timer = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    void examiner().then((client) => {
      if (isClosed) return;
      watch = new ChainsWatch(client);
      void watch.follow();
      void look();
    });
    return () => {
      isClosed = true;
      clearTimeout(timer);
      watch?.close();
    };
  }, []);
  const shown = view.value;
  if (shown === undefined) return <Empty>Reading the list of namespaces …</Empty>;
  return (
    <>
      {shown.problem === undefined ? null : (
        <p class="card banner is-failing" role="alert">
          The namespaces cannot be read: {shown.problem}
        </p>
      )}
      {shown.refused.length === 0 ? null : <Refused blocks={shown.refused} />}
      <div class="halves">
        <Namespaces view={shown} nowMs={clock.value} />
        <Newest view={shown} nowMs={clock.value} />
      </div>
    </>
  );
}

function Refused({ blocks }: { readonly blocks: readonly WatchedBlock[] }): VNode {
  return (
    <section class="card refusals" role="alert" aria-label="Refused blocks">
      <h2>{formatAmount(blocks.length, 'block')} refused by this browser</h2>
      <p class="muted">
        What the node served does not hold. Do not rely on it; compare with another.
      </p>
      <ul>
        {blocks.map((block) => (
          <li key={`${block.namespace}/${block.index}`}>
            <BlockMark mark={block.mark} />
            <a href={explorerAddress(block.namespace, block.index)}>
              {nameOf(block)} {formatCount(block.index)}
            </a>
            <span>{'reason' in block.mark ? block.mark.reason : ''}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface ListProps {
  readonly view: ChainsView;
  readonly nowMs: number;
}

function Namespaces({ view, nowMs }: ListProps): VNode {
  const sorted = [...view.namespaces].sort((a, b) => b.newestMs - a.newestMs);
  if (sorted.length === 0) {
    return (
      <Section title="Namespaces">
        <Empty>{view.isLoaded ? 'No namespace yet.' : 'None could be read.'}</Empty>
      </Section>
    );
  }
  return (
    <Section title="Namespaces" note={noteOf(sorted.length)}>
      <table class="rows namespaces">
        <thead>
          <tr>
            <th scope="col">Namespace</th>
            <th scope="col" class="number">
              Blocks
            </th>
            <th scope="col" class="number wide-only">
              Newest
            </th>
            <th scope="col">In this browser</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={row.namespace} class={row.mark.kind}>
              <th scope="row">
                <a href={explorerAddress(row.namespace)} title={row.namespace}>
                  {nameOf(row)}
                </a>
              </th>
              <td class="number">{formatCount(row.size)}</td>
              <td class="number wide-only">{ageOf(row.newestMs, nowMs)}</td>
              <td>
                <BlockMark mark={row.mark} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function noteOf(count: number): string {
  return count < NAMESPACES_MAX
    ? 'the mark is for the newest block that a checkpoint covers'
    : `the first ${formatCount(count)}; the explorer searches all`;
}

function Newest({ view, nowMs }: ListProps): VNode {
  const more =
    view.passedOver === 0
      ? undefined
      : `${formatAmount(view.passedOver, 'block')} more came too fast to be listed`;
  if (view.blocks.length === 0) {
    return (
      <Section title="Newest blocks" note={more}>
        <Empty>No block has come since this page was opened.</Empty>
      </Section>
    );
  }
  return (
    <Section title="Newest blocks" note={more}>
      <table class="rows blocks">
        <thead>
          <tr>
            <th scope="col">Block</th>
            <th scope="col" class="wide-only">
              Time
            </th>
            <th scope="col">In this browser</th>
          </tr>
        </thead>
        <tbody>
          {view.blocks.map((block) => (
            <tr key={`${block.namespace}/${block.index}`} class={block.mark.kind}>
              <th scope="row">
                <a href={explorerAddress(block.namespace, block.index)}>
                  {nameOf(block)} {formatCount(block.index)}
                </a>
                {block.mark.kind === 'refused' || block.mark.kind === 'unchecked' ? (
                  <span class="reason">{block.mark.reason}</span>
                ) : null}
              </th>
              <td class="wide-only">{formatTime(block.timestampMs, nowMs)}</td>
              <td>
                <BlockMark mark={block.mark} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function nameOf({
  label,
  namespace,
}: {
  readonly label: string;
  readonly namespace: string;
}): string {
  return label === '' ? shorten(namespace) : label;
}

function ageOf(timeMs: number, nowMs: number): string {
  const seconds = (nowMs - timeMs) / 1_000;
  return seconds < 2 ? 'now' : `${formatSpan(seconds)} ago`;
}
