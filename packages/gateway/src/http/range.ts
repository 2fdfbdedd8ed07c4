/** Byte ranges of RFC 9110 section 14. Offsets are in the identity form. */

export type RangeResult =
  /** No range, not ours to honour, not in form, or several: answer the whole (section 14.2). */
  | { readonly type: 'whole' }
  /** `start` inclusive, `end` exclusive. */
  | { readonly type: 'part'; readonly start: number; readonly end: number }
  | { readonly type: 'unsatisfiable' };

const WHOLE: RangeResult = { type: 'whole' };

const SINGLE = /^bytes=[ \t]*(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))[ \t]*$/i;

/** Evaluates the `Range` field against a representation of `length` bytes. */
export function parseRange(value: string | undefined, length: number): RangeResult {
  if (value === undefined) return WHOLE;
  const found = SINGLE.exec(value);
  // Several ranges would need multipart answers; section 14.2 lets a server ignore the field.
  if (found === null) return WHOLE;
  const [, first, last, suffix] = found;
  if (suffix !== undefined) {
    const wanted = Number(suffix);
    if (wanted === 0 || length === 0) return { type: 'unsatisfiable' };
    return { type: 'part', start: Math.max(0, length - wanted), end: length };
  }
  const start = Number(first);
  if (last !== undefined && last !== '' && Number(last) < start) return WHOLE;
  if (start >= length) return { type: 'unsatisfiable' };
  const end = last === undefined || last === '' ? length : Math.min(length, Number(last) + 1);
  return { type: 'part', start, end };
}

/**
 * If-Range (section 13.1.5): the range counts only when the client holds this very form. Dates
 * never match, because nothing here has a Last-Modified; weak tags never match.
 */
export function ifRangeHolds(value: string | undefined, etag: string): boolean {
  return value === undefined || value.trim() === etag;
}
