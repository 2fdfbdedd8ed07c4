import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningNode, resolveConfig, startNode } from '@basalt/node';
import { noopLogger } from '@basalt/telemetry';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { buildPage } from '../../../tools/testing/browser.ts';

/** Pictures of what the tests look at; a temporary folder unless one is named. */
export const SCREENSHOTS: string =
  process.env['BASALT_SCREENSHOTS'] ?? join(tmpdir(), 'basalt-dashboard-screenshots');

export const WAIT = { timeout: 20_000 };

export interface TestNode extends AsyncDisposable {
  readonly node: RunningNode;
  readonly url: string;
}

/** A whole node with the page on a free port, its empty data folder removed at the end. */
export async function startTestNode(flags: Readonly<Record<string, unknown>>): Promise<TestNode> {
  const dashboardFolder = buildPage('dashboard');
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
