import { reasonOf } from '@basalt/client';
import type { NamespaceId } from '@basalt/protocol';
import { previewReport } from './block-preview.ts';
import { type ChainFeed, type FeedRow, ROWS_MAX } from './chain-feed.ts';
import { h, replace, setText } from './dom.ts';
import { formatCount, formatTime } from './format.ts';
import { chainAddress } from './page.ts';
import { stateMark } from './state-mark.ts';

/** Rows are kept by their index, so that focus and animations survive an update. */
export function renderRows(
  list: HTMLElement,
  rows: readonly FeedRow[],
  namespace: NamespaceId,
  selected: number,
): void {
  const known = new Map<string, Element>();
  for (const child of list.children) known.set(child.getAttribute('data-key') ?? '', child);
  const items = rows.map((row) => {
    const key = `${row.index}:${row.state}:${row.report === undefined ? 0 : 1}`;
    const kept = known.get(key);
    const item = kept ?? renderRow(row, namespace);
    item.setAttribute('data-key', key);
    const link = item.firstElementChild;
    if (row.index === selected) link?.setAttribute('aria-current', 'true');
    else link?.removeAttribute('aria-current');
    return item;
  });
  const isSame =
    items.length === list.children.length && items.every((item, at) => item === list.children[at]);
  if (isSame) return;
  const focused = document.activeElement?.getAttribute('href');
  list.replaceChildren(...items);
  if (focused !== undefined && focused !== null) {
    list.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

function renderRow(row: FeedRow, namespace: NamespaceId): HTMLElement {
  const header = row.report?.block?.entry.header;
  const time = header === undefined ? '' : formatTime(header.timestampMs, Date.now());
  const isFresh = row.isLive && row.state === 'checking';
  const classes = `row ${row.state}${isFresh ? ' fresh' : ''}`;
  return h(
    'li',
    { 'data-index': row.index },
    h(
      'a',
      { class: classes, href: chainAddress(namespace, row.index) },
      h('span', { class: 'row-index' }, formatCount(row.index)),
      h('span', { class: 'row-time' }, time),
      stateMark(row.state),
      h('span', { class: 'row-preview' }, previewRow(row)),
    ),
  );
}

function previewRow({ error, report }: FeedRow): string {
  if (error !== undefined) return reasonOf(error);
  return report === undefined ? '\u2026' : previewReport(report);
}

export function renderMore(more: HTMLElement, feed: ChainFeed): void {
  const lowest = feed.rows.at(-1)?.index ?? 0;
  const skipped =
    feed.skipped > 0 ? `${formatCount(feed.skipped)} passed by faster than this page looks` : '';
  const isMore = lowest > 0 && feed.rows.length < ROWS_MAX;
  more.hidden = !isMore && skipped === '';
  const button = more.querySelector('button');
  if (isMore && button !== null) {
    setText(more.firstElementChild as Element, skipped);
    return;
  }
  const older = h('button', { type: 'button', onclick: () => void feed.older() }, 'Older blocks');
  replace(more, h('span', {}, skipped), isMore && older);
}

/** Arrow keys move along the list. */
export function walkRows(event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const item = document.activeElement?.closest('li');
  const next = event.key === 'ArrowDown' ? item?.nextElementSibling : item?.previousElementSibling;
  const link = next?.querySelector<HTMLElement>('a');
  if (link === null || link === undefined) return;
  event.preventDefault();
  link.focus();
}
