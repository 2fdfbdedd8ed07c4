import { type Field, listOf, type StoredResponse } from './stored.ts';

/** Reads a request field by its lower-case name. */
export type RequestFields = (name: string) => string | undefined;

/**
 * The fields that go upstream with a question. Upstream sees nothing else of the client, so an
 * answer can depend on nothing else, and cookies or user agents make no variants.
 */
export function forwardedFields(field: RequestFields): Field[] {
  const accept = field('accept')?.replaceAll(/\s+/g, '').toLowerCase();
  const fields: Field[] = [['accept-encoding', codings(field('accept-encoding'))]];
  if (accept !== undefined && accept !== '') fields.push(['accept', accept]);
  return fields;
}

/** The values that chose an answer (RFC 9111 section 4.1). */
export function varyOf(sent: readonly Field[], answer: readonly Field[]): Field[] {
  const names = (listOf(answer, 'vary') ?? '').split(',').map((name) => name.trim().toLowerCase());
  const sorted = [...new Set(names)].filter((name) => name !== '').sort();
  return sorted.map((name) => [name, listOf(sent, name) ?? '']);
}

export function varyMatches({ vary }: StoredResponse, sent: readonly Field[]): boolean {
  return vary.every(([name, value]) => (listOf(sent, name) ?? '') === value);
}

/** Codings that nodes send; everything else would only make variants of the same bytes. */
const KNOWN = ['br', 'gzip', 'identity', 'zstd'];

/** One spelling for each set of weighted codings, so that browsers share their variants. */
function codings(value: string | undefined): string {
  if (value === undefined) return 'identity';
  const weighted = new Map<string, number>();
  for (const part of value.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
    const q = parameters.find((text) => text.startsWith('q='))?.slice(2);
    const weight = q === undefined ? 1 : Number(q);
    if (name === '*' && !(weight > 0)) weighted.set('identity', weighted.get('identity') ?? 0);
    if (KNOWN.includes(name)) weighted.set(name, weight >= 0 ? weight : 0);
  }
  const parts = [...weighted]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, weight]) => (weight === 1 ? name : `${name};q=${weight}`));
  return parts.length === 0 ? 'identity' : parts.join(', ');
}
