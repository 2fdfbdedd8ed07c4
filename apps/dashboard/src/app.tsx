import type { VNode } from 'preact';
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import { usePage } from './context.ts';
import { formatSpan, formatTime } from './format.ts';
import { Alerts, isFiring } from './pages/alerts.tsx';
import { Chains } from './pages/chains.tsx';
import { Control } from './pages/control.tsx';
import { Execution } from './pages/execution.tsx';
import { Network } from './pages/network.tsx';
import { OldNode } from './pages/old-node.tsx';
import { Overview } from './pages/overview.tsx';
import { Shards } from './pages/shards.tsx';
import { Empty } from './parts/section.tsx';
import { addressOf, PAGES, type PageName } from './routes.ts';
import type { Connection } from './state/status-feed.ts';

interface AppProps {
  readonly page: PageName;
}

/** The bar of pages, what is wrong with the line to the node, and one page. */
export function App({ page }: AppProps): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  const { title } = PAGES.find(({ name }) => name === page) ?? PAGES[0];
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} – Basalt`;
    // After a change of page reading goes on at its head; at the first load it starts at the top.
    if (!isFirst.current) heading.current?.focus({ preventScroll: true });
    if (!isFirst.current) scrollTo(0, 0);
    isFirst.current = false;
  }, [page]);
  return (
    <>
      <PageBar page={page} />
      <h1 class="visually-hidden" tabIndex={-1} ref={heading}>
        {title}
      </h1>
      <Trouble />
      <Guarded key={page} page={page} />
    </>
  );
}

function PageBar({ page }: AppProps): VNode {
  const { alerts } = usePage();
  const firing = (alerts.now.value.value ?? []).filter(isFiring).length;
  return (
    <nav class="pages" aria-label="Parts of the dashboard">
      {PAGES.map(({ name, title }) => (
        <a key={name} href={addressOf(name)} aria-current={name === page ? 'page' : undefined}>
          {title}
          {name === 'alerts' && firing > 0 ? (
            <span class="badge">
              {firing}
              <span class="visually-hidden"> firing</span>
            </span>
          ) : null}
        </a>
      ))}
    </nav>
  );
}

/** One sentence about the line to the node, where there is something to say. */
function Trouble(): VNode | null {
  const { feed, clock } = usePage();
  const words = troubleWords(feed.connection.value, clock.value);
  if (words === undefined) return null;
  return (
    <p class="card banner is-failing" role="alert">
      {words}
    </p>
  );
}

function troubleWords(connection: Connection, nowMs: number): string | undefined {
  if (connection.kind === 'lost') {
    const { sinceMs } = connection;
    return (
      `No word from the node since ${formatTime(sinceMs, nowMs)}. What is shown is ` +
      `${formatSpan((nowMs - sinceMs) / 1_000)} old; trying again.`
    );
  }
  if (connection.kind !== 'absent') return undefined;
  return `No node speaks at ${location.host}: ${connection.words}. Is it running? Trying again.`;
}

/** A page that fails leaves the others reachable. */
function Guarded({ page }: AppProps): VNode {
  const [error, reset] = useErrorBoundary((problem) => console.error(problem));
  if (error === undefined) return <Content page={page} />;
  return (
    <p class="card banner is-failing" role="alert">
      This page cannot be shown: {String(error)}.{' '}
      <button type="button" onClick={reset}>
        Try again
      </button>
    </p>
  );
}

function Content({ page }: AppProps): VNode {
  const { feed } = usePage();
  const status = feed.status.value;
  switch (page) {
    case 'chains':
      return <Chains />;
    case 'network':
      return <Network />;
    case 'control':
      return <Control status={status} />;
    case 'alerts':
      return <Alerts />;
    case 'overview':
      if (feed.connection.value.kind === 'old') return <OldNode />;
      return status === undefined ? <Waiting /> : <Overview status={status} />;
    case 'shards':
      return status === undefined ? <Waiting /> : <Shards status={status} />;
    case 'execution':
      return status === undefined ? <Waiting /> : <Execution status={status} />;
    default:
      return page satisfies never;
  }
}

function Waiting(): VNode {
  const { feed } = usePage();
  const { kind } = feed.connection.value;
  return (
    <Empty>
      {kind === 'old'
        ? 'This node is older than this page: it has no /status, so there is nothing to show here.'
        : kind === 'absent'
          ? 'There is nothing to show until a node answers.'
          : 'Asking the node …'}
    </Empty>
  );
}
