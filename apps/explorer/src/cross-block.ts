import { ClientError, reasonOf, type VerifiedReference } from '@basalt/client';
import type { NamespaceId } from '@basalt/protocol';
import { h, replace } from './dom.ts';
import { formatCount, formatInstant } from './format.ts';
import { chainAddress, type PageContext } from './page.ts';
import { stateMark } from './state-mark.ts';

/** A block that refers to another namespace, its proof verified here. Loaded with the first one. */
export function showCrossBlock(
  { client }: PageContext,
  place: { readonly namespace: NamespaceId; readonly index: number },
): HTMLElement {
  const box = h('div', { class: 'cross-block' }, stateMark('checking'));
  client.crossReference(place).then(
    (found) => replace(box, ...contentOf(found)),
    (error: unknown) => {
      if (!(error instanceof ClientError)) throw error;
      const state = error.kind === 'refused' ? 'refused' : 'unavailable';
      replace(box, stateMark(state), h('p', { class: 'note' }, reasonOf(error)));
    },
  );
  return box;
}

function contentOf({ reference, statement }: VerifiedReference): HTMLElement[] {
  const { targetNamespace, targetEntry } = reference;
  const { index } = targetEntry.header;
  const link = h(
    'a',
    { href: chainAddress(targetNamespace, index) },
    `block ${formatCount(index)}`,
  );
  const { superRoot, superIndex } = statement;
  const words =
    `Its entry, the tree of its namespace and block ${formatCount(superIndex)} of the super-log ` +
    `(${formatInstant(superRoot.timestampMs)}) lead to a checkpoint that this browser holds.`;
  return [
    h('p', {}, stateMark('verified'), ' refers to ', link, ' of ', targetNamespace),
    h('p', { class: 'note' }, words),
  ];
}
