/**
 * The server side of the bench, in a process of its own: `gateway` serves a ledger in memory,
 * `bare` is node:http that writes prepared fields and bytes and does nothing else. Talks over IPC:
 * says what it serves, then answers `cpu` with the CPU seconds it has used.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMetricsRegistry } from '@basalt/telemetry';
import { createGateway } from '../src/index.ts';
import { BLOCKS_TYPE } from '../src/media-types.ts';
import { ChainWriter, clock, createTestLedger, provider } from '../test/support/ledger.ts';

/** What a bare server answers, whatever it is asked. */
export interface BareAnswer {
  /** Names and values in turn. */
  readonly fields: string[];
  /** base64 */
  readonly body: string;
}

export interface ServedPaths {
  readonly port: number;
  readonly block: string;
  readonly tile: string;
  readonly bundle: string;
  readonly head: string;
  /** Many blocks, for reads that find nothing prepared. */
  readonly blocks: readonly string[];
}

const PAYLOAD_BYTES = 256;
const BLOCKS = 1_024;

async function serveGateway(cacheBytesMax: number): Promise<ServedPaths> {
  const ledger = await createTestLedger({ checkpointIntervalMs: 100, superEpochMs: 60_000 });
  const unlimited = { perSecond: 1e9, burst: 1e9 };
  const gateway = createGateway(
    { ledger, crypto: provider, clock, metrics: createMetricsRegistry() },
    { rateLoopback: unlimited, cacheBytesMax },
  );
  const { port } = await gateway.start();
  const chain = new ChainWriter(1, 'bench');
  for (let i = 1; i < BLOCKS; i++) chain.add(Buffer.alloc(PAYLOAD_BYTES, `${i} `));
  for (let from = 0; from < BLOCKS; from += 256) {
    const wires = chain.blocks.slice(from, from + 256).map((_, i) => chain.wire(from + i));
    const answer = await fetch(`http://127.0.0.1:${port}/blocks/batch`, {
      method: 'POST',
      headers: { 'content-type': BLOCKS_TYPE },
      body: Buffer.concat(wires),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
  await ledger.flush();
  return {
    port,
    block: `/blocks/${chain.hash(7)}`,
    tile: `/ns/${chain.namespace}/tile/0/000`,
    bundle: `/ns/${chain.namespace}/tile/entries/000`,
    head: `/chains/${chain.namespace}/head`,
    blocks: chain.hashes.map((_, i) => `/blocks/${chain.hash(i)}`),
  };
}

async function serveBare(answer: BareAnswer): Promise<number> {
  const body = Buffer.from(answer.body, 'base64');
  const server = createServer((_request, response) => {
    response.writeHead(200, answer.fields);
    response.end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

const send = (message: object): void => {
  process.send?.(message);
};

process.on('disconnect', () => process.exit(0));
process.on('message', (message: { kind: string; answer?: BareAnswer; cacheBytesMax?: number }) => {
  void (async () => {
    if (message.kind === 'cpu') {
      const { user, system } = process.cpuUsage();
      send({ kind: 'cpu', seconds: (user + system) / 1e6 });
    } else if (message.kind === 'gateway') {
      send({ kind: 'ready', ...(await serveGateway(message.cacheBytesMax ?? 64 * 2 ** 20)) });
    } else if (message.answer !== undefined) {
      send({ kind: 'ready', port: await serveBare(message.answer) });
    }
  })();
});
