import { ENTRY_OVERHEAD_BYTES } from './limits.ts';

/** A field of an answer; names in lower case. */
export type Field = readonly [name: string, value: string];

/** What is known of an answer that is kept; its body lies in memory, on disk or both. */
export interface StoredResponse {
  readonly target: string;
  readonly status: number;
  /** Without the fields of the connection and without `age`. */
  readonly fields: readonly Field[];
  /** Request fields that chose this answer, with the values that were sent upstream. */
  readonly vary: readonly Field[];
  readonly bodyBytes: number;
  /** SHA-256 of the body as it is coded, lower-case hex. */
  readonly bodyHash: string;
  /** When it came or was last confirmed, on the clock of the cache. */
  readonly confirmedMs: number;
  /** How old it was then (RFC 9111 section 4.2.3), to the millisecond. */
  readonly initialAgeSeconds: number;
}

/** What an entry takes beside its body: clients make address and fields as long as they like. */
export function overheadBytes({ target, vary }: StoredResponse): number {
  const chosenBy = vary.reduce((sum, [, value]) => sum + value.length, 0);
  return ENTRY_OVERHEAD_BYTES + target.length + chosenBy;
}

/** The first field of this name. */
export function fieldOf(fields: readonly Field[], name: string): string | undefined {
  return fields.find(([known]) => known === name)?.[1];
}

/** All values of a list field in one. */
export function listOf(fields: readonly Field[], name: string): string | undefined {
  const values = fields.filter(([known]) => known === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

/** A strong entity tag with its quotes; undefined for a weak one, one not in form, or none. */
export function strongTag(fields: readonly Field[]): string | undefined {
  const tag = fieldOf(fields, 'etag')?.trim();
  return tag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag) ? tag : undefined;
}

/** RFC 9110 section 7.6.1, and what a cache says itself. `set-cookie` has no place in a cache. */
const OWN_FIELDS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'age',
  'cache-status',
  'set-cookie',
]);

/** The fields that belong to the answer and not to the connection it came over. */
export function endToEndFields(fields: readonly Field[]): Field[] {
  const named = new Set(
    (listOf(fields, 'connection') ?? '').split(',').map((name) => name.trim().toLowerCase()),
  );
  return fields.filter(([name]) => !OWN_FIELDS.has(name) && !named.has(name));
}

/** Reads what was written to disk; undefined where it is anything else. */
export function parseStored(value: unknown): StoredResponse | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = value as Partial<Record<keyof StoredResponse, unknown>>;
  const isGood =
    typeof found.target === 'string' &&
    found.status === 200 &&
    isFields(found.fields) &&
    isFields(found.vary) &&
    Number.isSafeInteger(found.bodyBytes) &&
    typeof found.bodyHash === 'string' &&
    /^[0-9a-f]{64}$/.test(found.bodyHash) &&
    Number.isFinite(found.confirmedMs) &&
    Number.isFinite(found.initialAgeSeconds);
  return isGood ? (found as StoredResponse) : undefined;
}

function isFields(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  return value.every(
    (field) =>
      Array.isArray(field) && field.length === 2 && field.every((part) => typeof part === 'string'),
  );
}
