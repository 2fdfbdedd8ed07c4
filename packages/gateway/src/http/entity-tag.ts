/** Entity tags of RFC 9110 section 8.8.3, and the lists of If-Match and If-None-Match. */

export interface EntityTag {
  readonly weak: boolean;
  /** With its quotes. */
  readonly opaque: string;
}

/** A list of tags, or `*` for "anything that exists". */
export type EntityTagList = '*' | readonly EntityTag[];

const TAG = /\s*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")\s*/y;

/**
 * Reads the field value of If-Match or If-None-Match.
 *
 * @returns undefined when it is not in form; the caller then treats it as matching nothing
 */
export function parseEntityTags(value: string): EntityTagList | undefined {
  if (value.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  let position = 0;
  while (position < value.length) {
    // Empty elements are allowed in lists (section 5.6.1.2).
    if (value[position] === ',' || value[position] === ' ' || value[position] === '\t') {
      position++;
      continue;
    }
    TAG.lastIndex = position;
    const found = TAG.exec(value);
    if (found === null) return undefined;
    tags.push({ weak: found[1] !== undefined, opaque: found[2] as string });
    position = TAG.lastIndex;
    if (position < value.length && value[position] !== ',') return undefined;
  }
  return tags;
}

/** Strong comparison (section 8.8.3.2): a weak tag never matches. */
export function matchesStrongly(list: EntityTagList, etag: string): boolean {
  return list === '*' || list.some((tag) => !tag.weak && tag.opaque === etag);
}

/** Weak comparison (section 8.8.3.2), for If-None-Match. `etag` is a strong tag with quotes. */
export function matchesWeakly(list: EntityTagList, etag: string): boolean {
  return list === '*' || list.some((tag) => tag.opaque === etag);
}
