import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The built explorer page of this checkout; undefined where it was not built. */
export function findExplorer(): string | undefined {
  for (const name of ['build', 'dist']) {
    const folder = fileURLToPath(new URL(`../../explorer/${name}/`, import.meta.url));
    if (existsSync(`${folder}index.html`)) return folder;
  }
  return undefined;
}
