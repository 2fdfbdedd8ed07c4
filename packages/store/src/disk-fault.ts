/** Of a file system that does not know its free space. */
const UNTOLD_CODES: ReadonlySet<string> = new Set(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

/**
 * What it means that `statfs` threw.
 *
 * @returns the code of the fault, `unknown` where it has none; undefined: the file system is there
 *   and does not tell its free space
 */
export function diskFault(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return UNTOLD_CODES.has(code) ? undefined : code;
}
