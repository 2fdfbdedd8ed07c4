import type { NamespaceInfo } from '@basalt/ledger';
import { type BasicStrategy, type NamespaceId, strategyParts } from '@basalt/protocol';
import { SEARCH_EXPANSIONS_MAX, WORDS_PER_NAMESPACE_MAX } from './limits.ts';

/** What a search asks for; each part narrows it. */
export interface NamespaceQuery {
  /** Beginning of the label, without regard to case. */
  readonly prefix?: string | undefined;
  /** Each must be the beginning of a word of label, topic or region. */
  readonly words: readonly string[];
  readonly kind?: BasicStrategy['kind'] | undefined;
  /** Unix milliseconds: namespaces that may hold records of this time or a later one. */
  readonly sinceMs?: number | undefined;
  /** Unix milliseconds: time shards that begin before. */
  readonly untilMs?: number | undefined;
  readonly from: number;
  readonly count: number;
}

export interface NamespaceHits {
  readonly namespaces: readonly NamespaceId[];
  readonly more: boolean;
  /** Rows and places of words looked at, which is what the search has cost. */
  readonly examined: number;
}

interface Row {
  readonly namespace: NamespaceId;
  /** As it is compared. */
  readonly label: string;
  readonly kinds: readonly BasicStrategy['kind'][];
  readonly startMs: number;
  readonly endMs: number;
  readonly words: readonly string[];
}

/**
 * Namespaces by label and by word, as one walk over the ledger has seen them. Rows lie in the order
 * of their labels, so a prefix is a range; words lie in order too, each with its rows, so that a
 * beginning of a word is a range of words. A search then looks at the rows of the range that have
 * all words, in order, until a page is full.
 */
export class NamespaceIndex {
  readonly #rows: readonly Row[];
  /** Made at the first search for words: a node that nobody searches pays nothing. */
  #words: readonly (readonly [string, readonly number[]])[] | undefined;

  constructor(namespaces: readonly NamespaceInfo[]) {
    this.#rows = namespaces
      .map(toRow)
      .sort((a, b) => order(a.label, b.label) || order(a.namespace, b.namespace));
  }

  search(query: NamespaceQuery): NamespaceHits {
    const prefix = normal(query.prefix ?? '');
    const rows = this.#rows;
    const found: NamespaceId[] = [];
    let skipped = 0;
    let examined = 0;
    let place = lowerBound(rows.length, (at) => order((rows[at] as Row).label, prefix) < 0);
    // Words cost most, so nothing is looked for where no label begins so.
    if (rows[place]?.label.startsWith(prefix) !== true) {
      return { namespaces: found, more: false, examined };
    }
    let allowed: Uint8Array | undefined;
    for (const word of query.words) {
      const matched = this.#withWord(normal(word), allowed);
      allowed = matched.rows;
      examined += matched.examined;
    }
    for (; place < rows.length; place++) {
      const row = rows[place] as Row;
      if (!row.label.startsWith(prefix)) break;
      examined++;
      if (allowed !== undefined && allowed[place] !== 1) continue;
      if (!fits(row, query)) continue;
      if (skipped++ < query.from) continue;
      if (found.length === query.count) return { namespaces: found, more: true, examined };
      found.push(row.namespace);
    }
    return { namespaces: found, more: false, examined };
  }

  /** Makes ready what a search for words needs. */
  prepareWords(): void {
    this.#words ??= collectWords(this.#rows);
  }

  /** 1 for each row that has a word beginning so, and was allowed before; and what that cost. */
  #withWord(
    beginning: string,
    before: Uint8Array | undefined,
  ): { readonly rows: Uint8Array; readonly examined: number } {
    this.prepareWords();
    const words = this.#words ?? [];
    const allowed = new Uint8Array(this.#rows.length);
    let examined = 0;
    const first = lowerBound(words.length, (at) => order(words[at]?.[0] ?? '', beginning) < 0);
    for (let at = first; at < Math.min(words.length, first + SEARCH_EXPANSIONS_MAX); at++) {
      const [word, rows] = words[at] as readonly [string, readonly number[]];
      if (!word.startsWith(beginning)) break;
      examined += rows.length + 1;
      for (const row of rows) if (before === undefined || before[row] === 1) allowed[row] = 1;
    }
    return { rows: allowed, examined };
  }
}

/** Words as they are compared: runs of letters and digits, in lower case. */
export function wordsOf(text: string): string[] {
  return normal(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

function toRow({ namespace, label, strategy, timestampMs }: NamespaceInfo): Row {
  const parts = strategyParts(strategy);
  const texts = [label];
  let startMs = Number.NEGATIVE_INFINITY;
  let endMs = timestampMs;
  for (const part of parts) {
    if (part.kind === 'topic') texts.push(part.topic);
    else if (part.kind === 'geographic') texts.push(part.region);
    else if (part.kind === 'temporal') {
      startMs = part.epoch * 1_000;
      // The end itself is outside.
      endMs = startMs + part.durationSeconds * 1_000 - 1;
    }
  }
  const words = [...new Set(texts.flatMap(wordsOf))].slice(0, WORDS_PER_NAMESPACE_MAX);
  const kinds = parts.map(({ kind }) => kind);
  return { namespace, label: normal(label), kinds, startMs, endMs, words };
}

function fits(row: Row, { kind, sinceMs, untilMs }: NamespaceQuery): boolean {
  if (kind !== undefined && !row.kinds.includes(kind)) return false;
  if (sinceMs !== undefined && row.endMs < sinceMs) return false;
  return untilMs === undefined || row.startMs < untilMs;
}

function collectWords(rows: readonly Row[]): (readonly [string, readonly number[]])[] {
  const words = new Map<string, number[]>();
  for (const [place, row] of rows.entries()) {
    for (const word of row.words) {
      const places = words.get(word);
      if (places === undefined) words.set(word, [place]);
      else places.push(place);
    }
  }
  return [...words].sort(([a], [b]) => order(a, b));
}

function normal(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first place in 0 .. length at which `isBefore` no longer holds. */
function lowerBound(length: number, isBefore: (at: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
