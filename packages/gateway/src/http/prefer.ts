/** The Prefer field, RFC 7240, as far as the gateway honours it. */

/**
 * How long a submission waits: `respond-async` is RFC 7240's own, the other two are ours and are
 * registered in no list, which section 2 allows.
 */
export type WaitPreference = 'respond-async' | 'durable' | 'wait-checkpoint';

const KNOWN: readonly string[] = ['respond-async', 'durable', 'wait-checkpoint'];

/**
 * The first preference that we know. Names are compared without case, values and parameters of
 * these preferences have no meaning; anything else is ignored, as section 2 says.
 */
export function parsePrefer(value: string | undefined): WaitPreference | undefined {
  if (value === undefined) return undefined;
  for (const part of splitOutsideQuotes(value)) {
    const name = (part.split(/[=;]/, 1)[0] as string).trim().toLowerCase();
    if (KNOWN.includes(name)) return name as WaitPreference;
  }
  return undefined;
}

/** A comma inside a quoted string does not end a preference. */
function splitOutsideQuotes(value: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let part = '';
  for (let i = 0; i < value.length; i++) {
    const character = value[i] as string;
    if (quoted && character === '\\') part += character + (value[++i] ?? '');
    else if (character === ',' && !quoted) {
      parts.push(part);
      part = '';
    } else {
      if (character === '"') quoted = !quoted;
      part += character;
    }
  }
  parts.push(part);
  return parts;
}
