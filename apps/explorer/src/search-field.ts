import { ClientError, type NamespaceSummary } from '@basalt/client';
import { h } from './dom.ts';
import type { PageContext } from './page.ts';

/** Rows that one search shows: a page of the node. */
const FOUND_MAX = 50;
/** Between the last key and the question. */
const PAUSE_MS = 200;

/**
 * A field that asks the node for namespaces by words.
 *
 * @param onFound told what was found, or undefined where the field is empty again
 */
export function createSearchField(
  { client }: PageContext,
  signal: AbortSignal,
  onFound: (found: readonly NamespaceSummary[] | undefined) => void,
): HTMLElement {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  const field = h('input', {
    type: 'search',
    placeholder: 'Search',
    'aria-label': 'Search namespaces',
    maxlength: 100,
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => void ask(), PAUSE_MS);
    },
  });

  async function ask(): Promise<void> {
    const turn = ++asked;
    const words = field.value.trim();
    if (words === '') return onFound(undefined);
    const found: NamespaceSummary[] = [];
    try {
      for await (const summary of client.search({ words }, { signal })) {
        if (found.push(summary) >= FOUND_MAX) break;
      }
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
    }
    // An answer that was overtaken by a newer question is not shown.
    if (turn === asked && !signal.aborted) onFound(found);
  }

  return field;
}
