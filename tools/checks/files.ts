/** What the checkers read: the repository as a list of text files, and the findings they give. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export interface SourceFile {
  /** Relative to the repository, with `/` on every system. */
  readonly path: string;
  readonly text: string;
}

export interface Finding {
  readonly path: string;
  /** 1-based; absent where the finding is about the file as a whole. */
  readonly line?: number;
  /** What was found, what is expected, what to do. */
  readonly message: string;
}

export const REPOSITORY: string = resolve(import.meta.dirname, '..', '..');

/** Installed, built or binary: not written by hand, so not ours to check. */
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  'node_modules',
  '.git',
  '.types',
  '.installing',
  'build',
  'dist',
  'coverage',
]);
const TEXT_FILE =
  /(\.(ts|tsx|mjs|js|css|html|json|md|sh|txt|yml|yaml)|\/run|\.npmrc|\.gitignore|\.editorconfig)$/;
/** Data made by others or by tests: bytes matter there, style does not. */
const DATA_FILE = /\/(vectors|fixtures|testdata)\//;

/** Reads every text file of the checkout below `root`, in path order. */
export function readRepository(root: string = REPOSITORY): SourceFile[] {
  return listFiles(root)
    .map((file) => relative(root, file).replaceAll('\\', '/'))
    .filter((path) => TEXT_FILE.test(`/${path}`) && !DATA_FILE.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

/** One finding as people and editors read it: `path:line: message`. */
export function formatFinding({ path, line, message }: Finding): string {
  return `${path}${line === undefined ? '' : `:${line}`}: ${message}`;
}
