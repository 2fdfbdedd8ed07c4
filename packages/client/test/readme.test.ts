import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Client, type ClientOptions, createClient, type ServedBlock } from '../src/index.ts';
import { createSetup } from './setup.ts';

type Run = (parts: Record<string, unknown>) => Promise<{ block: ServedBlock; text: string }>;

/** The first snippet of the README as a function of what it leaves open. */
async function loadSnippet(): Promise<Run> {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const snippet = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? assert.fail('no snippet');
  const body = snippet.replace(/^import .*;$/m, '');
  const names = 'createClient, namespace, signer, payload, policy, utf8';
  const folder = mkdtempSync(join(tmpdir(), 'basalt-readme-'));
  const file = join(folder, 'snippet.mjs');
  const lines = [`export async function run({ ${names} }) {`, body, 'return { block, text };', '}'];
  writeFileSync(file, lines.join('\n'));
  try {
    return ((await import(pathToFileURL(file).href)) as { run: Run }).run;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the snippet of the README runs as it stands there', async () => {
  const { node, chain, time } = createSetup(60);
  const run = await loadSnippet();
  node.intercept = (request) => {
    if (request.path.endsWith('/events')) setImmediate(() => node.add(chain, 'a live one'));
    return undefined;
  };
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  const { block, text } = await run({
    // What a reader has around it: a node at the address, and the names that the snippet uses.
    createClient: (options: ClientOptions): Client => {
      const { clock, scheduler } = time;
      return createClient({ ...options, fetch: node.fetch, clock, scheduler });
    },
    namespace: chain.namespace,
    signer: chain.signer,
    payload: utf8('{"reading":42}'),
    policy: `log ${node.verifierKey(chain)}\nquorum none\n`,
    utf8,
  });
  assert.deepEqual(block.verified, {
    payloadHash: true,
    signature: true,
    writer: true,
    inclusion: true,
    checkpoint: true,
    consistency: false,
    policy: false,
    trust: 'first-use',
  });
  assert.ok(text.startsWith('c2sp.org/tlog-proof@v1'));
  assert.equal(chain.blocks.length, 63, 'the record and a live block were appended');
});
