/** One bootstrap for `snapshot-bootstrap.ts`: who, url, namespace, data folder, blocks. */
import { createClient, createSnapshotDownload } from '@basalt/client';
import { createNativeProvider, createVerifierPool } from '@basalt/crypto';
import { importSnapshot } from '@basalt/ledger';
import { parseNamespaceId } from '@basalt/protocol';
import { openDataFolder } from '@basalt/store';

const [who = '', url = '', id = '', path = '', count = ''] = process.argv.slice(2);
const namespace = parseNamespaceId(id);
const provider = createNativeProvider();
let bytes = 0;
let requests = 0;

/** Counts what comes over the line. */
const counting = async (target: string, init: RequestInit): Promise<Response> => {
  const response = await fetch(target, init);
  const body = await response.arrayBuffer();
  // `fetch` undoes a coding and keeps the length of what was sent.
  bytes += Number(response.headers.get('content-length') ?? body.byteLength);
  requests++;
  return new Response(body, response);
};

const startRssBytes = process.memoryUsage.rss();
const startedMs = performance.now();
const height = who === 'node' ? await asNode() : await asClient();
const ms = performance.now() - startedMs;
const peakRssBytes = process.resourceUsage().maxRSS * 1024;
const blocks = Number(count);
const result = { who, height, blocks, bytes, requests, ms, peakRssBytes, startRssBytes };
console.log(JSON.stringify(result));

async function asNode(): Promise<number> {
  const download = createSnapshotDownload({ url, provider, fetch: counting });
  const { manifest } = await download.manifest({ namespace, blocks: Number(count) });
  await using folder = await openDataFolder(path);
  await using verifier = createVerifierPool();
  const components = { store: folder.store, crypto: provider, verifier };
  const running = await importSnapshot(components, manifest, { source: url });
  for (let chunk = running.nextChunk(); chunk !== undefined; chunk = running.nextChunk()) {
    await running.add(await download.chunk(manifest, chunk));
  }
  return manifest.snapshot.height;
}

async function asClient(): Promise<number> {
  const client = createClient({ url, provider, fetch: counting });
  const index = (await client.checkpoint(namespace)).checkpoint.size - 1;
  await client.get({ namespace, index });
  return index + 1;
}
