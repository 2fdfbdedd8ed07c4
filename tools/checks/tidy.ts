/**
 * House limits that neither the linter nor the formatter knows: file length, line width, words that
 * do not belong in a finished file, the docblock of a package, the completeness of the lock file.
 * (Function length is the linter's: `max-lines-per-function` in .oxlintrc.json.)
 *
 * A file that is too long today may be named in tools/checks/tidy-ratchet.json with its length. The
 * number may only go down: a longer file fails, a shorter one asks for the smaller number.
 */
import { missingEntries } from '../complete-lock.ts';
import type { Finding, SourceFile } from './files.ts';

/** Two screens and a half; what the well-kept codebases we measured stay below at their 90th %. */
const FILE_LINES_MAX = 500;
/** Two files side by side on one screen. */
const LINE_COLUMNS_MAX = 100;

/** Path to allowed line count. */
export type Ratchet = Readonly<Record<string, number>>;

const CODE = /\.(ts|tsx|mjs|css)$/;
const TEST = /\.test\.ts$/;
const PACKAGE_INDEX = /^packages\/[^/]+\/src\/index\.ts$/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;

interface BannedWord {
  readonly pattern: RegExp;
  readonly message: string;
  readonly applies: (path: string) => boolean;
}

const isCode = (path: string): boolean => CODE.test(path);

// The patterns are put together from parts so that this file passes its own rules.
const BANNED_WORDS: readonly BannedWord[] = [
  {
    pattern: new RegExp(
      `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`,
    ),
    message: 'unfinished work is an issue, not a comment: finish it or open one',
    applies: isCode,
  },
  {
    pattern: new RegExp(`^export ${'\\*'}`),
    message: 'a star export hides what is public: name each export',
    applies: isCode,
  },
  {
    pattern: new RegExp(`\\b(test|it|describe|suite)\\.${'only'}\\(|\\b${'only'}: true`),
    message: 'an "only" left in a test file turns the others off: remove it',
    applies: (path) => TEST.test(path),
  },
  {
    pattern: new RegExp(
      `\\b(${[
        'registry\\.npm',
        'npm' + 'js\\.(org|com)',
        'yarn' + 'pkg\\.com',
        'un' + 'pkg\\.com',
        'js' + 'delivr\\.net',
        'sky' + 'pack\\.dev',
        'esm' + '\\.sh',
        'py' + 'pi\\.org',
        'crates' + '\\.io',
        'deb\\.' + 'debian\\.org',
      ].join('|')})`,
    ),
    message: 'a package host by name: which mirror to ask is the machine’s affair, not ours',
    applies: () => true,
  },
];

/** All findings in the given files, in the order of the files. */
export function checkTidy(files: readonly SourceFile[], ratchet: Ratchet = {}): Finding[] {
  return [
    ...files.flatMap((file) => [
      ...checkLength(file, ratchet),
      ...checkLines(file),
      ...checkName(file),
      ...checkDocblock(file),
      ...checkLockFile(file),
    ]),
    ...checkRatchet(files, ratchet),
  ];
}

function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function checkLength({ path, text }: SourceFile, ratchet: Ratchet): Finding[] {
  if (!isCode(path)) return [];
  const lines = countLines(text);
  const allowed = ratchet[path] ?? FILE_LINES_MAX;
  if (lines <= allowed) return [];
  return [{ path, message: `${lines} lines, at most ${allowed}: split it along its concepts` }];
}

function checkRatchet(files: readonly SourceFile[], ratchet: Ratchet): Finding[] {
  const ratchetPath = 'tools/checks/tidy-ratchet.json';
  const byPath = new Map(files.map((file) => [file.path, file]));
  return Object.entries(ratchet).flatMap(([path, allowed]) => {
    const file = byPath.get(path);
    if (file === undefined) return [{ path: ratchetPath, message: `${path} is gone: drop it` }];
    const lines = countLines(file.text);
    if (lines <= FILE_LINES_MAX) {
      return [{ path: ratchetPath, message: `${path} fits (${lines} lines): drop it` }];
    }
    if (lines < allowed) {
      return [{ path: ratchetPath, message: `${path} shrank from ${allowed}: write ${lines}` }];
    }
    return [];
  });
}

function checkLines({ path, text }: SourceFile): Finding[] {
  const words = BANNED_WORDS.filter(({ applies }) => applies(path));
  return text.split('\n').flatMap((content, index) => {
    const line = index + 1;
    const findings: Finding[] = words
      .filter(({ pattern }) => pattern.test(content))
      .map(({ message }) => ({ path, line, message }));
    // An address cannot be broken without breaking it.
    if (isCode(path) && content.length > LINE_COLUMNS_MAX && !/https?:\/\//.test(content)) {
      const message = `${content.length} columns, at most ${LINE_COLUMNS_MAX}: break the line`;
      findings.push({ path, line, message });
    }
    return findings;
  });
}

function checkName({ path }: SourceFile): Finding[] {
  if (!isCode(path)) return [];
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (KEBAB_CASE.test(name)) return [];
  return [{ path, message: 'file names are in lower-case words joined by hyphens: rename it' }];
}

function checkDocblock({ path, text }: SourceFile): Finding[] {
  if (!PACKAGE_INDEX.test(path)) return [];
  const docblock = /^\/\*\*[\s\S]*?\*\//.exec(text);
  if (docblock !== null && docblock[0].split('\n').length >= 5) return [];
  const message =
    'the package does not announce itself: begin with a docblock that says what it is, which ' +
    'specification, its invariants, a runnable example, its limits';
  return [{ path, line: 1, message }];
}

function checkLockFile({ path, text }: SourceFile): Finding[] {
  if (path !== 'package-lock.json') return [];
  const findings: Finding[] = [];
  if (/"resolved": "[a-z+]+:/.test(text)) {
    const message = 'names addresses: install with the .npmrc of this repository';
    findings.push({ path, message });
  }
  const missing = missingEntries(JSON.parse(text).packages);
  if (missing.size > 0) {
    const message = `${missing.size} platform packages are absent: run "npm run lock"`;
    findings.push({ path, message });
  }
  return findings;
}
