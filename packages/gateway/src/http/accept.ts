/** Content negotiation: Accept and Accept-Encoding (RFC 9110 sections 12.5.1 and 12.5.3). */

export type Coding = 'identity' | 'gzip' | 'zstd';

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
 * The coding to send: the better of zstd and gzip where the client takes it, else identity.
 * Identity is what a server may always fall back to when nothing else is acceptable.
 */
export function negotiateCoding(acceptEncoding: string | undefined): Coding {
  if (acceptEncoding === undefined) return 'identity';
  const preferences = parsePreferences(acceptEncoding);
  const quality = (coding: string): number => codingQuality(preferences, coding);
  const zstd = quality('zstd');
  const gzip = Math.max(quality('gzip'), quality('x-gzip'));
  const best = Math.max(zstd, gzip);
  if (best === 0 || quality('identity') > best) return 'identity';
  return zstd >= gzip ? 'zstd' : 'gzip';
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
