/**
 * A block of a chain in a real browser: its transactions and receipts are proven there, and a proof
 * that somebody changed on the way is refused, whichever byte it was.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { buildPage, chromiumAbsent, launchBrowser } from '../../../tools/testing/browser.ts';
import { startProxy, type TamperingProxy } from './proxy.ts';
import { startTestNode, type TestNode } from './running-node.ts';

const OPTIONS = { skip: chromiumAbsent };
const WAIT = { timeout: 20_000 };
const SCREENSHOTS = process.env['BASALT_SCREENSHOTS'];

let running: TestNode;
let proxy: TamperingProxy;
let browser: Browser;
let hash: string;

before(async () => {
  if (chromiumAbsent !== false) return;
  const flags = { chain: true, rpcPort: 0, chainWorkers: 1, checkpointIntervalMs: 50 };
  running = await startTestNode(flags, buildPage('explorer'));
  proxy = await startProxy(running.url);
  const [from, to] = await rpc<string[]>('eth_accounts');
  const transfer = { from, to, value: '0x14d1120d7b160000' };
  hash = await rpc<string>('eth_sendTransaction', [transfer]);
  // Init code that reverts: a transaction that failed is as proven as one that did not.
  await rpc<string>('eth_sendTransaction', [{ from, data: '0x5f5ffd', gas: '0x20000' }]);
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await proxy?.[Symbol.asyncDispose]();
  await running?.[Symbol.asyncDispose]();
});

async function rpc<Result>(method: string, params: readonly unknown[] = []): Promise<Result> {
  const response = await fetch(running.node.info.chain!.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result: Result; error?: unknown };
  assert.equal(error, undefined, JSON.stringify(error));
  return result;
}

/** The page of the ledger block with this index, through the proxy. */
async function openBlock(index: number): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  const { namespace } = running.node.info.chain!;
  await page.goto(`${proxy.url}/#/ns/${namespace}/${index}`);
  return { page, problems };
}

async function keepPicture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

test('a transaction and its receipt are proven in the page', OPTIONS, async () => {
  const { page, problems } = await openBlock(1);
  const row = page.locator(`.transactions tr[data-hash="${hash.slice(2)}"]`);
  await row.locator('.state.verified').waitFor(WAIT);
  const words = (await row.textContent()) ?? '';
  assert.match(words, /1\.5 ETH/);
  assert.match(words, /succeeded, 0 logs/);
  const block = await rpc<{ hash: string }>('eth_getBlockByNumber', ['0x1', false]);
  assert.ok((await page.locator('.chain-block').textContent())?.includes(block.hash));
  await page.locator('.verdict.verified').waitFor(WAIT);
  await keepPicture(page, 'chain-block');
  await page.close();
  const failed = await openBlock(2);
  await failed.page.locator('.transactions .state.verified').waitFor(WAIT);
  assert.match((await failed.page.locator('.transactions').textContent()) ?? '', /failed, 0 logs/);
  await failed.page.close();
  assert.deepEqual([...problems, ...failed.problems], []);
});

test('a proof that was changed on its way is refused', OPTIONS, async () => {
  const changes: readonly ((proof: Record<string, unknown>) => void)[] = [
    (proof) => flipDigit(proof['receiptProof'] as string[]),
    (proof) => flipDigit(proof['transactionProof'] as string[]),
    (proof) => {
      proof['receiptProof'] = proof['transactionProof'];
    },
    (proof) => {
      proof['transactionIndex'] = '0x1';
    },
    (proof) => {
      proof['transactionHash'] = `0x${'00'.repeat(32)}`;
    },
  ];
  for (const change of changes) {
    proxy.tamper = (path, body) => {
      if (!path.startsWith('/transactions/')) return body;
      const proof = JSON.parse(body.toString()) as Record<string, unknown>;
      change(proof);
      return Buffer.from(JSON.stringify(proof));
    };
    const { page, problems } = await openBlock(1);
    await page.locator('.transactions .state.refused').waitFor(WAIT);
    assert.equal(await page.locator('.transactions .state.verified').count(), 0);
    // The ledger block itself holds: it is the proof of the transaction that does not.
    await page.locator('.verdict.verified').waitFor(WAIT);
    await keepPicture(page, 'chain-block-refused');
    await page.close();
    assert.deepEqual(problems, []);
  }
  proxy.tamper = (_path, body) => body;
});

/** Another digit in the middle of the last node. */
function flipDigit(nodes: string[]): void {
  const node = nodes.at(-1) ?? '';
  const at = Math.floor(node.length / 2);
  nodes[nodes.length - 1] = node.slice(0, at) + (node[at] === '0' ? '1' : '0') + node.slice(at + 1);
}
