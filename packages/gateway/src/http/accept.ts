/** Content negotiation: Accept and Accept-Encoding (RFC 9110 sections 12.5.1 and 12.5.3). */

/** Codings of answers, the better first: zstd is the cheapest by far, br smaller than gzip. */
export const CODINGS = ['zstd', 'br', 'gzip'] as const;

export type Coding = 'identity' | (typeof CODINGS)[number];

interface Preference {
  readonly value: string;
  readonly quality: number;
}

const ELEMENT = /^([^;\s]+)\s*(?:;(.*))?$/;
const QUALITY = /(?:^|;)\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)/i;

/** Elements that are not in form are left out, as a reader of a preference should. */
function parsePreferences(value: string): Preference[] {
  const list: Preference[] = [];
  for (const part of value.split(',')) {
    const found = ELEMENT.exec(part.trim());
    if (found === null) continue;
    const parameters = found[2] ?? '';
    const quality = QUALITY.exec(parameters);
    if (quality === null && /(?:^|;)\s*q\s*=/i.test(parameters)) continue;
    list.push({
      value: (found[1] as string).toLowerCase(),
      quality: quality === null ? 1 : Number(quality[1]),
    });
  }
  return list;
}

/**
 * The offered media type that the client likes best, the first offered among equals.
 *
 * @param accept the field value; absent means anything
 * @param offered media types without parameters, in our own order of preference
 * @returns undefined when the client accepts none of them (406)
 */
export function negotiateMediaType(
  accept: string | undefined,
  offered: readonly string[],
): string | undefined {
  if (accept === undefined || accept.trim() === '') return offered[0];
  const preferences = parsePreferences(accept);
  let best: string | undefined;
  let bestQuality = 0;
  for (const type of offered) {
    const quality = mediaQuality(preferences, type);
    if (quality > bestQuality) {
      best = type;
      bestQuality = quality;
    }
  }
  return best;
}

function mediaQuality(preferences: readonly Preference[], type: string): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  // The most specific element decides (section 12.5.1).
  for (const pattern of [type, family, '*/*']) {
    const found = preferences.find((preference) => preference.value === pattern);
    if (found !== undefined) return found.quality;
  }
  return 0;
}

/**
 * The coding to send: the one that the client likes best, the better one where it likes several
 * alike. Identity is what a server may always fall back to when nothing else is acceptable.
 */
export function negotiateCoding(acceptEncoding: string | undefined): Coding {
  if (acceptEncoding === undefined) return 'identity';
  const preferences = parsePreferences(acceptEncoding);
  const quality = (coding: string): number => codingQuality(preferences, coding);
  let best: Coding = 'identity';
  let bestQuality = 0;
  for (const coding of CODINGS) {
    const own = coding === 'gzip' ? Math.max(quality(coding), quality('x-gzip')) : quality(coding);
    if (own > bestQuality) {
      best = coding;
      bestQuality = own;
    }
  }
  return quality('identity') > bestQuality ? 'identity' : best;
}

/** Whether an Accept-Encoding field allows a coding; `identity` unless it is named with q=0. */
export function acceptsCoding(acceptEncoding: string, coding: string): boolean {
  const preferences = parsePreferences(acceptEncoding);
  if (coding !== 'identity') return codingQuality(preferences, coding) > 0;
  return preferences.find(({ value }) => value === 'identity')?.quality !== 0;
}

function codingQuality(preferences: readonly Preference[], coding: string): number {
  const named = preferences.find((preference) => preference.value === coding);
  if (named !== undefined) return named.quality;
  if (coding === 'identity') return 0;
  return preferences.find((preference) => preference.value === '*')?.quality ?? 0;
}
