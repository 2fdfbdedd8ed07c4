import type { NamespaceSummary } from '@basalt/client';
import type { Column } from './columns-drawing.ts';
import { h } from './dom.ts';
import { formatCount } from './format.ts';
import { chainAddress } from './page.ts';
import { type State, stateMark } from './state-mark.ts';

/** A namespace in the list, and the parts of it that change. */
export interface ChainRow {
  readonly summary: NamespaceSummary;
  size: number;
  /** Size that a checkpoint covers. */
  covered: number;
  newestMs: number;
  state: State;
  reason: string;
  readonly item: HTMLElement;
  readonly sizeText: HTMLElement;
  readonly ageText: HTMLElement;
  readonly stateBox: HTMLElement;
  readonly previewText: HTMLElement;
}

export function createChainRow(summary: NamespaceSummary): ChainRow {
  const sizeText = h('span', {}, formatCount(summary.size));
  const ageText = h('span', { class: 'chain-age' }, '');
  const previewText = h('span', { class: 'chain-preview' }, '');
  const stateBox = h('span', { class: 'state' }, stateMark('checking'));
  const name = summary.label === '' ? 'unnamed' : summary.label;
  const link = h(
    'a',
    { class: 'chain', href: chainAddress(summary.namespace) },
    h(
      'span',
      { class: 'chain-name' },
      h('strong', {}, name),
      h('span', { class: 'mono' }, summary.namespace),
    ),
    h('span', { class: 'chain-size' }, sizeText, h('small', {}, ' blocks')),
    previewText,
    ageText,
    stateBox,
  );
  return {
    summary,
    size: summary.size,
    covered: summary.checkpointSize,
    newestMs: summary.timestampMs,
    state: 'checking',
    reason: '',
    item: h('li', {}, link),
    sizeText,
    ageText,
    stateBox,
    previewText,
  };
}

export function toColumn({ summary, size, state }: ChainRow): Column {
  const { namespace, label } = summary;
  return { namespace, label, size, state: state === 'unavailable' ? 'checking' : state };
}
