/**
 * The dashboard of a node: what it does now and why, live; blocks verified in the browser before
 * they are called so.
 *
 * @module
 */
import type { Examiner } from '@basalt/client';
import { signal } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { ContextProvider, type PageContext } from './context.ts';
import { HeadState } from './head.tsx';
import { parseRoute } from './routes.ts';
import type { Alert } from './state/alert.ts';
import { startPoll } from './state/polled.ts';
import { StatusFeed } from './state/status-feed.ts';
import { ThemeSwitch } from './theme.ts';

const ALERTS_EVERY_MS = 5_000;

function main(): void {
  const outlet = document.querySelector('#main');
  const state = document.querySelector('#head-state');
  if (outlet === null || state === null) return;
  const clock = signal(Date.now());
  setInterval(() => {
    clock.value = Date.now();
  }, 1_000);
  let examiner: Promise<Examiner> | undefined;
  const context: PageContext = {
    feed: new StatusFeed(),
    alerts: startPoll<readonly Alert[]>('/alerts', ALERTS_EVERY_MS),
    theme: new ThemeSwitch(),
    clock,
    examiner: () => {
      examiner ??= import('./chains/examiner.ts').then((module) => module.createPageExaminer());
      return examiner;
    },
  };
  context.theme.start();
  context.feed.start();
  const page = signal(parseRoute(location.hash));
  addEventListener('hashchange', () => {
    page.value = parseRoute(location.hash);
  });
  document.querySelector('.skip')?.addEventListener('click', (event) => {
    // The part behind # names a page here, so the jump is made by hand.
    event.preventDefault();
    document.querySelector<HTMLElement>('#main')?.focus();
  });
  const Root = () => (
    <ContextProvider value={context}>
      <App page={page.value} />
    </ContextProvider>
  );
  render(
    <ContextProvider value={context}>
      <HeadState />
    </ContextProvider>,
    state,
  );
  render(<Root />, outlet);
}

main();
