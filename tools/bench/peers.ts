import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'peers');
const STAMP = join(FOLDER, 'node_modules', '.installed');
const INSTALL_TIMEOUT_MS = 5 * 60_000;

/**
 * Loads a library that a bench measures against. The peers have a lock file of their own and are
 * installed when first asked for, so that people who only start or test never wait for them.
 *
 * @throws {Error} when the install fails
 */
export function loadPeer(name: string): unknown {
  const lock = readFileSync(join(FOLDER, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).digest('hex');
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== wanted) {
    console.error('bench: installing the peers (once, about 200 MB) ...');
    // npm under an older Node leaves out packages that ask for a newer one, without a word.
    const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
    const result = spawnSync(
      'npm',
      ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cwd: FOLDER,
        env: { ...process.env, PATH: path },
        stdio: ['ignore', 'inherit', 'inherit'],
        timeout: INSTALL_TIMEOUT_MS,
      },
    );
    if (result.status !== 0) throw new Error('the peers could not be installed');
    writeFileSync(STAMP, wanted);
  }
  return createRequire(join(FOLDER, 'package.json'))(name);
}

/** Where the peers are, for one that is a program and not a module. */
export function peerFolder(): string {
  return FOLDER;
}
