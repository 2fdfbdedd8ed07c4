/** Field names whose values are nobody's business; those of the logger are among them. */
const SECRET_WORDS =
  /secret|phrase|passw|token|authorization|cookie|credential|(api|private)[_-]?key|seed|mnemonic/i;

type Replacement = readonly [RegExp, string | ((text: string) => string)];

/** What may be a key: long, and of all kinds of characters. Paths and words seldom are. */
function withholdMixed(text: string): string {
  const isMixed = /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text);
  return isMixed ? `<${text.length} characters withheld>` : text;
}

/** In any place of a name (`access_token`, `API_KEY_2`); bounded, as is the time it takes. */
const ONE_WORD =
  '(?:token|secret|passw|pwd|credential|seed|(?:api|private)[_-]?key)[\\w-]{0,64}|key';
/** Names of what has spaces in it. */
const MANY_WORDS = '(?:phrase|mnemonic|authorization|cookie)[\\w-]{0,64}';
/** Between a name and its value, also of JSON within JSON and of an address within another one. */
const IS = `\\\\*["']?\\s*(?:=>|[=:]|%3[ad])\\s*`;

const REPLACEMENTS: readonly Replacement[] = [
  [/-----BEGIN [A-Z ]+-----[^]*?(?:-----END [A-Z ]+-----|$)/g, '<PEM withheld>'],
  [/PRIVATE\+KEY\+\S+/g, '<private key withheld>'],
  [/\b(Bearer|Basic)\s+[^\s"',]+/gi, '$1 <withheld>'],
  // To the last @ of the authority: a password may have one.
  [/:\/\/[^/\s"]*@/g, '://<withheld>@'],
  // `"passphrase": "correct \"horse"`, with all of its words; without its end all that follows.
  [
    new RegExp(`(${ONE_WORD}|${MANY_WORDS})(${IS})(\\\\*["'])[^]*?(?:(?<!\\\\)\\3|$)`, 'gi'),
    '$1$2$3<withheld>$3',
  ],
  [new RegExp(`(${ONE_WORD}s?|${MANY_WORDS})(${IS})\\[[^\\]]*\\]?`, 'gi'), '$1$2[<withheld>]'],
  [new RegExp(`(${MANY_WORDS})(${IS})(?!\\\\*["'])[^\\n]+`, 'gi'), '$1$2<withheld>'],
  [new RegExp(`(${ONE_WORD})(${IS}\\\\*["']?)[^\\s"'&]+`, 'gi'), '$1$2<withheld>'],
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

/** Home folders tell who somebody is. */
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
    if (Array.isArray(value)) return value.map((item) => clean(name, item));
    return isFields(value) ? redactFields(value, home) : value;
  };
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, clean(name, value)]),
  );
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
