import { OLDER_HEAD_REFUSED_MS } from './limits.ts';
import type { Resource } from './resource.ts';
import { type Field, fieldOf } from './stored.ts';

/** What a checkpoint or head says of its log; nothing of it is believed, only compared. */
export interface HeadClaim {
  readonly size: number;
  /** Root or head hash. */
  readonly name: string;
}

export function readHeadClaim(
  { kind }: Resource,
  fields: readonly Field[],
  body: Uint8Array,
): HeadClaim | undefined {
  if (fieldOf(fields, 'content-encoding') !== undefined) return undefined;
  const text = new TextDecoder().decode(body);
  if (kind === 'checkpoint') {
    const [, digits = '', name = ''] = text.split('\n', 3);
    return /^(0|[1-9]\d{0,15})$/.test(digits) ? { size: Number(digits), name } : undefined;
  }
  const isJson = fieldOf(fields, 'content-type')?.startsWith('application/json') === true;
  if (kind !== 'head' || !isJson) return undefined;
  try {
    const { size, hash } = JSON.parse(text) as { size?: unknown; hash?: unknown };
    const isGood = Number.isSafeInteger(size) && typeof hash === 'string';
    return isGood ? { size: size as number, name: hash } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether an offered head may take the place of the held one. An upstream behind a proxy of its own
 * may send an old one; two names for one size are a fork or a lie, which readers decide.
 *
 * @param heldForMs since the held one came
 */
export function compareHeads(
  held: HeadClaim,
  offered: HeadClaim,
  heldForMs: number,
): 'forward' | 'older' | 'two-heads' {
  // Somebody who claims a size out of the air must not keep the true ones out for ever.
  if (heldForMs >= OLDER_HEAD_REFUSED_MS) return 'forward';
  if (offered.size < held.size) return 'older';
  return offered.size === held.size && offered.name !== held.name ? 'two-heads' : 'forward';
}
