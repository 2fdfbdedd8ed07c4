/**
 * Stage 1 of serving the world: the role cache in front of a node, both processes of their own.
 * First readers who come when they like (`basalt load`, an open loop: latencies count from when a
 * request was due), then how many answers from memory a CPU second gives, beside nginx that serves
 * the same bytes from files.
 */
import { createClient } from '@basalt/client';
import { createNativeProvider } from '@basalt/crypto';
import { ALGORITHM, createSigner, type NamespaceId, toHex, utf8 } from '@basalt/protocol';
import { processCpuSeconds } from '../../../../tools/bench/cpu-time.ts';
import { compareServers } from '../../../../tools/bench/http-load.ts';
import { compare, printResult } from '../../../../tools/bench/report.ts';
import { startStaticNginx } from '../../../../tools/bench/static-nginx.ts';
import { lastJson, Sandbox, startTestNode, type TestNode } from '../../test/helpers/run-cli.ts';

const BLOCKS = 4_096;
const PAYLOAD_BYTES = 256;
const SECONDS = 10;
const WARM_UP_RATE = 500;
/** Arrivals are drawn: a few more than the target are asked for. Then more than any day brings. */
const RATES = [1_100, 2_000];
const TARGET_PER_SECOND = 1_000;

interface Load {
  readonly arrived: number;
  readonly failed: number;
  readonly problems: Readonly<Record<string, number>>;
  readonly perSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

const provider = createNativeProvider();

async function fill(url: string): Promise<NamespaceId> {
  const client = createClient({ url, provider });
  const keys = provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(9));
  const signer = createSigner(keys, provider);
  const { namespace } = await client.createNamespace({ label: 'bench', signer });
  const records = Array.from({ length: BLOCKS - 1 }, (_, i) => ({
    payload: utf8(`record ${i} `.padEnd(PAYLOAD_BYTES, '.')),
  }));
  await client.append(namespace, records, { signer, until: 'checkpoint' });
  return namespace;
}

async function measureOpenLoop(sandbox: Sandbox, cache: TestNode): Promise<void> {
  const ask = async (rate: number): Promise<Load> => {
    const amount = ['--rate', String(rate), '--seconds', String(SECONDS)];
    const run = await sandbox.ok(['load', '--url', cache.url, ...amount, '--json']);
    const load = lastJson<Load>(run.out);
    if (load.failed > 0) throw new Error(`failed: ${JSON.stringify(load.problems)}`);
    return load;
  };
  await ask(WARM_UP_RATE);
  for (const rate of RATES) {
    const before = cpuSeconds(cache);
    const { perSecond, latencyMs, arrived } = await ask(rate);
    const used = cpuSeconds(cache) - before;
    const name = `cache in front of a node, ${rate} requests/s asked for`;
    const target = { value: TARGET_PER_SECOND };
    printResult(
      compare({ name: `${name}: answered`, unit: 'requests/s', value: perSecond, target }),
    );
    for (const [part, value] of Object.entries({ p50: latencyMs.p50, p99: latencyMs.p99 })) {
      printResult(compare({ name: `${name}: ${part}`, unit: 'ms', value, better: 'lower' }));
    }
    const value = arrived / used;
    printResult(compare({ name: `${name}: cost`, unit: 'requests/CPU-s', value }));
  }
}

async function measureHits(cache: TestNode, namespace: NamespaceId): Promise<void> {
  const { hash } = await createClient({ url: cache.url }).get({ namespace, index: 7 });
  const cases = { block: `/blocks/${toHex(hash)}`, tile: `/ns/${namespace}/tile/0/000` };
  for (const [what, path] of Object.entries(cases)) {
    const answer = await fetch(cache.url + path, { headers: { 'accept-encoding': 'identity' } });
    const body = new Uint8Array(await answer.arrayBuffer());
    const nginx = await startStaticNginx({ body });
    try {
      const port = Number(new URL(cache.url).port);
      const ours = { port, paths: [path], cpuSeconds: async () => cpuSeconds(cache) };
      const theirs = nginx === undefined ? [] : [{ ...nginx, paths: ['/body'] }];
      const [value = Number.NaN, other] = await compareServers([ours, ...theirs]);
      const name = `cache hit, ${what} of ${body.length} B`;
      const peer =
        other === undefined ? {} : { peer: { name: 'nginx, the same bytes', value: other } };
      printResult(compare({ name, unit: 'requests/CPU-s', value, ...peer }));
    } finally {
      await nginx?.stop();
    }
  }
}

function cpuSeconds({ child }: TestNode): number {
  return processCpuSeconds(child.pid ?? 0) ?? Number.NaN;
}

using sandbox = new Sandbox();
const origin = await startTestNode(sandbox);
const namespace = await fill(origin.url);
const cache = await startTestNode(sandbox, ['--role', 'cache', '--upstream', origin.url]);
await measureOpenLoop(sandbox, cache);
await measureHits(cache, namespace);
await cache.stop();
await origin.stop();
