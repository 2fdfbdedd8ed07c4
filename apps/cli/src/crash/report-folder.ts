import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reports that are kept: a node that is started again and again must not fill its disk. */
const REPORTS_MAX = 10;

/**
 * A folder for reports in one that other users write to as well. Whoever comes first has a name
 * there: what is no real folder of ours alone is left as it is, and another name is taken.
 *
 * @param user number of the user; undefined on systems without such numbers
 */
export function privateFolderIn(parent: string, user: number | undefined): string {
  const path = join(parent, user === undefined ? 'basalt-crashes' : `basalt-crashes-${user}`);
  try {
    mkdirSync(path, { mode: 0o700 });
    return path;
  } catch {
    return isOurs(path, user) ? path : mkdtempSync(`${path}-`);
  }
}

/** Not by what a link leads to: a link is none. */
function isOurs(path: string, user: number | undefined): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return false;
  return user === undefined || (stat.uid === user && (stat.mode & 0o777) === 0o700);
}

/** Writes a report that only its owner reads. @returns its path */
export function storeReport(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  try {
    removeOld(folder);
  } catch {
    // The report is written; that old ones stay too is the smaller evil.
  }
  return path;
}

function removeOld(folder: string): void {
  const reports = readdirSync(folder).filter((name) => /^crash-.*\.json$/.test(name));
  // Their names begin with the time.
  for (const name of reports.sort().slice(0, -REPORTS_MAX)) rmSync(join(folder, name));
}
