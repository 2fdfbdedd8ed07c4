import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { chromiumAbsent, launchBrowser, openPage } from '../../../tools/testing/browser.ts';
import { formatNumber } from '../src/format.ts';
import { keepPicture, startTestNode, type TestNode, textOf, WAIT } from './browser.ts';
import { type FakeNode, startFakeNode } from './fake-node.ts';
import { historyOf, statusAt } from './fixture.ts';

/** An old node, a dying one, none at all, and the way back. */

const OPTIONS = { skip: chromiumAbsent };
/** A browser reports on its console each request that fails; that is the node, not the page. */
const IS_NETWORK = /Failed to load resource/;

let running: TestNode;
let browser: Browser;

before(async () => {
  if (chromiumAbsent !== false) return;
  running = await startTestNode({ hostReadings: true, hostReadingsIntervalMs: 500 });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await running?.[Symbol.asyncDispose]();
});

async function startSpeaking(): Promise<FakeNode> {
  const fake = await startFakeNode(running.url);
  const now = Date.now();
  fake.answers.set('/status', statusAt(now));
  fake.answers.set('/status/history', historyOf(now));
  fake.answers.set('/alerts', []);
  return fake;
}

test('an old node: what is missing, and what it does tell', OPTIONS, async () => {
  await using fake = await startFakeNode(running.url);
  for (const path of ['/status', '/status/events', '/status/history', '/status/network']) {
    fake.answers.set(path, 404);
  }
  for (const path of ['/alerts', '/control']) fake.answers.set(path, 404);
  await using opened = await openPage(browser, `${fake.url}/dashboard/`);
  const { page, problems } = opened;
  await page.locator('.banner', { hasText: 'it has no /status' }).waitFor(WAIT);
  assert.equal(await textOf(page, '.live'), 'older node');
  const health = (await (await fetch(`${running.url}/healthz`)).json()) as { version: string };
  await page.locator('.fact', { hasText: health.version }).waitFor(WAIT);
  await page.locator('.rows th', { hasText: 'host' }).waitFor(WAIT);
  await keepPicture(page, 'old-node');
  for (const [name, words] of [
    ['network', 'it has no /status/network'],
    ['control', 'it has no /control'],
    ['alerts', 'it has no /alerts'],
    ['shards', 'it has no /status'],
    ['execution', 'it has no /status'],
  ] as const) {
    await page.goto(`${fake.url}/dashboard/#/${name}`);
    await page.getByText(words).waitFor(WAIT);
  }
  await page.goto(`${fake.url}/dashboard/#/chains`);
  await page.locator('.namespaces .verified').first().waitFor(WAIT);
  assert.deepEqual(
    problems.filter((problem) => !IS_NETWORK.test(problem)),
    [],
  );
});

test('a dying node: the last values stay, with their age; then it is back', OPTIONS, async () => {
  await using fake = await startSpeaking();
  await using opened = await openPage(browser, `${fake.url}/dashboard/`);
  const { page, problems } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  await fake.leave();
  await page.locator('.live', { hasText: 'connection lost' }).waitFor(WAIT);
  const banner = page.locator('.banner', { hasText: 'No word from the node since' });
  await banner.waitFor(WAIT);
  const shown = await textOf(page, '[data-chart="Blocks"] b');
  assert.equal(shown, formatNumber(statusAt(0).now.blocksPerSecond), 'the last value stays');
  const age = async (): Promise<number> =>
    Number(/is (\d+) s old/.exec(await banner.innerText())?.[1]);
  const before = await age();
  await page.waitForFunction(
    (least) => Number(/is (\d+) s old/.exec(document.body.innerText)?.[1]) > least,
    before,
    WAIT,
  );
  assert.match(await textOf(page, '.health-word'), /^When last heard of: /);
  await keepPicture(page, 'dying-node');
  const now = Date.now();
  const later = { ...statusAt(now), now: { ...statusAt(now).now, blocksPerSecond: 77 } };
  fake.answers.set('/status', later);
  await fake.comeBack();
  await page.locator('.live.on').waitFor(WAIT);
  await page.locator('[data-chart="Blocks"] b', { hasText: '77' }).waitFor(WAIT);
  assert.equal(await page.locator('.banner').count(), 0);
  assert.deepEqual(
    problems.filter((problem) => !IS_NETWORK.test(problem)),
    [],
  );
});

test('a node that holds the line and says nothing counts as lost', OPTIONS, async () => {
  await using fake = await startSpeaking();
  await using opened = await openPage(browser, `${fake.url}/dashboard/`);
  const { page } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  fake.isMute = true;
  await page.locator('.banner', { hasText: 'No word from the node since' }).waitFor(WAIT);
  fake.isMute = false;
  await page.locator('.live.on').waitFor({ timeout: 30_000 });
  assert.ok(fake.opened >= 2, 'the stream was opened again');
});

test('a stream that breaks is opened again, and the lines go on', OPTIONS, async () => {
  await using fake = await startSpeaking();
  await using opened = await openPage(browser, `${fake.url}/dashboard/`);
  const { page } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  fake.breakStreams();
  for (const started = Date.now(); fake.opened < 2 && Date.now() - started < 10_000; ) {
    await page.waitForTimeout(50);
  }
  assert.ok(fake.opened >= 2);
  const status = statusAt(Date.now());
  fake.push({ ...status, now: { ...status.now, requestsPerSecond: 31 } });
  await page.locator('[data-chart="Requests"] b', { hasText: /^31$/ }).waitFor(WAIT);
});

test('a node that refuses streams is asked each second instead', OPTIONS, async () => {
  await using fake = await startSpeaking();
  fake.answers.set('/status/events', 503);
  await using opened = await openPage(browser, `${fake.url}/dashboard/`);
  const { page, problems, asked } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  const states: string[] = [];
  for (const rate of [41, 42, 43]) {
    const status = statusAt(Date.now());
    fake.push({ ...status, now: { ...status.now, requestsPerSecond: rate } });
    const shown = page.locator('[data-chart="Requests"] b', { hasText: String(rate) });
    await shown.waitFor(WAIT);
    states.push(await textOf(page, '.live'));
  }
  assert.deepEqual(states, ['live', 'live', 'live']);
  assert.equal(await page.locator('.banner').count(), 0);
  assert.ok(asked.filter((one) => one.endsWith('/status/history')).length <= 2, 'gaps alone');
  assert.deepEqual(
    problems.filter((problem) => !IS_NETWORK.test(problem)),
    [],
  );
});

test('what is read beside the stream says when it is from before', OPTIONS, async () => {
  await using fake = await startSpeaking();
  fake.answers.set('/control', statusAt(Date.now()).tunables);
  await using opened = await openPage(browser, `${fake.url}/dashboard/#/control`);
  const { page } = opened;
  await page.locator('.tunable').first().waitFor(WAIT);
  assert.equal(await page.locator('.stale').count(), 0);
  fake.answers.set('/control', 500);
  await page.locator('.stale').waitFor(WAIT);
  assert.ok((await page.locator('.tunable').count()) > 0, 'the last values stay');
});

test('no node: the page that is open says so and keeps trying', OPTIONS, async () => {
  await using fake = await startSpeaking();
  // The page's files come, and then nothing does: as from a cache in front of a node that is gone.
  for (const path of ['/status', '/status/history', '/alerts']) fake.answers.set(path, 503);
  await using opened = await openPage(browser, `${fake.url}/dashboard/`);
  const { page, problems } = opened;
  await page.locator('.banner', { hasText: 'No node speaks at' }).waitFor(WAIT);
  assert.equal(await textOf(page, '.live'), 'no node');
  await page.getByText('There is nothing to show until a node answers.').waitFor(WAIT);
  await keepPicture(page, 'no-node');
  fake.push(statusAt(Date.now()));
  await page.locator('.live.on').waitFor(WAIT);
  await page.locator('.health-word').waitFor(WAIT);
  assert.deepEqual(
    problems.filter((problem) => !IS_NETWORK.test(problem)),
    [],
  );
});

test('a status that makes no sense is not shown as one', OPTIONS, async () => {
  await using fake = await startSpeaking();
  fake.answers.set('/status', { name: 'something else' });
  await using opened = await openPage(browser, `${fake.url}/dashboard/`);
  const { page, problems } = opened;
  await page.locator('.banner', { hasText: 'its status cannot be read' }).waitFor(WAIT);
  assert.deepEqual(problems, []);
});
