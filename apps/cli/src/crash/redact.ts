/** Field names whose values are nobody's business; the same words as the logger's. */
const SECRET_WORDS = /secret|passphrase|password|token|authorization|privatekey|seed|mnemonic/i;

type Replacement = readonly [RegExp, string | ((text: string) => string)];

/** What may be a key: long, and of all kinds of characters. Paths and words seldom are. */
function withholdMixed(text: string): string {
  const isMixed = /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text);
  return isMixed ? `<${text.length} characters withheld>` : text;
}

/** `"passphrase": "correct horse"`, with all of its words. */
const NAMED_QUOTED =
  /\b(token|secret|passw\w*|passphrase|mnemonic|seed|key)(["']?\s*[=:]\s*)(["'])[^]*?\3/gi;

const REPLACEMENTS: readonly Replacement[] = [
  [/-----BEGIN [A-Z ]+-----[^]*?(?:-----END [A-Z ]+-----|$)/g, '<PEM withheld>'],
  [/PRIVATE\+KEY\+\S+/g, '<private key withheld>'],
  [/\b(Bearer|Basic)\s+[^\s"',]+/gi, '$1 <withheld>'],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s"'@]+@/gi, '$1<withheld>@'],
  [NAMED_QUOTED, '$1$2$3<withheld>$3'],
  [/\b(passphrase|mnemonic)(\s*[=:]\s*)(?!["'])[^\n]+/gi, '$1$2<withheld>'],
  [/\b(token|secret|passw\w*|seed|key)(["']?\s*[=:]\s*["']?)[^\s"',}&]+/gi, '$1$2<withheld>'],
  [/\b(?:0x)?[0-9a-f]{64,}\b/gi, (text) => `<${text.length} hex digits withheld>`],
  [/[A-Za-z0-9+/_-]{20,}={1,2}/g, (text) => `<${text.length} characters withheld>`],
  [/[A-Za-z0-9+/_-]{40,}/g, withholdMixed],
];

/** Text of an error or a log line without what looks like a key, a token or a home folder. */
export function redactText(text: string, home: string): string {
  let clean = text;
  for (const [pattern, replacement] of REPLACEMENTS) {
    clean =
      typeof replacement === 'string'
        ? clean.replace(pattern, replacement)
        : clean.replace(pattern, replacement);
  }
  return redactHome(clean, home);
}

/** Home folders tell who somebody is; of a stack nothing else is taken out. */
export function redactHome(text: string, home: string): string {
  const own = home.length > 1 ? text.replaceAll(home, '~') : text;
  return own
    .replace(/(\/home\/|\/Users\/|\\Users\\)[^/\\\s"':]+/g, '~')
    .replace(/\/root(?=[/"'\s]|$)/g, '~');
}

/** Values of settings; a name that smells of a secret keeps its own. */
export function redactFields(
  fields: Readonly<Record<string, unknown>>,
  home: string,
): Record<string, unknown> {
  const clean = (name: string, value: unknown): unknown => {
    if (SECRET_WORDS.test(name) && !name.endsWith('File')) return '<withheld>';
    if (typeof value === 'string') return redactText(value, home);
    return Array.isArray(value) ? value.map((item) => clean(name, item)) : value;
  };
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, clean(name, value)]),
  );
}
