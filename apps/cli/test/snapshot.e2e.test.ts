/**
 * A node is started from a snapshot of another one: over a line that breaks in the middle, past a
 * source that lies, and not into a folder that has lost what it published.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createNativeProvider } from '@basalt/crypto';
import { createCosigner, createSigner, formatVerifierKey } from '@basalt/protocol';
import { lastJson, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const RECORDS = 2_500;
const SEED = new Uint8Array(32).fill(3);
const provider = createNativeProvider();
const sandbox = new Sandbox();
const NAME = ['--namespace', 'audit'];

/** What became of a chunk on its way through the proxy: the bytes, others, or nothing for ever. */
type Meddle = (chunk: number, bytes: Buffer) => Buffer | undefined;

/** Passes everything on to a node but lets a test meddle with chunks. */
class Proxy {
  readonly #server: Server;
  meddle: Meddle = (_, bytes) => bytes;
  /** Chunks that were asked for. */
  asked: number[] = [];

  constructor(target: () => string) {
    this.#server = createServer((request, response) => {
      void fetch(target() + (request.url ?? '/')).then(async (answer) => {
        let body: Buffer | undefined = Buffer.from(await answer.arrayBuffer());
        const chunk = /chunks\/(\d+)\?/.exec(request.url ?? '')?.[1];
        if (chunk !== undefined) {
          this.asked.push(Number(chunk));
          body = this.meddle(Number(chunk), body);
        }
        if (body === undefined) return;
        const type = answer.headers.get('content-type') ?? 'text/plain';
        response.writeHead(answer.status, { 'content-type': type }).end(body);
      });
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const lie: Meddle = (_, bytes) => {
  const copy = Buffer.from(bytes);
  copy[50] = (copy[50] ?? 0) ^ 1;
  return copy;
};

suite('a node that begins at a snapshot', () => {
  let origin: TestNode;
  let proxy: Proxy;
  let proxyUrl: string;
  const folder = join(sandbox.folder, 'copy');
  const fetchArgs = (url: string): string[] => ['snapshot', 'fetch', folder, ...NAME, '--url', url];

  before(async () => {
    origin = await startTestNode(sandbox, []);
    const input = Array.from({ length: RECORDS }, (_, i) => `{"record":${i}}\n`).join('');
    await sandbox.ok(['append', ...NAME, '--url', origin.url], { input });
    proxy = new Proxy(() => origin.url);
    proxyUrl = await proxy.start();
  });

  after(async () => {
    proxy.stop();
    await origin.stop();
    sandbox[Symbol.dispose]();
  });

  test('show says what it would bring, and that it is verified', async () => {
    const shown = await sandbox.ok(['snapshot', 'show', ...NAME, '--url', origin.url, '--json']);
    const facts = lastJson<Record<string, number>>(shown.out);
    assert.equal(facts['height'], RECORDS + 1);
    assert.equal(facts['chunks'], 2);
    assert.equal(facts['beginsAt'], 2304);
    const text = (await sandbox.ok(['snapshot', 'show', ...NAME, '--url', origin.url])).out;
    assert.match(text, /begins at +2,304: 197 blocks in 2 chunks/);
    const { out: policy } = await sandbox.ok(['policy', '--url', origin.url]);
    const shownUnder = async (lines: string) => {
      writeFileSync(sandbox.path('policy.txt'), lines);
      const asked = ['snapshot', 'show', ...NAME, '--url', origin.url, '--policy', 'policy.txt'];
      return (await sandbox.run(asked)).code;
    };
    assert.equal(await shownUnder(policy), 0);
    // A node with another key, and a quorum of a witness who has not cosigned.
    const other = await startTestNode(sandbox, []);
    const { out: foreign } = await sandbox.ok(['policy', '--url', other.url]);
    assert.notEqual(await shownUnder(foreign), 0);
    await other.stop();
    const witness = createCosigner('w', createSigner(provider.suite(1).keyPairFromSeed(SEED)));
    const asking = `witness w ${formatVerifierKey(witness.key)}\nquorum w\n`;
    assert.equal(await shownUnder(policy.replace('quorum none\n', asking)), 1);
  });

  test('kill -9 in the middle: the next run goes on where it was', async () => {
    proxy.meddle = (chunk, bytes) => (chunk < 5 ? bytes : undefined);
    const child = sandbox.spawn([...fetchArgs(proxyUrl), '--blocks', String(RECORDS)]);
    const ended = once(child, 'exit');
    for (let look = 0; !proxy.asked.includes(5); look++) {
      assert.ok(look < 300, 'the fifth bundle is asked for');
      await pause(100);
    }
    await pause(500);
    child.kill('SIGKILL');
    await ended;
    // Half a namespace is not served, and a node says so instead of signing it.
    const node = await startTestNode(sandbox, [], folder);
    const refused = await sandbox.run(['append', ...NAME, '--url', node.url], { input: '{}\n' });
    assert.equal(refused.code, 4);
    assert.match(refused.err, /not covered by a checkpoint/);
    await node.stop();
    proxy.meddle = (_, bytes) => bytes;
    proxy.asked = [];
    const done = await sandbox.ok([...fetchArgs(proxyUrl), '--json']);
    const facts = lastJson<Record<string, number>>(done.out);
    assert.equal(facts['height'], RECORDS + 1);
    assert.equal(facts['beginsAt'], 0);
    assert.ok(Math.min(...proxy.asked) >= 2, `asked again for ${Math.min(...proxy.asked)}`);
    assert.equal((await sandbox.run(['fsck', folder, '--json'])).code, 0);
    const twice = await sandbox.run(fetchArgs(origin.url));
    assert.equal(twice.code, 2);
    assert.match(twice.err, /here already/);
    rmSync(folder, { recursive: true });
  });

  test('a source that lies is named, and the chunk comes from another', async () => {
    proxy.meddle = lie;
    const alone = await sandbox.run(fetchArgs(proxyUrl));
    assert.equal(alone.code, 1);
    assert.match(alone.err, /chunk 0 of the snapshot does not hold/);
    rmSync(folder, { recursive: true });
    const both = await sandbox.ok([...fetchArgs(proxyUrl), '--also', origin.url]);
    assert.match(both.err, new RegExp(`${proxyUrl}: chunk 0 of the snapshot does not hold`));
    assert.match(both.out, /2,501 blocks, here from block 2,304 on/);
    proxy.meddle = (_, bytes) => bytes;
  });

  test('the node follows where it came from, and has what is appended there', async () => {
    const node = await startTestNode(
      sandbox,
      ['--role', 'relay', '--upstream', origin.url],
      folder,
    );
    await sandbox.ok(['append', ...NAME, '--url', origin.url], { input: '{"record":"later"}\n' });
    for (let look = 0; ; look++) {
      const answer = await fetch(`${node.url}/chains/audit`);
      if (((await answer.json()) as { checkpointSize: number }).checkpointSize > RECORDS + 1) break;
      assert.ok(look < 150, 'the copy follows');
      await pause(100);
    }
    const at = ['--url', node.url];
    const got = await sandbox.ok(['get', ...NAME, ...at, String(RECORDS + 1), '--json']);
    assert.match(lastJson<{ payload: string }>(got.out).payload, /later/);
    const file = await sandbox.run(['export', ...NAME, ...at, 'copy.basalt']);
    assert.match(file.err, /begins at block 2304/);
    await node.stop();
  });

  test('the node goes on from there, and says of older blocks where they are', async () => {
    const node = await startTestNode(sandbox, [], folder);
    const at = ['--url', node.url];
    await sandbox.ok(['append', ...NAME, ...at], { input: '{"record":"on the copy"}\n' });
    const head = lastJson<{ index: number }>(
      (await sandbox.ok(['get', ...NAME, ...at, '2502', '--json'])).out,
    );
    assert.equal(head.index, 2502);
    assert.equal((await sandbox.ok(['prove', ...NAME, ...at, '2400'])).code, 0);
    const older = await fetch(`${node.url}/chains/audit/blocks/7`);
    assert.equal(older.status, 410);
    assert.equal(older.headers.get('link'), `<${proxyUrl}/chains/audit/blocks/7>; rel="alternate"`);
    const audit = await sandbox.ok(['fsck', '--url', node.url, '--json']);
    assert.equal(lastJson<{ findings: number }>(audit.out).findings, 0);
    const pruned = await sandbox.run(['get', ...NAME, ...at, '7']);
    assert.match(pruned.err, /begins at block 2304/);
    await node.stop();
    assert.equal((await sandbox.run(['fsck', folder, '--json'])).code, 0);
  });

  test('a folder that has lost what it published takes no snapshot in its place', async () => {
    rmSync(join(folder, 'store'), { recursive: true });
    for (const more of [[], ['--height', '2000']]) {
      const refused = await sandbox.run([...fetchArgs(origin.url), ...more]);
      assert.equal(refused.code, 5);
      assert.match(refused.err, /older than its log/);
    }
  });
});
