import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ClientError, createClient } from '@basalt/client';
import {
  decodeCrossReference,
  encodeCrossReference,
  type NamespaceId,
  utf8,
} from '@basalt/protocol';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import {
  buildPage,
  chromiumAbsent,
  launchBrowser,
  type Opened,
  openPage,
} from '../../../tools/testing/browser.ts';
import { flipAt, startProxy, type TamperingProxy } from './proxy.ts';
import { startTestNode, type TestNode, testSigner } from './running-node.ts';

/**
 * The page in a real browser, served by a real node that records live readings. Set
 * `BASALT_SCREENSHOTS` to a folder to keep pictures of what the tests look at.
 */

const SCREENSHOTS = process.env['BASALT_SCREENSHOTS'];
const WAIT = { timeout: 20_000 };
const OPTIONS = { skip: chromiumAbsent };

const signer = testSigner(11);
let running: TestNode;
let proxy: TamperingProxy;
let browser: Browser;
let namespace: NamespaceId;

before(async () => {
  if (chromiumAbsent !== false) return;
  running = await startTestNode(
    { hostReadings: true, hostReadingsIntervalMs: 400, checkpointIntervalMs: 100 },
    buildPage('explorer'),
  );
  proxy = await startProxy(running.url);
  const client = createClient({ url: running.url });
  const made = await client.createNamespace({ label: 'rides', signer });
  namespace = made.namespace;
  const records = Array.from({ length: 40 }, (_, i) => ({
    payload: utf8(`2026-03-0${(i % 9) + 1},line ${i % 12},"Central, east",${i * 7},${i}.5`),
  }));
  await client.append(namespace, records, { signer, until: 'checkpoint' });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await proxy?.[Symbol.asyncDispose]();
  await running?.[Symbol.asyncDispose]();
});

const open = (address: string, options?: BrowserContextOptions): Promise<Opened> =>
  openPage(browser, address, options);

async function keepPicture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

test('the first page: namespaces, live sizes, their newest blocks verified', OPTIONS, async () => {
  await using opened = await open(running.url);
  const { page, problems, asked } = opened;
  const host = page.locator('.chain', { hasText: 'host' });
  await host.locator('.state.verified').waitFor(WAIT);
  await page.locator('.chain', { hasText: 'rides' }).locator('.state.verified').waitFor(WAIT);
  const size = async (): Promise<number> =>
    Number((await host.locator('.chain-size span').textContent())?.replaceAll(',', ''));
  const before = await size();
  await page.waitForFunction(
    (least) => Number(document.querySelectorAll('.chain-size span')[1]?.textContent) > least,
    before,
    WAIT,
  );
  assert.ok((await size()) > before, 'the size grows while one looks');
  assert.equal(await page.locator('#live').textContent(), 'live');
  await keepPicture(page, 'chains-desktop');
  for (const address of asked) assert.ok(address.startsWith(running.url), `asked ${address}`);
  assert.deepEqual(problems, []);
});

test('a live block appears, is verified, and its proof is drawn', OPTIONS, async () => {
  const [host] = await namespacesOf('host');
  await using opened = await open(`${running.url}/#/ns/${host}`);
  const { page, problems } = opened;
  await page.locator('.row.verified').first().waitFor(WAIT);
  const newest = Number(await page.locator('.row-index').first().textContent());
  const live = page.locator(`.row.verified[href$="/${newest + 2}"]`);
  await live.waitFor(WAIT);
  await live.click();
  await page.locator('.verdict.verified', { hasText: 'Verified in this browser' }).waitFor(WAIT);
  assert.equal(await page.locator('.block h2').first().textContent(), `Block ${newest + 2}`);
  assert.equal(await page.locator('.checks .yes').count(), 6, 'all checks but the witnesses');
  assert.match((await page.locator('.payload').textContent()) ?? '', /"load"/);
  const drawing = page.locator('svg.proof');
  assert.match((await drawing.getAttribute('aria-label')) ?? '', /to the signed checkpoint$/);
  assert.equal(await drawing.locator('.spot.leaf').count(), 1);
  assert.equal(await drawing.locator('.spot.root').count(), 1);
  assert.ok((await drawing.locator('.spot.sibling').count()) >= 1);
  await keepPicture(page, 'block-desktop');
  assert.deepEqual(problems, []);
});

test('by keyboard: from the list to a block, along the proof, whole hashes', OPTIONS, async () => {
  await using opened = await open(`${running.url}/#/ns/${namespace}`);
  const { page, problems } = opened;
  await page.locator('.row.verified').first().waitFor(WAIT);
  await page.locator('.row').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('.block h2', { hasText: 'Block 38' }).waitFor(WAIT);
  await page.locator('svg.proof .leaf').focus();
  assert.match(await captionOf(page), /^Leaf 38, computed in this page: [0-9a-f]{64}$/);
  await page.keyboard.press('ArrowUp');
  assert.match(await captionOf(page), /sibling, from the proof: [0-9a-f]{64}$/);
  for (let i = 0; i < 60; i++) await page.keyboard.press('ArrowUp');
  assert.match(await captionOf(page), /^Root in the signed checkpoint: [0-9a-f]{64}$/);
  assert.deepEqual(problems, []);
});

test('the proof file that the page makes verifies offline', OPTIONS, async () => {
  await using opened = await open(`${running.url}/#/ns/${namespace}/17`);
  const { page, problems } = opened;
  const files: string[] = [];
  for (const name of ['17.tlog-proof', 'policy.txt']) {
    const link = page.getByRole('link', { name, exact: true });
    await link.waitFor(WAIT);
    const [download] = await Promise.all([page.waitForEvent('download', WAIT), link.click()]);
    assert.equal(download.suggestedFilename(), name);
    files.push(readFileSync(await download.path(), 'utf8'));
  }
  const [proof, policy] = files as [string, string];
  const client = createClient({ url: '', fetch: () => assert.fail('no network') });
  const payload = utf8('2026-03-08,line 4,"Central, east",112,16.5');
  const { verified, header } = await client.verify({ proof, policy, payload });
  assert.equal(header.index, 17);
  assert.ok(verified.inclusion && verified.payloadHash && verified.policy);
  const command = await page.locator('.command code').textContent();
  assert.equal(command, 'npx basalt verify 17.tlog-proof --policy policy.txt');
  assert.deepEqual(problems, []);
});

test(
  'a changed payload, header, proof or checkpoint is refused, and the page says why',
  OPTIONS,
  async () => {
    const cases = [
      [
        /\/blocks\/20$/,
        (body: Buffer) => flipAt(body, -2),
        'The payload is not the one that was signed.',
      ],
      [/\/blocks\/20$/, (body: Buffer) => flipAt(body, 35), 'The signature does not fit.'],
      [/\/proof\?/, changedHash, 'The proof does not lead to the root of the signed checkpoint.'],
      [/\/proof\?/, changedNote, 'The signature does not fit.'],
    ] as const;
    for (const [target, change, reason] of cases) {
      proxy.tamper = (path, body) => (target.test(path) ? change(body) : body);
      await using opened = await open(`${proxy.url}/#/ns/${namespace}/20`);
      const { page, problems } = opened;
      const verdict = page.locator('.verdict.refused');
      await verdict.waitFor(WAIT);
      const words = await verdict.textContent();
      assert.ok(words?.startsWith(`Refused${reason}`), `${words}`);
      assert.ok((await page.locator('.checks .no').count()) >= 1);
      assert.equal(await page.locator('.command').count(), 0, 'no proof file of a refused block');
      const isProof = target.test('/proof?');
      assert.equal(
        await page.locator('.proof-figure.refused').count(),
        isProof || change !== cases[0][1] ? 1 : 0,
      );
      await keepPicture(page, `refused-${cases.findIndex((one) => one[1] === change)}`);
      assert.deepEqual(problems, []);
    }
    proxy.tamper = (_path, body) => body;
  },
);

test(
  'a live block that is changed on its way is refused in the list; the next is not',
  OPTIONS,
  async () => {
    const client = createClient({ url: running.url });
    proxy.tamper = (path, body) => {
      const at = path.includes('/blocks?') ? body.indexOf('forged, please') : -1;
      return at === -1 ? body : flipAt(body, at);
    };
    await using opened = await open(`${proxy.url}/#/ns/${namespace}`);
    const { page, problems } = opened;
    await page.locator('.row.verified').first().waitFor(WAIT);
    await client.append(namespace, [{ payload: utf8('forged, please') }], { signer });
    const refused = page.locator('.row.refused').first();
    await refused.waitFor(WAIT);
    assert.match((await refused.textContent()) ?? '', /The payload is not the one that was signed/);
    await client.append(namespace, [{ payload: utf8('an honest one') }], { signer });
    await page.locator('.row.verified', { hasText: 'an honest one' }).waitFor(WAIT);
    assert.equal(await page.locator('.row.refused').count(), 1);
    await keepPicture(page, 'refused-live');
    proxy.tamper = (_path, body) => body;
    assert.deepEqual(problems, []);
  },
);

test(
  'a rewritten history is refused by a browser that has seen the log before',
  OPTIONS,
  async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const target = `${proxy.url}/#/ns/${namespace}/5`;
    await page.goto(target);
    await page.locator('.verdict.verified').waitFor(WAIT);
    // Before the append: the page follows live and must not take the new checkpoint in untampered.
    proxy.tamper = (path, body) => (path.includes('/consistency?') ? changedHash(body) : body);
    const client = createClient({ url: running.url });
    const newest = Number(await page.locator('.row-index').first().textContent());
    await client.append(namespace, [{ payload: utf8('later') }], { signer, until: 'checkpoint' });
    await page.reload();
    await page
      .getByText(/contradicts what it showed this browser before/)
      .first()
      .waitFor(WAIT);
    await client.append(namespace, [{ payload: utf8('later still') }], { signer });
    await page.locator('.row.refused').first().waitFor(WAIT);
    // What the browser saw under the old checkpoint may stay verified; nothing newer may be.
    for (const index of [newest + 1, newest + 2]) {
      assert.equal(await page.locator(`.row.verified[href$="/${index}"]`).count(), 0);
    }
    proxy.tamper = (_path, body) => body;
    await context.close();
  },
);

test('on a phone, in the dark, without motion', OPTIONS, async () => {
  const phone: BrowserContextOptions = {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
    colorScheme: 'dark',
    reducedMotion: 'reduce',
  };
  await using opened = await open(running.url, phone);
  const { page, problems } = opened;
  await page.locator('.chain .state.verified').first().waitFor(WAIT);
  await keepPicture(page, 'chains-phone-dark');
  await noSideways(page);
  await page.locator('.chain', { hasText: 'rides' }).tap();
  await page.locator('.row.verified').first().waitFor(WAIT);
  await noSideways(page);
  assert.equal(await page.locator('.split > .block').isVisible(), false, 'the list alone first');
  await page.locator('.row').first().tap();
  await page.locator('.verdict.verified').waitFor(WAIT);
  await noSideways(page);
  await keepPicture(page, 'block-phone-dark');
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0, 'nothing moves where that is wished');
  const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(background, 'rgb(16, 20, 23)');
  assert.deepEqual(problems, []);
});

test('the head leads to the dashboard, and colours can be chosen', OPTIONS, async () => {
  await using opened = await open(running.url, { colorScheme: 'light' });
  const { page, problems } = opened;
  const ground = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await page.locator('.apps a').last().getAttribute('href'), '/dashboard/');
  assert.equal(await ground(), 'rgb(246, 245, 241)');
  await page.getByLabel('Colours').selectOption('dark');
  assert.equal(await ground(), 'rgb(16, 20, 23)');
  await page.reload();
  assert.equal(await ground(), 'rgb(16, 20, 23)');
  assert.equal(await page.getByLabel('Colours').inputValue(), 'dark');
  assert.deepEqual(problems, []);
});

test('the search field finds namespaces by words, and lets them go again', OPTIONS, async () => {
  await using opened = await open(running.url);
  const { page, problems } = opened;
  const rows = page.locator('.chain');
  await page.locator('.chain', { hasText: 'host' }).waitFor(WAIT);
  const all = await rows.count();
  const field = page.getByRole('searchbox', { name: 'Search namespaces' });
  await field.fill('rid');
  await page.locator('.chain', { hasText: 'host' }).waitFor({ ...WAIT, state: 'detached' });
  await page.locator('.chain', { hasText: 'rides' }).locator('.state.verified').waitFor(WAIT);
  await field.fill('nowhere');
  await page.locator('.empty', { hasText: 'No namespace is like that' }).waitFor(WAIT);
  await field.fill('');
  await page.locator('.chain', { hasText: 'host' }).waitFor(WAIT);
  assert.ok((await rows.count()) >= all);
  assert.deepEqual(problems, []);
});

test('a reference to another namespace is verified in the browser', OPTIONS, async () => {
  const client = createClient({ url: running.url });
  const made = await client.createNamespace({ label: 'referring', signer });
  const last = (await client.head(namespace)).block.entry.header.index;
  const refer = (index: number) =>
    client.refer({
      source: { namespace: made.namespace, block: made.hash },
      target: { namespace, index },
    });
  await client.append(made.namespace, [await refer(last)], { signer, until: 'checkpoint' });
  const prepared = await refer(last);
  const later = decodeCrossReference(prepared.payload);
  // Its writer dates it after the block that carries it.
  const payload = encodeCrossReference({ ...later, timestampMs: later.timestampMs + 60_000 });
  const forged = { ...prepared, payload };
  await client.append(made.namespace, [forged], { signer, until: 'checkpoint' });
  await using opened = await open(`${running.url}/#/ns/${made.namespace}/1`);
  const { page, problems } = opened;
  await page.locator('.cross-block', { hasText: `block ${last}` }).waitFor(WAIT);
  await page.locator('.cross-block .verified').waitFor(WAIT);
  await page.goto(`${running.url}/#/ns/${made.namespace}/2`);
  await page.locator('.cross-block .refused').waitFor(WAIT);
  assert.deepEqual(problems, []);
  await assert.rejects(
    client.crossReference({ namespace: made.namespace, index: 2 }),
    (error) => error instanceof ClientError && error.code === 'invalid-reference',
  );
});

test('script below 40 KB, data below 10 KB to the first verified block', OPTIONS, async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const urls = new Map<string, string>();
  const sizes = new Map<string, number>();
  session.on('Network.responseReceived', ({ requestId, response }) => {
    urls.set(requestId, response.url);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const path = new URL(urls.get(requestId) ?? running.url).pathname;
    sizes.set(`${path} ${requestId}`, encodedDataLength);
  });
  // One block, nothing else on the page: what a link to a block costs.
  await page.goto(`${running.url}/#/ns/${namespace}/1`);
  await page.locator('.verdict.verified').waitFor(WAIT);
  const sum = (wanted: (path: string) => boolean): number =>
    [...sizes].filter(([path]) => wanted(path)).reduce((total, [, bytes]) => total + bytes, 0);
  const script = sum((path) => path.includes('.js'));
  // Everything but the list of blocks beside it, which is not needed for the block.
  const isList = (path: string): boolean => path.includes('/blocks ') || path.includes('/events ');
  const one = sum((path) => /^\/(?:chains|ns)\//.test(path) && !isList(path));
  console.log(`script on the wire ${script} B; data for the first verified block ${one} B`);
  assert.ok(script > 10_000 && script < 40_000, `${script} bytes of script`);
  assert.ok(one < 10_000, `${one} bytes of data`);
  const assets = join(import.meta.dirname, '..', 'dist', 'assets');
  const main = readdirSync(assets).find((name) => /^index-.*\.js$/.test(name)) as string;
  const packed = gzipSync(readFileSync(join(assets, main)), { level: 9 }).length;
  assert.ok(packed < 40_000, `${packed} bytes of script in gzip`);
  await context.close();
});

async function namespacesOf(label: string): Promise<NamespaceId[]> {
  const found: NamespaceId[] = [];
  for await (const one of createClient({ url: running.url }).namespaces()) {
    if (one.label === label) found.push(one.namespace);
  }
  assert.ok(found.length > 0, `a namespace ${label}`);
  return found;
}

async function captionOf(page: Page): Promise<string> {
  return (await page.locator('.proof-caption').textContent()) ?? '';
}

/** Nothing is wider than the screen. */
async function noSideways(page: Page): Promise<void> {
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }));
  assert.ok(content <= screen, `${content} wide on a screen of ${screen}`);
}

function changedHash(body: Buffer): Buffer {
  const text = body.toString();
  const at = text.indexOf('"hashes":["') + 11;
  return Buffer.from(text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1));
}

/** Another size in the note, so that its signature no longer fits. */
function changedNote(body: Buffer): Buffer {
  const object = JSON.parse(body.toString()) as { checkpoint: string };
  const checkpoint = object.checkpoint.replace(
    /\n(\d+)\n/,
    (_, size: string) => `\n${Number(size) + 1}\n`,
  );
  return Buffer.from(JSON.stringify({ ...object, checkpoint }));
}
