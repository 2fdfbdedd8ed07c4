import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type RunningNode, resolveConfig, startNode } from '@basalt/node';
import { noopLogger } from '@basalt/telemetry';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const DASHBOARD = resolve(import.meta.dirname, '..');

/** Debian's browser, or the one that `BASALT_CHROMIUM` names. */
const CHROMIUM = process.env['BASALT_CHROMIUM'] ?? '/usr/bin/chromium';

/** false, or why a browser test cannot run here. */
export const chromiumAbsent: string | false = existsSync(CHROMIUM)
  ? false
  : `no browser at ${CHROMIUM}: install the Debian package chromium or set BASALT_CHROMIUM`;

/** Pictures of what the tests look at; a temporary folder unless one is named. */
export const SCREENSHOTS: string =
  process.env['BASALT_SCREENSHOTS'] ?? join(tmpdir(), 'basalt-dashboard-screenshots');

export const WAIT = { timeout: 20_000 };

/** Software rendering, as on a machine without a graphics card. */
export function launchBrowser(): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

/** Builds the page where its sources changed, and gives the folder. */
export function buildPage(): string {
  const run = spawnSync(process.execPath, [join(DASHBOARD, 'tools', 'build.mjs')], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (run.status !== 0) throw new Error(`the page could not be built: ${run.stderr}`);
  return join(DASHBOARD, 'dist');
}

export interface TestNode extends AsyncDisposable {
  readonly node: RunningNode;
  readonly url: string;
}

/** A whole node with the page on a free port, its empty data folder removed at the end. */
export async function startTestNode(flags: Readonly<Record<string, unknown>>): Promise<TestNode> {
  const dashboardFolder = buildPage();
  const dataDir = mkdtempSync(join(tmpdir(), 'basalt-dashboard-'));
  const { config } = resolveConfig({
    flags: { dataDir, port: 0, verifierThreads: 0, checkpointIntervalMs: 50, ...flags },
  });
  const version = '0.0.0-test';
  const node = await startNode(config, { logger: noopLogger, version, dashboardFolder });
  return {
    node,
    url: node.info.url,
    async [Symbol.asyncDispose]() {
      await node.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the page and its console. */
  readonly problems: string[];
  /** Every address that was asked. */
  readonly asked: string[];
}

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

export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** Nothing is wider than the screen. */
export async function assertNoSideways(page: Page): Promise<void> {
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }));
  assert.ok(content <= screen, `${page.url()} is ${content} wide on a screen of ${screen}`);
}

/** Runs axe-core in the page. Its code is given to the engine, past the page's own policy. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>(
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => {
      const [first] = nodes;
      return `${id}: ${nodes.length} of ${first?.html} ${first?.failureSummary}`;
    });
}

export function textOf(page: Page, selector: string): Promise<string> {
  return page.locator(selector).first().innerText(WAIT);
}
