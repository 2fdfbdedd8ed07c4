import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A built page of this checkout; undefined where it was not built. */
export function findPage(name: 'explorer' | 'dashboard'): string | undefined {
  for (const built of ['build', 'dist']) {
    const folder = fileURLToPath(new URL(`../../${name}/${built}/`, import.meta.url));
    if (existsSync(`${folder}index.html`)) return folder;
  }
  return undefined;
}
