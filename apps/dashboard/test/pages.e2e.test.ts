import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { NodeStatus } from '@basalt/telemetry';
import type { Browser, Page } from 'playwright-core';
import {
  buildPage,
  chromiumAbsent,
  launchBrowser,
  openPage,
} from '../../../tools/testing/browser.ts';
import {
  formatBytes,
  formatCount,
  formatNumber,
  formatSeconds,
  formatTime,
} from '../src/format.ts';
import { PAGES } from '../src/routes.ts';
import {
  assertNoSideways,
  keepPicture,
  seriousFindings,
  startTestNode,
  type TestNode,
  textOf,
  WAIT,
} from './browser.ts';
import { type FakeNode, startFakeNode } from './fake-node.ts';
import { alertsAt, historyOf, networkOf, statusAt, tunablesAt } from './fixture.ts';

/**
 * Each page in a real browser, served by a real node; what the node tells of itself is made up, so
 * that every value is known. `BASALT_SCREENSHOTS` says where pictures go.
 */

const OPTIONS = { skip: chromiumAbsent };
const NOW = Date.now();
const STATUS = statusAt(NOW);

let running: TestNode;
let fake: FakeNode;
let browser: Browser;
let speaking: NodeJS.Timeout;

before(async () => {
  if (chromiumAbsent !== false) return;
  running = await startTestNode({ hostReadings: true, hostReadingsIntervalMs: 500 });
  fake = await startFakeNode(running.url);
  fake.answers.set('/status', STATUS);
  fake.answers.set('/status/history', historyOf(NOW - 1_000));
  fake.answers.set('/status/network', networkOf(60, 5));
  fake.answers.set('/control', tunablesAt(NOW));
  fake.answers.set('/alerts', alertsAt(NOW));
  // The same each second: a node that speaks, with values that a test can name.
  speaking = setInterval(() => fake.push(STATUS), 1_000);
  browser = await launchBrowser();
});

after(async () => {
  clearInterval(speaking);
  await browser?.close();
  await fake?.[Symbol.asyncDispose]();
  await running?.[Symbol.asyncDispose]();
});

const address = (page: string): string => `${fake.url}/dashboard/#/${page}`;

test('the overview shows what the node says, and draws it', OPTIONS, async () => {
  await using opened = await openPage(browser, address(''));
  const { page, problems, asked } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  assert.equal(await textOf(page, '.health-word'), 'The node is in good health.');
  const { now, totals } = STATUS;
  const shown = async (chart: string): Promise<string[]> =>
    page.locator(`[data-chart="${chart}"] .chart-value b`).allInnerTexts();
  assert.deepEqual(await shown('Blocks'), [formatNumber(now.blocksPerSecond)]);
  assert.deepEqual(await shown('Requests'), [formatNumber(now.requestsPerSecond)]);
  assert.deepEqual(await shown('Transactions'), [formatNumber(now.transactionsPerSecond)]);
  assert.deepEqual(await shown('Finality'), [
    formatSeconds(now.finalityP50Seconds),
    formatSeconds(now.finalityP99Seconds),
  ]);
  assert.deepEqual(await shown('Latency'), [
    formatSeconds(now.requestP50Seconds),
    formatSeconds(now.requestP99Seconds),
  ]);
  assert.deepEqual(await shown('Memory'), [formatBytes(now.memoryBytes)]);
  const facts = await factsOf(page);
  assert.equal(facts.get('Blocks'), formatCount(totals.blocks));
  assert.equal(facts.get('Namespaces'), formatCount(totals.namespaces));
  assert.equal(facts.get('On disk'), formatBytes(totals.storeBytes));
  assert.equal(facts.get('Peers'), formatCount(totals.peers));
  assert.equal(facts.get('Roles'), STATUS.roles.join(', '));
  assert.equal(facts.get('Name in checkpoints'), STATUS.origin);
  const weights = STATUS.shards.hot.slice(0, 6).map(({ weight }) => formatNumber(weight));
  assert.deepEqual(await page.locator('.top-list .number').allInnerTexts(), weights);
  await assertDrawn(page, '[data-chart="Blocks"] canvas');
  const words = await page.locator('[data-chart="Finality"] [role=img]').getAttribute('aria-label');
  assert.match(words ?? '', /^Finality, .* ten minutes\. p50: now 1\d\d ms, least .*\. p99: now /);
  await keepPicture(page, 'overview');
  for (const one of asked) assert.ok(one.startsWith(fake.url), `asked ${one}`);
  assert.deepEqual(problems, []);
});

test('numbers that change move nothing', OPTIONS, async () => {
  await using opened = await openPage(browser, address(''));
  const { page } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  await page.evaluate(() => {
    const moved: string[] = [];
    Object.assign(globalThis, { moved });
    interface Shift {
      readonly sources: readonly {
        readonly node: Node | null;
        readonly previousRect: DOMRectReadOnly;
        readonly currentRect: DOMRectReadOnly;
      }[];
    }
    new PerformanceObserver((list) => {
      for (const { sources } of list.getEntries() as unknown as Shift[]) {
        for (const { node, previousRect, currentRect } of sources) {
          // Digits that are aligned to the right move within their box; boxes do not.
          const isStill = JSON.stringify(previousRect) === JSON.stringify(currentRect);
          if (!isStill) moved.push(node?.textContent ?? '');
        }
      }
    }).observe({ type: 'layout-shift', buffered: false });
  });
  const now = { ...STATUS.now, blocksPerSecond: 9, finalityP99Seconds: 0.0009, queueBlocks: 1 };
  fake.push({ ...STATUS, now: { ...now, atMs: NOW + 1_000 } });
  await page.locator('[data-chart="Blocks"] b', { hasText: /^9$/ }).waitFor(WAIT);
  const large = { ...now, blocksPerSecond: 88_888, finalityP99Seconds: 0.888, queueBlocks: 8_888 };
  fake.push({ ...STATUS, now: { ...large, atMs: NOW + 2_000 } });
  await page.locator('[data-chart="Blocks"] b', { hasText: '88,888' }).waitFor(WAIT);
  const moved = await page.evaluate(() => (globalThis as { moved?: string[] }).moved);
  assert.deepEqual(moved, []);
});

test('what is wrong is said first, in words', OPTIONS, async () => {
  const disk = { name: 'disk', state: 'failing', words: '0.1 GiB free: make room now.' } as const;
  const health = {
    isReady: false,
    state: 'failing',
    checks: [...STATUS.health.checks.filter(({ name }) => name !== 'disk'), disk],
  } as const;
  const sick: NodeStatus = { ...STATUS, health };
  clearInterval(speaking);
  speaking = setInterval(() => fake.push(sick), 500);
  try {
    await using opened = await openPage(browser, address(''));
    const { page, problems } = opened;
    await page.locator('.health.is-failing').waitFor(WAIT);
    assert.equal(await textOf(page, '.health-word'), 'The node needs help.');
    const first = await textOf(page, '.checks li');
    assert.match(first, /failing[\s\S]*disk[\s\S]*make room now/);
    await keepPicture(page, 'overview-failing');
    assert.deepEqual(problems, []);
  } finally {
    clearInterval(speaking);
    speaking = setInterval(() => fake.push(STATUS), 1_000);
  }
});

test('shards: load and flow', OPTIONS, async () => {
  await using opened = await openPage(browser, address('shards'));
  const { page, problems } = opened;
  await page.locator('.flow').waitFor(WAIT);
  const { hot, flow } = STATUS.shards;
  assert.deepEqual(
    await page.locator('.top-list .number').allInnerTexts(),
    hot.map(({ weight }) => formatNumber(weight)),
  );
  const cells = await page.locator('.flow tbody td').allInnerTexts();
  const told = flow.counts.flat().map((count) => (count === 0 ? '' : formatNumber(count)));
  assert.deepEqual(cells, told);
  assert.deepEqual(await page.locator('.flow tbody th').allInnerTexts(), flow.labels);
  const most = flow.counts.flat().indexOf(1_250);
  assert.match((await page.locator('.flow tbody td').nth(most).getAttribute('class')) ?? '', /8$/);
  await keepPicture(page, 'shards');
  assert.deepEqual(problems, []);
});

test('execution: figures and heat; a node without a chain says so', OPTIONS, async () => {
  await using opened = await openPage(browser, address('execution'));
  const { page, problems } = opened;
  await page.locator('.heat').first().waitFor(WAIT);
  const { execution } = STATUS;
  assert.ok(execution !== null);
  const facts = await factsOf(page);
  assert.equal(facts.get('Chain id'), String(execution.chainId));
  assert.equal(facts.get('Height'), formatCount(execution.height));
  assert.equal(facts.get('Conflicts'), formatCount(execution.conflicts));
  assert.equal(facts.get('Gas per second'), formatNumber(execution.gasPerSecond));
  assert.equal(facts.get('Blocks in parallel'), formatCount(execution.blocksParallel));
  assert.equal(facts.get('Blocks one by one'), formatCount(execution.blocksSequential));
  assert.equal(facts.get('Executions per transaction'), '1.13');
  const tiles = await page.locator('.heat b').allInnerTexts();
  // Cells stand with their contract, in the order in which these come.
  const groups = Map.groupBy(execution.hotCells, ({ key }) =>
    key.endsWith('account') ? 'accounts' : key.split(' ')[0],
  );
  const cells = [...groups.values()].flat();
  const told = [...execution.hotContracts, ...(execution.hotWrites ?? []), ...cells];
  assert.deepEqual(
    tiles,
    told.map(({ weight }) => formatNumber(weight)),
  );
  const names = await page
    .locator('.hot-contract', { has: page.locator('h3[title$="ec0"]') })
    .locator('li .mono')
    .allInnerTexts();
  assert.deepEqual(names.slice(0, 3), ['0x3', '0x6', '0x9']);
  const written = page.getByRole('region', { name: 'Most written' });
  assert.deepEqual(await written.locator('li .mono').allInnerTexts(), [
    '0xa7..',
    '0xababab…abab',
    '0x5',
  ]);
  await keepPicture(page, 'execution');
  fake.push({ ...STATUS, execution: null });
  await page.getByText('This node runs no chain').waitFor(WAIT);
  assert.deepEqual(problems, []);
});

test('control: value, bounds, mode, reasons with their time', OPTIONS, async () => {
  await using opened = await openPage(browser, address('control'));
  const { page, problems } = opened;
  for (const tunable of tunablesAt(NOW)) {
    const card = page.locator(`[data-tunable="${tunable.name}"]`);
    await card.waitFor(WAIT);
    const text = await card.innerText();
    const newest = tunable.changes.at(-1);
    if (newest !== undefined) {
      assert.ok(text.includes(newest.reason), newest.reason);
      assert.ok(text.includes(formatTime(newest.atMs, NOW)), text);
    }
    assert.ok(text.includes(tunable.help));
    assert.ok(text.includes(tunable.controller));
    assert.ok(text.includes(tunable.reading));
  }
  const facts = await factsOf(page);
  assert.equal(facts.get('Value'), '512 blocks');
  assert.equal(facts.get('Bounds'), '16 to 4,096 blocks');
  assert.equal(facts.get('Without control'), '256 blocks');
  assert.equal(facts.get('Changes'), '14, 2 reversals');
  assert.deepEqual(await page.locator('.mode').allInnerTexts(), [
    'automatic',
    'held by hand',
    'off',
  ]);
  await assertDrawn(page, '[data-tunable="ledger.batch-blocks"] canvas');
  await keepPicture(page, 'control');
  // A change that the stream tells of is fetched at once.
  const [first, ...others] = tunablesAt(NOW);
  fake.answers.set('/control', [{ ...first, value: 1_024 }, ...others]);
  fake.tellChange();
  await page.locator('.tunable-value', { hasText: '1,024 blocks' }).waitFor({ timeout: 3_000 });
  fake.answers.set('/control', tunablesAt(NOW));
  assert.deepEqual(problems, []);
});

test(
  'alerts: the urgent first, since when, what to do; their number is in the bar',
  OPTIONS,
  async () => {
    await using opened = await openPage(browser, address('alerts'));
    const { page, problems } = opened;
    await page.locator('.alert').first().waitFor(WAIT);
    const texts = await page.locator('.alert').allInnerTexts();
    assert.match(
      texts[0] ?? '',
      /^BasaltDiskAlmostFull\s+fires: act now\s+0\.2 GiB free[\s\S]* 13 min$/,
    );
    assert.match(texts[1] ?? '', /^BasaltQueueLong\s+seen, not yet/);
    assert.match(await textOf(page, '.badge'), /^1/);
    await keepPicture(page, 'alerts');
    assert.deepEqual(problems, []);
  },
);

test('by keyboard alone: skip link, each page, focus moves to what is new', OPTIONS, async () => {
  await using opened = await openPage(browser, address(''));
  const { page, problems } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  await page.keyboard.press('Tab');
  assert.equal(await focusText(page), 'Skip to content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
  for (const { title } of PAGES.slice(1)) {
    await page.locator('.pages a[aria-current]').focus();
    for (let i = 0; i < PAGES.length && !(await focusText(page)).startsWith(title); i++) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.waitForFunction((wanted) => document.title === `${wanted} – Basalt`, title, WAIT);
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1', undefined, WAIT);
    assert.equal(await focusText(page), title);
  }
  assert.deepEqual(problems, []);
});

test(
  'every page: 320 px, light and dark, nothing sideways, no serious finding',
  OPTIONS,
  async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [320, 1280]) {
        await using opened = await openPage(browser, address(''), {
          viewport: { width, height: 800 },
          colorScheme,
        });
        const { page, problems } = opened;
        await page.locator('.live.on').waitFor(WAIT);
        for (const { name } of PAGES) {
          await page.goto(address(name));
          await page.locator('#main .card').first().waitFor(WAIT);
          if (name === 'chains') await page.locator('.verified').first().waitFor(WAIT);
          await assertNoSideways(page);
          assert.deepEqual(await seriousFindings(page), [], `${name} ${width} ${colorScheme}`);
          await keepPicture(page, `${name}-${width}-${colorScheme}`);
        }
        assert.deepEqual(problems, []);
      }
    }
  },
);

test('what the tests look for is found where it is', OPTIONS, async () => {
  await using opened = await openPage(browser, address(''));
  const { page } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  await page.evaluate(() => {
    const image = document.createElement('img');
    image.src = '/dashboard/none.png';
    const wide = document.createElement('div');
    wide.style.cssText = 'width: 3000px; height: 1px';
    document.querySelector('main')?.append(image, wide);
  });
  assert.match((await seriousFindings(page)).join(), /image-alt/);
  await assert.rejects(assertNoSideways(page), /wide on a screen of/);
});

test('colours can be chosen, are kept, and the drawings follow', OPTIONS, async () => {
  await using opened = await openPage(browser, address(''), { colorScheme: 'light' });
  const { page, problems } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  const ground = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await ground(), 'rgb(246, 245, 241)');
  const light = await lineColour(page);
  await page.getByLabel('Colours').selectOption('dark');
  assert.equal(await ground(), 'rgb(16, 20, 23)');
  assert.notDeepEqual(await lineColour(page), light);
  await page.reload();
  await page.locator('.live.on').waitFor(WAIT);
  assert.equal(await ground(), 'rgb(16, 20, 23)');
  assert.deepEqual(problems, []);
});

test('the whole page is below 80 KB', OPTIONS, async () => {
  const dist = buildPage('dashboard');
  const assets = join(dist, 'assets');
  const packed = (name: string): number =>
    gzipSync(readFileSync(join(assets, name)), { level: 9 }).length;
  const sizes = readdirSync(assets).map((name) => [name, packed(name)] as const);
  const page = gzipSync(readFileSync(join(dist, 'index.html')), { level: 9 }).length;
  // Loaded only for signatures that the browser does not check itself, and for rare questions.
  const onDemand = /^(?:ed25519|noble-[^h]|noble-.{8}\.js|all-suites|default-provider|seldom)/;
  const sum = (wanted: (name: string) => boolean): number =>
    sizes.filter(([name]) => wanted(name)).reduce((total, [, bytes]) => total + bytes, 0);
  const loaded = page + sum((name) => !onDemand.test(name));
  console.log(`page ${loaded} B in gzip, on demand ${sum((name) => onDemand.test(name))} B`);
  assert.ok(loaded > 40_000 && loaded < 80_000, `${loaded} bytes`);
  // What is called on demand is never asked for in a walk over all pages.
  await using opened = await openPage(browser, address('chains'));
  await opened.page.locator('.verified').first().waitFor(WAIT);
  const names = opened.asked.map((one) => one.split('/').at(-1) ?? '');
  assert.deepEqual(
    names.filter((name) => onDemand.test(name)),
    [],
  );
  assert.ok(names.some((name) => name.startsWith('examiner')));
});

async function factsOf(page: Page): Promise<Map<string, string>> {
  const facts = new Map<string, string>();
  for (const fact of await page.locator('.fact').all()) {
    const name = await fact.locator('dt').innerText();
    if (!facts.has(name)) facts.set(name, await fact.locator('dd').innerText());
  }
  return facts;
}

/** Something is on the canvas. */
async function assertDrawn(page: Page, selector: string): Promise<void> {
  const drawn = await page.locator(selector).evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const data = (canvas as HTMLCanvasElement)
      .getContext('2d')
      ?.getImageData(0, 0, width, height).data;
    return data?.some((byte) => byte !== 0) ?? false;
  });
  assert.ok(drawn, `${selector} is empty`);
}

/** The commonest strong colour of the first chart. */
async function lineColour(page: Page): Promise<readonly number[]> {
  return page.locator('[data-chart="Blocks"] canvas').evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const context = (canvas as HTMLCanvasElement).getContext('2d');
    const data = context?.getImageData(0, 0, width, height).data ?? [];
    const counts = new Map<string, number>();
    for (let i = 0; i < data.length; i += 4) {
      if ((data[i + 3] ?? 0) < 250) continue;
      const key = `${data[i]},${data[i + 1]},${data[i + 2]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const [first] = [...counts].sort((a, b) => b[1] - a[1]);
    return (first?.[0] ?? '').split(',').map(Number);
  });
}

function focusText(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
}
