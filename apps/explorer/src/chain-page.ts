import { ClientError, type NamespaceDetail } from '@basalt/client';
import type { NamespaceId } from '@basalt/protocol';
import { type BlockPanel, createBlockPanel } from './block-panel.ts';
import { type ChainFacts, createChainFacts } from './chain-facts.ts';
import { ChainFeed } from './chain-feed.ts';
import { renderMore, renderRows, walkRows } from './chain-rows.ts';
import { createCoverage } from './coverage.ts';
import { h, replace } from './dom.ts';
import { shorten } from './format.ts';
import { chainAddress, type PageContext, perFrame, type Route, type View } from './page.ts';

/** One namespace: its facts, its newest blocks as they come, and one block beside them. */
export function createChainPage(context: PageContext, route: Route): View {
  const element = h('div', { class: 'chain-page' }, h('p', { class: 'empty' }, 'Loading \u2026'));
  let opened: OpenedChain | undefined;
  let wanted = route;
  let isClosed = false;

  async function open(name: string): Promise<void> {
    try {
      const detail = await context.client.namespace(name);
      if (isClosed) return;
      opened = new OpenedChain(context, element, detail);
      opened.select(wanted);
    } catch (error) {
      if (isClosed || !(error instanceof ClientError)) return;
      const text =
        error.kind === 'rejected' ? `There is no namespace ${name} here.` : error.message;
      const home = h('a', { href: '#/' }, 'All namespaces');
      replace(element, h('p', { class: 'crumbs' }, home), h('p', { class: 'card empty' }, text));
    }
  }

  const name = route.name === 'chain' ? route.chain : '';
  void open(name);
  return {
    element,
    show(next) {
      if (next.name !== 'chain' || next.chain !== name) return false;
      wanted = next;
      opened?.select(next);
      return true;
    },
    close() {
      isClosed = true;
      opened?.close();
    },
  };
}

const TICK_MS = 1_000;

class OpenedChain {
  readonly #context: PageContext;
  readonly #element: HTMLElement;
  readonly #namespace: NamespaceId;
  readonly #facts: ChainFacts;
  readonly #feed: ChainFeed;
  readonly #panel: BlockPanel;
  readonly #list: HTMLElement = h('ol', { class: 'rows' });
  readonly #more: HTMLElement = h('div', { class: 'more' });
  readonly #stops: (() => void)[] = [];
  readonly #render: () => void;
  #selected = -1;
  #isChecking = false;
  #isClosed = false;

  constructor(context: PageContext, element: HTMLElement, detail: NamespaceDetail) {
    const { namespace } = detail;
    this.#context = context;
    this.#element = element;
    this.#namespace = namespace;
    this.#facts = createChainFacts(detail);
    this.#render = perFrame(() => this.#show());
    const { client, live } = context;
    const { size, checkpointSize: covered } = detail;
    this.#feed = new ChainFeed({ client, namespace, size, covered, onChange: this.#render });
    const coverage = createCoverage(this.#feed);
    const { verifierKey } = detail;
    this.#panel = createBlockPanel(context, { verifierKey, whenCovered: coverage.wait });
    this.#stops.push(
      live.on((event) => {
        this.#feed.take(event);
        coverage.look();
        if (event.kind === 'checkpoint' && event.namespace === namespace) void this.#refresh();
      }),
    );
    const ticking = setInterval(() => this.#facts.tick(), TICK_MS);
    this.#stops.push(() => clearInterval(ticking));
    this.#list.addEventListener('keydown', walkRows);
    this.#layOut(detail);
    void this.#feed.open();
    void this.#refresh();
  }

  select(route: Route): void {
    const index = route.name === 'chain' ? route.index : undefined;
    this.#element.classList.toggle('has-block', index !== undefined);
    // Without a choice the newest block of now is shown, and stays until one is made.
    const newest = this.#selected === -1 ? this.#feed.covered - 1 : this.#selected;
    const shown = index ?? newest;
    if (shown >= 0 && shown !== this.#selected) {
      this.#selected = shown;
      this.#panel.show(this.#namespace, shown);
    }
    this.#render();
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    this.#feed.close();
    this.#panel.close();
  }

  #show(): void {
    renderRows(this.#list, this.#feed.rows, this.#namespace, this.#selected);
    renderMore(this.#more, this.#feed);
    this.#facts.size(this.#feed.size);
  }

  /** One look at a time: a busy node signs a checkpoint five times a second. */
  async #refresh(): Promise<void> {
    if (this.#isChecking || this.#isClosed) return;
    this.#isChecking = true;
    try {
      this.#facts.checkpoint(await this.#context.client.checkpoint(this.#namespace));
    } catch (error) {
      if (error instanceof ClientError) this.#facts.checkpoint(error);
    } finally {
      this.#isChecking = false;
    }
  }

  #layOut(detail: NamespaceDetail): void {
    const name = detail.label === '' ? shorten(detail.namespace) : detail.label;
    document.title = `${name} \u2013 Basalt explorer`;
    const head = h(
      'div',
      { class: 'pane-head' },
      h('h2', {}, 'Blocks'),
      h('span', { class: 'muted' }, 'newest first'),
    );
    const feed = h('section', { class: 'card feed', 'aria-label': 'Blocks' }, head);
    feed.append(this.#list, this.#more);
    replace(
      this.#element,
      h(
        'nav',
        { class: 'crumbs', 'aria-label': 'Where this is' },
        h('a', { href: '#/' }, 'All namespaces'),
        h('span', { class: 'muted', 'aria-hidden': 'true' }, ' / '),
        h('a', { href: chainAddress(detail.namespace) }, name),
      ),
      h(
        'div',
        { class: 'title-row' },
        h('h1', {}, name),
        h('span', { class: 'mono muted break' }, detail.namespace),
      ),
      this.#facts.element,
      h('div', { class: 'split' }, feed, this.#panel.element),
    );
  }
}
