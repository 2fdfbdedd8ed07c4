import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the command line keeps what belongs to the person: keys, journals, trusted log keys. */
export interface Home {
  readonly folder: string;
  readonly keys: string;
  readonly journals: string;
  readonly trust: string;
}

/**
 * BASALT_HOME, else `basalt` in the person's configuration folder. Folders are made when needed.
 */
export function openHome(environment: Readonly<Record<string, string | undefined>>): Home {
  const configured = environment['BASALT_HOME'];
  const xdg = environment['XDG_CONFIG_HOME'];
  const base = xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.config');
  const folder = configured !== undefined && configured !== '' ? configured : join(base, 'basalt');
  return {
    folder,
    keys: join(folder, 'keys'),
    journals: join(folder, 'journals'),
    trust: join(folder, 'trust'),
  };
}

/** Only the person may look into it. */
export function ensureFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}
