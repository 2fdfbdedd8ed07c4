import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from '@basalt/client';
import {
  ALGORITHM,
  createSigner,
  type NamespaceId,
  nobleProvider,
  type Signer,
  utf8,
} from '@basalt/protocol';
import type { NodeStatus, StatusSample } from '@basalt/telemetry';
import type { Browser } from 'playwright-core';
import { chromiumAbsent, launchBrowser, openPage } from '../../../tools/testing/browser.ts';
import { formatCount } from '../src/format.ts';
import { keepPicture, startTestNode, type TestNode, textOf, WAIT } from './browser.ts';
import { type FakeNode, flipAt, startFakeNode } from './fake-node.ts';

/** A real node, with nothing made up: what is verified, what is refused, what the node tells. */

const OPTIONS = { skip: chromiumAbsent };
const signer: Signer = createSigner(
  nobleProvider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(7)),
);

let running: TestNode;
let fake: FakeNode;
let browser: Browser;
let namespace: NamespaceId;

before(async () => {
  if (chromiumAbsent !== false) return;
  running = await startTestNode({ hostReadings: true, hostReadingsIntervalMs: 300 });
  fake = await startFakeNode(running.url);
  const client = createClient({ url: running.url });
  ({ namespace } = await client.createNamespace({ label: 'rides', signer }));
  const records = Array.from({ length: 5 }, (_, i) => ({ payload: utf8(`ride ${i}`) }));
  await client.append(namespace, records, { signer, until: 'checkpoint' });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await fake?.[Symbol.asyncDispose]();
  await running?.[Symbol.asyncDispose]();
});

test('namespaces and new blocks are verified in the browser, one by one', OPTIONS, async () => {
  await using opened = await openPage(browser, `${running.url}/dashboard/#/chains`);
  const { page, problems, asked } = opened;
  const row = page.locator('.namespaces tr', { hasText: 'rides' });
  await row.locator('.verified').waitFor(WAIT);
  assert.match(await row.innerText(), /rides\s+6\s/);
  const client = createClient({ url: running.url });
  await client.append(namespace, [{ payload: utf8('one more') }], { signer });
  const block = page.locator('.blocks tr', { hasText: 'rides 6' });
  await block.locator('.verified').waitFor(WAIT);
  assert.equal(await block.locator('a').getAttribute('href'), `/#/ns/${namespace}/6`);
  await keepPicture(page, 'chains');
  assert.equal(await page.locator('.refusals').count(), 0);
  for (const one of asked) assert.ok(one.startsWith(running.url), `asked ${one}`);
  assert.deepEqual(problems, []);
});

test('a block that is changed on its way is REFUSED and stays on the page', OPTIONS, async () => {
  fake.tamper = (path, body) => {
    const at = path.includes('/blocks') ? body.indexOf('forged, please') : -1;
    return at === -1 ? body : flipAt(body, at);
  };
  try {
    await using opened = await openPage(browser, `${fake.url}/dashboard/#/chains`);
    const { page, problems } = opened;
    await page.locator('.namespaces tr', { hasText: 'rides' }).locator('.verified').waitFor(WAIT);
    const client = createClient({ url: running.url });
    await client.append(namespace, [{ payload: utf8('forged, please') }], { signer });
    const refused = page.locator('.blocks tr.refused', { hasText: 'rides 7' });
    await refused.waitFor(WAIT);
    assert.match(await refused.innerText(), /REFUSED/);
    assert.match(await refused.innerText(), /The payload is not the one that was signed\./);
    const list = page.locator('.refusals');
    assert.match(await list.innerText(), /1 block refused by this browser/);
    await client.append(namespace, [{ payload: utf8('an honest one') }], { signer });
    await page.locator('.blocks tr', { hasText: 'rides 8' }).locator('.verified').waitFor(WAIT);
    assert.equal(await page.locator('.blocks tr.refused').count(), 1, 'the next one is good');
    assert.match(await list.innerText(), /rides 7[\s\S]*The payload is not the one/);
    await keepPicture(page, 'chains-refused');
    assert.deepEqual(problems, []);
  } finally {
    fake.tamper = (_path, body) => body;
  }
});

test('a changed checkpoint refuses all that it covers', OPTIONS, async () => {
  fake.tamper = (path, body) => {
    if (!path.includes('/proof') && !path.includes('checkpoint')) return body;
    // The root's first letter: the note is still a note, its signature fits no more.
    return Buffer.from(
      body.toString('latin1').replace(/(\\n|\n)(\d+)(\\n|\n)/, '$1$29$3'),
      'latin1',
    );
  };
  try {
    await using opened = await openPage(browser, `${fake.url}/dashboard/#/chains`);
    const { page } = opened;
    const row = page.locator('.namespaces tr.refused', { hasText: 'rides' });
    await row.waitFor(WAIT);
    assert.match(await row.innerText(), /REFUSED/);
    assert.equal(await page.locator('.verified').count(), 0);
  } finally {
    fake.tamper = (_path, body) => body;
  }
});

test(
  'a real chain: its height and the contract that is called are on the page',
  OPTIONS,
  async () => {
    await using chained = await startTestNode({ chain: true, rpcPort: 0, chainWorkers: 1 });
    const { chain } = chained.node.info;
    assert.ok(chain !== undefined);
    const rpc = async (method: string, params: readonly unknown[]): Promise<unknown> => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(chain.rpcUrl, { method: 'POST', headers, body });
      return ((await answer.json()) as { readonly result: unknown }).result;
    };
    const [from, to] = (await rpc('eth_accounts', [])) as string[];
    const send = async (fields: Readonly<Record<string, string>>): Promise<string> => {
      const hash = String(await rpc('eth_sendTransaction', [{ from, ...fields }]));
      assert.match(hash, /^0x[0-9a-f]{64}$/);
      return hash;
    };
    // A contract of one byte, STOP; a transfer's recipient is none.
    const created = await rpc('eth_getTransactionReceipt', [await send({ data: '0x60016000f3' })]);
    const contract = (created as { readonly contractAddress: string }).contractAddress;
    await send({ to: contract, data: '0x01' });
    await send({ to: String(to), value: '0x1', gas: '0x15f90' });
    await using opened = await openPage(browser, `${chained.url}/dashboard/#/execution`);
    const { page, problems } = opened;
    const factOf = (name: string) => page.locator('.fact', { hasText: name }).locator('dd').first();
    await factOf('Height').getByText('3', { exact: true }).waitFor(WAIT);
    assert.equal(await factOf('Chain id').innerText(), '31337');
    await page.locator(`.heat li[title="${contract.toLowerCase()}"]`).waitFor(WAIT);
    assert.equal(await page.locator(`.heat li[title="${to?.toLowerCase()}"]`).count(), 0);
    await keepPicture(page, 'real-chain');
    assert.deepEqual(problems, []);
  },
);

test('what a real node tells of itself is what the page shows', OPTIONS, async () => {
  await using opened = await openPage(browser, `${running.url}/dashboard/`);
  const { page, problems } = opened;
  await page.locator('.live.on').waitFor(WAIT);
  const ask = async <T>(path: string): Promise<T> =>
    (await (await fetch(running.url + path)).json()) as T;
  const status = await ask<NodeStatus>('/status');
  const history = await ask<StatusSample[]>('/status/history');
  assert.ok(history.length > 0);
  const facts = page.locator('.facts');
  await facts.getByText(status.origin).waitFor(WAIT);
  await facts.getByText(status.version, { exact: true }).waitFor(WAIT);
  const namespaces = page.locator('.fact', { hasText: 'Namespaces' }).locator('dd');
  await namespaces.getByText(formatCount(status.totals.namespaces), { exact: true }).waitFor(WAIT);
  assert.equal(await page.locator('.checks li').count(), status.health.checks.length);
  for (const { name } of status.health.checks) {
    assert.equal(await page.locator('.checks b', { hasText: name }).count(), 1, name);
  }
  // Live: a block that is appended now shows in the rate within seconds.
  const client = createClient({ url: running.url });
  const records = Array.from({ length: 200 }, (_, i) => ({ payload: utf8(`load ${i}`) }));
  await client.append(namespace, records, { signer });
  await page.locator('.top-list th', { hasText: 'rides' }).waitFor(WAIT);
  await keepPicture(page, 'real-node');
  await page.goto(`${running.url}/dashboard/#/network`);
  await page.locator('.nodes button').first().waitFor(WAIT);
  assert.match(await textOf(page, '.tally'), /1 good/);
  await page.goto(`${running.url}/dashboard/#/control`);
  const tunables = await ask<{ readonly name: string }[]>('/control');
  if (tunables.length === 0) await page.getByText('nothing that tunes itself').waitFor(WAIT);
  for (const { name } of tunables) await page.locator(`[data-tunable="${name}"]`).waitFor(WAIT);
  await page.goto(`${running.url}/dashboard/#/alerts`);
  const alerts = await ask<unknown[]>('/alerts');
  if (alerts.length === 0) await page.getByText('Nothing fires.').waitFor(WAIT);
  await page.goto(`${running.url}/dashboard/#/execution`);
  await page.getByText('This node runs no chain').waitFor(WAIT);
  assert.deepEqual(problems, []);
});
