import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { IMMUTABLE } from './cache-control.ts';
import { digestOf } from './http/digest.ts';
import { Representation } from './http/representation.ts';
import { PAGE_FIELDS } from './http/security-fields.ts';
import { STATIC_BYTES_MAX, STATIC_FILES_MAX } from './limits.ts';
import type { GatewaySettings } from './options.ts';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  jpg: 'image/jpeg',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  mjs: 'text/javascript; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
  webmanifest: 'application/manifest+json',
  webp: 'image/webp',
  woff2: 'font/woff2',
};

/** Types that are packed already. */
const DENSE = /^(?:image\/(?!svg)|font\/)/;

/** Where the dashboard is; its own files are named relative to this. */
export const DASHBOARD_PREFIX = '/dashboard/';

/** Whether a request asks for the dashboard; a slash at the end is no form that data has. */
export function isDashboard(target: string | undefined): boolean {
  return target === DASHBOARD_PREFIX || target?.startsWith(`${DASHBOARD_PREFIX}?`) === true;
}

/** The bundler puts a hash of the content into these names. */
const HASHED_NAME = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/**
 * The files of a node's pages by path.
 *
 * @throws Error as `loadStaticFiles`
 */
export function loadPages(
  settings: Pick<GatewaySettings, 'explorerFolder' | 'dashboardFolder'>,
): ReadonlyMap<string, Representation> {
  const { explorerFolder, dashboardFolder } = settings;
  return new Map([
    ...(explorerFolder === undefined ? [] : loadStaticFiles(explorerFolder)),
    ...(dashboardFolder === undefined ? [] : loadStaticFiles(dashboardFolder, DASHBOARD_PREFIX)),
  ]);
}

/**
 * Reads a folder once, so that no request ever touches the file system. Paths are the keys, below
 * `prefix`; `index.html` answers at its folder's path.
 *
 * @param prefix begins and ends with `/`
 * @throws Error when the folder is not there, or holds more than 256 files or 16 MiB
 */
export function loadStaticFiles(folder: string, prefix = '/'): ReadonlyMap<string, Representation> {
  const root = realpathSync(folder);
  const files = new Map<string, Representation>();
  let bytes = 0;
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // Links could lead out of the folder.
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    bytes += statSync(path).size;
    if (files.size >= STATIC_FILES_MAX || bytes > STATIC_BYTES_MAX) {
      throw new Error(`expected at most ${STATIC_FILES_MAX} files and 16 MiB in ${folder}`);
    }
    const target = prefix + relative(root, path).split(sep).map(encodeURIComponent).join('/');
    const representation = fileRepresentation(target, readFileSync(path));
    files.set(target.replace(/(?:^|(?<=\/))index\.html$/, ''), representation);
  }
  return files;
}

function fileRepresentation(target: string, body: Buffer): Representation {
  const extension = target.slice(target.lastIndexOf('.') + 1).toLowerCase();
  const mediaType = TYPES[extension] ?? 'application/octet-stream';
  const digest = digestOf(body);
  return new Representation({
    body,
    mediaType,
    tag: digest.slice('sha-256=:'.length, -1),
    // Other names are asked for again each time; the entity tag makes that a 304.
    cacheControl: HASHED_NAME.test(target) ? IMMUTABLE : 'no-cache',
    compress: !DENSE.test(mediaType),
    // Once for all visitors: a tenth smaller than usual, some 50 ms for zstd, 200 ms for br.
    smallest: true,
    security: PAGE_FIELDS,
  });
}
