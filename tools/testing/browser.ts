/**
 * A headless browser for tests of pages: Debian's Chromium, or the one that `BASALT_CHROMIUM`
 * names. Tests are skipped with a clear word where there is none.
 *
 * @example
 * test('the first page', { skip: chromiumAbsent }, async () => {
 *   const browser = await launchBrowser();
 *   await using opened = await openPage(browser, url);
 * });
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const APPS = resolve(import.meta.dirname, '..', '..', 'apps');
const CHROMIUM = process.env['BASALT_CHROMIUM'] ?? '/usr/bin/chromium';

/** Software rendering, as on a machine without a graphics card, and nothing asked but the page. */
const ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A bundler run takes seconds; a hang must end. */
const BUILD_TIMEOUT_MS = 120_000;

/** false, or why a browser test cannot run here. */
export const chromiumAbsent: string | false = existsSync(CHROMIUM)
  ? false
  : `no browser at ${CHROMIUM}: install the Debian package chromium or set BASALT_CHROMIUM`;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: [...ARGUMENTS] });
}

export interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the page and its console. */
  readonly problems: string[];
  /** Every address that was asked. */
  readonly asked: string[];
}

/** Opens an address as somebody who was never there. */
export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(address);
  return { page, problems, asked, [Symbol.asyncDispose]: () => context.close() };
}

/** Builds the page of an app where its sources changed, and gives the folder. */
export function buildPage(app: 'dashboard' | 'explorer'): string {
  runBuilder(join(APPS, app, 'tools', 'build.mjs'));
  return join(APPS, app, 'dist');
}

/** Builds the explorer's example page into a folder. */
export function buildExample(folder: string): void {
  runBuilder(join(APPS, 'explorer', 'tools', 'build-example.mjs'), folder);
}

function runBuilder(script: string, ...args: readonly string[]): void {
  const run = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    timeout: BUILD_TIMEOUT_MS,
  });
  if (run.status === 0) return;
  throw new Error(`the page could not be built: ${run.error?.message ?? run.stderr}`);
}
