import { ClientError, type NamespaceSummary, type NodeEvent, reasonOf } from '@basalt/client';
import type { NamespaceId } from '@basalt/protocol';
import { previewReport } from './block-preview.ts';
import { type ChainRow, createChainRow, toColumn } from './chains-row.ts';
import { createColumnsDrawing } from './columns-drawing.ts';
import { h, replace, setText } from './dom.ts';
import { formatAge, formatCount } from './format.ts';
import { type PageContext, perFrame, type Route, type View } from './page.ts';
import { createSearchField } from './search-field.ts';
import { type State, stateMark } from './state-mark.ts';

/** Namespaces on the page; a node with more has them behind its API. */
const ROWS_MAX = 200;
/** The newest blocks of this many namespaces are checked here. */
const CHECKED_MAX = 24;
/** Pause between two rounds over the heads of all namespaces. */
const CHECK_EVERY_MS = 2_000;
const TICK_MS = 1_000;

const LEAD =
  'A node keeps many independent chains of signed blocks. This page reads them like any stranger ' +
  'would: it verifies signatures, proofs and checkpoints itself, and refuses what does not hold.';
const NOTHING = 'No namespace yet. Pipe some records in: npx basalt append --namespace first';

/** The first page: what this is, the namespaces as columns and as a list, live. */
export class ChainsPage implements View {
  readonly element: HTMLElement;
  readonly #context: PageContext;
  readonly #drawing = createColumnsDrawing();
  readonly #list: HTMLElement = h(
    'ul',
    { class: 'card chains' },
    h('li', { class: 'empty' }, 'Loading \u2026'),
  );
  readonly #count: HTMLElement = h('p', {}, '');
  /** In the order of the node's list; at most `ROWS_MAX`. */
  readonly #rows = new Map<NamespaceId, ChainRow>();
  /** What a search has found, in its order; undefined where nothing is searched. */
  #found: ReadonlyMap<NamespaceId, ChainRow> | undefined;
  readonly #controller = new AbortController();
  readonly #stops: (() => void)[] = [];
  readonly #render: () => void;

  constructor(context: PageContext) {
    this.#context = context;
    this.#render = perFrame(() => this.#show());
    this.element = this.#layOut();
    document.title = 'Basalt explorer';
    this.#stops.push(context.live.on((event) => this.#take(event)));
    const ticking = setInterval(this.#render, TICK_MS);
    this.#stops.push(() => clearInterval(ticking));
    void this.#load().then(() => this.#checkHeads());
  }

  show(route: Route): boolean {
    return route.name === 'chains';
  }

  close(): void {
    this.#controller.abort();
    for (const stop of this.#stops) stop();
  }

  #layOut(): HTMLElement {
    const { element } = this.#drawing;
    // The list says the same in words.
    element.setAttribute('aria-hidden', 'true');
    const { signal } = this.#controller;
    const field = createSearchField(this.#context, signal, (found) => this.#showFound(found));
    const title = h('h1', {}, 'Every block here is checked in your browser.');
    return h(
      'div',
      {},
      h('section', { class: 'hero' }, h('div', {}, title, h('p', {}, LEAD)), element),
      h('div', { class: 'section-head' }, h('h2', {}, 'Namespaces'), field, this.#count),
      this.#list,
    );
  }

  #show(): void {
    const nowMs = Date.now();
    let blocks = 0;
    for (const row of this.#rows.values()) blocks += row.size;
    for (const row of this.#shown()) {
      setText(row.sizeText, formatCount(row.size));
      setText(row.ageText, formatAge(row.newestMs, nowMs));
    }
    const { size } = this.#rows;
    setText(
      this.#count,
      size === 0 ? '' : `${formatCount(size)} with ${formatCount(blocks)} blocks`,
    );
    this.#drawing.update([...this.#rows.values()].map(toColumn));
  }

  async #load(): Promise<void> {
    const { signal } = this.#controller;
    try {
      for await (const summary of this.#context.client.namespaces({ signal })) {
        const isKnown = this.#rows.has(summary.namespace);
        if (!isKnown) this.#rows.set(summary.namespace, createChainRow(summary));
        if (this.#rows.size >= ROWS_MAX) break;
      }
      this.#fill();
    } catch (error) {
      if (signal.aborted || !(error instanceof ClientError)) return;
      const again = h('button', { type: 'button', onclick: () => void this.#load() }, 'Try again');
      replace(this.#list, h('li', { class: 'empty' }, `${error.message} `, again));
    }
  }

  #showFound(found: readonly NamespaceSummary[] | undefined): void {
    this.#found =
      found &&
      new Map(
        found.map((summary) => {
          const { namespace } = summary;
          return [namespace, this.#rows.get(namespace) ?? createChainRow(summary)];
        }),
      );
    this.#fill();
  }

  /** The rows on the screen. */
  #shown(): ChainRow[] {
    return [...(this.#found ?? this.#rows).values()];
  }

  #fill(): void {
    const items = this.#shown().map(({ item }) => item);
    const word = this.#found === undefined ? NOTHING : 'No namespace is like that.';
    replace(this.#list, ...(items.length > 0 ? items : [h('li', { class: 'empty' }, word)]));
    this.#render();
  }

  #take(event: NodeEvent): void {
    if (event.kind !== 'block' && event.kind !== 'checkpoint') return;
    const row = this.#rows.get(event.namespace) ?? this.#found?.get(event.namespace);
    if (event.kind === 'checkpoint') {
      if (row !== undefined) row.covered = Math.max(row.covered, event.size);
    } else if (row !== undefined) {
      row.size = Math.max(row.size, event.index + 1);
      row.newestMs = Math.max(row.newestMs, event.timestampMs);
      this.#render();
    } else if (event.index === 0 && this.#rows.size < ROWS_MAX) {
      void this.#load();
    }
  }

  /** Looks at the newest block of each namespace in turn, again and again while it grows. */
  async #checkHeads(): Promise<void> {
    const checked = new Map<NamespaceId, number>();
    while (!this.#controller.signal.aborted) {
      for (const row of this.#shown().slice(0, CHECKED_MAX)) {
        const { namespace } = row.summary;
        const { covered } = row;
        if (covered === 0 || checked.get(namespace) === covered) continue;
        checked.set(namespace, covered);
        await this.#checkHead(row, covered - 1);
      }
      await new Promise((resolve) => setTimeout(resolve, CHECK_EVERY_MS));
    }
  }

  async #checkHead(row: ChainRow, index: number): Promise<void> {
    const { namespace } = row.summary;
    const { signal } = this.#controller;
    try {
      const report = await this.#context.client.examine({ namespace, index }, { signal });
      const words = `Block ${formatCount(index)} was verified in this browser.`;
      if (report.status === 'refused') this.#setState(row, 'refused', reasonOf(report.error));
      else this.#setState(row, 'verified', words);
      setText(row.previewText, previewReport(report));
    } catch (error) {
      if (signal.aborted || !(error instanceof ClientError)) return;
      const state = error.kind === 'refused' ? 'refused' : 'unavailable';
      this.#setState(row, state, reasonOf(error));
    }
  }

  #setState(row: ChainRow, state: State, reason: string): void {
    if (row.state === state && row.reason === reason) return;
    row.state = state;
    row.reason = reason;
    row.stateBox.replaceChildren(stateMark(state));
    row.stateBox.title = reason;
    this.#render();
  }
}
