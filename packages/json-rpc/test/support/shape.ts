/** Comparing answers with stored ones: by value, or by shape where only that is asked. */

/** Fields that an implementation may have or leave out, with the reason. */
const OPTIONAL: ReadonlySet<string> = new Set([
  // eth_capabilities: only where something is deleted.
  'deleteStrategy',
  // Struct logs: only where there is something to show.
  'memory',
  'storage',
  'returnData',
  'refund',
  'error',
]);

/** Differences in words, at most `max`; none: they are equal. */
export function differences(found: unknown, expected: unknown, max: number = 8): string[] {
  const words: string[] = [];
  compare(found, expected, '', words, max);
  return words;
}

function compare(
  found: unknown,
  expected: unknown,
  at: string,
  words: string[],
  max: number,
): void {
  if (words.length >= max || found === expected) return;
  if (isRecord(found) && isRecord(expected)) {
    const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
    for (const name of names) compare(found[name], expected[name], `${at}.${name}`, words, max);
    return;
  }
  if (Array.isArray(found) && Array.isArray(expected)) {
    if (found.length !== expected.length) {
      words.push(`${at}: ${found.length} items, expected ${expected.length}`);
      return;
    }
    for (const [index, each] of found.entries()) {
      compare(each, expected[index], `${at}[${index}]`, words, max);
    }
    return;
  }
  words.push(`${at}: ${cut(found)}, expected ${cut(expected)}`);
}

/**
 * Differences of shape: names of fields and types of values, all the way down. Items of a list, and
 * fields of an object whose names are data, are compared with those expected that fit best.
 */
export function shapeDifferences(found: unknown, expected: unknown, at: string = ''): string[] {
  if (kindOf(found) !== kindOf(expected)) {
    return [`${at}: ${kindOf(found)}, expected ${kindOf(expected)}`];
  }
  if (Array.isArray(found) && Array.isArray(expected)) {
    const [first] = expected;
    if (first === undefined) return [];
    return found.slice(0, 20).flatMap((each, i) => shapeDifferences(each, first, `${at}[${i}]`));
  }
  if (!isRecord(found) || !isRecord(expected)) return [];
  if (Object.keys(expected).some(isDataKey)) {
    const forms = Object.values(expected);
    return Object.entries(found).flatMap(([name, each]) =>
      isDataKey(name) ? closest(each, forms, `${at}.*`) : [`${at}.${name}: not data`],
    );
  }
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  return [...names].flatMap((name) => {
    const has = Object.hasOwn(found, name) && Object.hasOwn(expected, name);
    if (has) return shapeDifferences(found[name], expected[name], `${at}.${name}`);
    if (OPTIONAL.has(name)) return [];
    return [`${at}.${name}: ${Object.hasOwn(found, name) ? 'too much' : 'missing'}`];
  });
}

/** Against the form that fits best: transactions of several types stand side by side. */
function closest(found: unknown, forms: readonly unknown[], at: string): string[] {
  const all = forms.map((form) => shapeDifferences(found, form, at));
  return all.sort((one, other) => one.length - other.length)[0] ?? [];
}

/** Addresses, slots and nonces name things; everything else is a field. */
function isDataKey(name: string): boolean {
  return /^(?:0x[0-9a-fA-F]{40}|0x[0-9a-fA-F]{64}|\d+)$/.test(name);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string' && /^0x[0-9a-fA-F]*$/.test(value)) return 'hexadecimal';
  return typeof value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function cut(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 90 ? `${text.slice(0, 90)}...` : text;
}
