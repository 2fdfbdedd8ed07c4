/**
 * The explorer page: namespaces, live blocks, one block with its proof drawn as a path, everything
 * checked here by `@basalt/client` before it is called verified.
 *
 * @module
 */
import {
  type CheckpointStorage,
  createExaminer,
  createMemoryStorage,
  createWebStorage,
} from '@basalt/client';
import { createChainPage } from './chain-page.ts';
import { h, setText } from './dom.ts';
import { createLazyView } from './lazy-view.ts';
import { type LiveState, startLive } from './live.ts';
import { chainAddress, type PageContext, parseRoute, type Route, type View } from './page.ts';
import { provider } from './provider.ts';
import { followTheme } from './theme.ts';

function main(): void {
  const client = createExaminer({ url: '', provider, storage: openStorage() });
  const context: PageContext = { client, live: startLive(client) };
  const outlet = document.querySelector<HTMLElement>('#main');
  const liveText = document.querySelector<HTMLElement>('#live');
  if (outlet === null || liveText === null) return;
  followTheme();
  context.live.onState((state) => showLive(liveText, state));
  let view: View | undefined;
  const navigate = (): void => {
    const route = parseRoute(location.hash);
    if (view?.show(route) === true) return;
    view?.close();
    view = createView(context, route);
    outlet.replaceChildren(view.element);
    scrollTo(0, 0);
  };
  addEventListener('hashchange', navigate);
  navigate();
}

function createView(context: PageContext, route: Route): View {
  switch (route.name) {
    case 'chains':
      return createLazyView('chains', async () => {
        const { ChainsPage } = await import('./chains-page.ts');
        return new ChainsPage(context);
      });
    case 'chain':
      return createChainPage(context, route);
    case 'block':
      return createLookup(context, route.hash);
    default:
      return route satisfies never;
  }
}

/** Finds out where a block of a given hash stands and goes there. */
function createLookup(context: PageContext, hash: string): View {
  const element = h('p', { class: 'card empty' }, 'Looking for the block \u2026');
  const controller = new AbortController();
  context.client.examine(hash, { signal: controller.signal }).then(
    ({ namespace, index }) => location.replace(chainAddress(namespace, index)),
    () => setText(element, 'There is no block with this hash here.'),
  );
  return { element, show: () => false, close: () => controller.abort() };
}

function showLive(element: HTMLElement, state: LiveState): void {
  element.classList.toggle('on', state.kind === 'live');
  element.classList.toggle('off', state.kind === 'lost');
  const words = { connecting: 'connecting', live: 'live', lost: 'connection lost, trying again' };
  setText(element, words[state.kind]);
}

/** Where checkpoints are kept; a browser that forbids it gets a memory that ends with the page. */
function openStorage(): CheckpointStorage {
  try {
    return createWebStorage(localStorage);
  } catch {
    return createMemoryStorage();
  }
}

main();
