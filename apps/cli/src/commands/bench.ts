import { randomBytes } from 'node:crypto';
import type { Client } from '@basalt/client';
import {
  ALGORITHM,
  type Block,
  type ChainTip,
  createBlock,
  createBlocks,
  createSigner,
  type NamespaceId,
  PAYLOAD_TYPE,
  type Signer,
  tipAfter,
} from '@basalt/protocol';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { BATCH_BLOCKS_MAX, RECORD_BYTES_MAX } from '../limits.ts';
import { fetchFrom } from '../node-api.ts';
import {
  addExamples,
  addNodeOptions,
  type NodeOptions,
  parseBytes,
  parsePositive,
} from '../options.ts';
import { formatBytes, formatCount } from '../view/numbers.ts';
import { Progress } from '../view/progress.ts';
import { formatTable } from '../view/table.ts';

interface Options extends NodeOptions {
  readonly seconds: number;
  readonly writers: number;
  readonly batch: number;
  readonly payload: number;
  readonly merkleSigned?: boolean;
}

/** Bounds of a load test on somebody's node: it cannot be taken back, a log only grows. */
const SECONDS_MAX = 3_600;
const WRITERS_MAX = 256;
/** Hashes that the reading part draws from. */
const SAMPLE_MAX = 10_000;

export function benchCommand(context: Context): Command {
  const command = new Command('bench')
    .description(
      'Measure a running node: some seconds of appends, each batch answered after the sync, then ' +
        'some seconds of reads. It makes namespaces named "bench" with keys that are thrown ' +
        'away; a log only grows, so use a node for tests. The client’s own work is in the figures.',
    )
    .addOption(new Option('-s, --seconds <number>', 'per part').argParser(parsePositive).default(5))
    .addOption(
      new Option('-w, --writers <number>', 'at once, each with its own namespace')
        .argParser(parsePositive)
        .default(2),
    )
    .addOption(
      new Option('-b, --batch <blocks>', 'blocks per request')
        .argParser(parsePositive)
        .default(256),
    )
    .addOption(
      new Option('-p, --payload <size>', 'bytes per block').argParser(parseBytes).default(256),
    )
    .option('--merkle-signed', 'one signature per batch instead of one per block')
    .action((options: Options) => bench(context, options));
  return addExamples(addNodeOptions(command), [
    'basalt bench',
    'basalt bench --seconds 10 --writers 4 --payload 1K',
    'basalt bench --batch 1 --writers 64 --json',
  ]);
}

interface Measured {
  readonly name: string;
  readonly operations: number;
  readonly seconds: number;
  readonly bytes: number;
  /** Of each request, milliseconds. */
  readonly latenciesMs: number[];
}

async function bench(context: Context, options: Options): Promise<void> {
  const bounds: [string, number, number][] = [
    ['--seconds', options.seconds, SECONDS_MAX],
    ['--writers', options.writers, WRITERS_MAX],
    ['--batch', options.batch, BATCH_BLOCKS_MAX],
    ['--payload', options.payload, Math.floor(RECORD_BYTES_MAX / options.batch)],
  ];
  const over = bounds.find(([, value, max]) => value > max);
  if (over !== undefined) {
    const [name, value, max] = over;
    throw new CliError(EXIT.usage, 'usage', `${name} ${value} is above ${max}`, 'use less');
  }
  const client = await connect(context, { url: options.url });
  const sample: string[] = [];
  const written = await benchAppends(context, client, options, sample);
  const read = await benchReads(context, options, sample);
  report(context, options, [written, read]);
}

/** One chain with a key of its own. */
interface Writer {
  readonly namespace: NamespaceId;
  readonly signer: Signer;
  tip: ChainTip;
}

async function openWriter(context: Context, client: Client): Promise<Writer> {
  const suite = context.provider().suite(ALGORITHM.ed25519);
  const keyPair = suite.keyPairFromSeed(new Uint8Array(randomBytes(suite.seedBytes)));
  const signer = createSigner(keyPair, context.provider());
  const { namespace, genesis, hash } = await client.createNamespace({ label: 'bench', signer });
  return { namespace, signer, tip: tipAfter(genesis, hash) };
}

async function benchAppends(
  context: Context,
  client: Client,
  options: Options,
  sample: string[],
): Promise<Measured> {
  const { terminal, clock, signal } = context;
  const writers: Writer[] = [];
  for (let i = 0; i < options.writers; i++) writers.push(await openWriter(context, client));
  const progress = new Progress({ terminal, clock, label: 'appending', noun: 'block' });
  const latenciesMs: number[] = [];
  let operations = 0;
  const startMs = performance.now();
  const endMs = startMs + options.seconds * 1_000;
  const run = async (writer: Writer): Promise<void> => {
    while (performance.now() < endMs && !signal.aborted) {
      const blocks = signBatch(context, writer, options);
      const sentMs = performance.now();
      const outcomes = await client.submit(blocks, { until: 'durable' });
      latenciesMs.push(performance.now() - sentMs);
      const refused = outcomes.find(({ status }) => status === 'rejected');
      if (refused !== undefined) {
        const code = refused.code ?? 'refused';
        throw new CliError(EXIT.refused, code, `a block was refused: ${refused.message}`);
      }
      operations += blocks.length;
      const last = outcomes.at(-1);
      if (sample.length < SAMPLE_MAX && last !== undefined) sample.push(last.hash);
      progress.update({ count: operations });
    }
  };
  try {
    await Promise.all(writers.map(run));
  } finally {
    progress.end();
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const bytes = operations * options.payload;
  return { name: 'append', operations, seconds, bytes, latenciesMs };
}

function signBatch(context: Context, writer: Writer, options: Options): Block[] {
  const provider = context.provider();
  const timestampMs = Math.max(context.clock.nowMs(), writer.tip.timestampMs);
  const contents = Array.from({ length: options.batch }, () => ({
    timestampMs,
    payloadType: PAYLOAD_TYPE.opaque,
    payload: new Uint8Array(randomBytes(options.payload)),
  }));
  const { namespace, signer } = writer;
  const made =
    options.merkleSigned === true
      ? createBlocks({ namespace, tip: writer.tip, contents, signer, provider })
      : undefined;
  return contents.map((content, at) => {
    const created =
      made?.[at] ?? createBlock({ namespace, tip: writer.tip, ...content, signer, provider });
    writer.tip = tipAfter(created.block, created.hash);
    return created.block;
  });
}

async function benchReads(
  context: Context,
  options: Options,
  sample: readonly string[],
): Promise<Measured> {
  const { terminal, clock, signal } = context;
  const progress = new Progress({ terminal, clock, label: 'reading', noun: 'block' });
  const latenciesMs: number[] = [];
  let bytes = 0;
  const startMs = performance.now();
  const endMs = startMs + options.seconds * 1_000;
  let at = 0;
  const run = async (): Promise<void> => {
    while (performance.now() < endMs && !signal.aborted && sample.length > 0) {
      // A fixed stride visits all of them in an order that no read-ahead expects.
      at = (at + 7_919) % sample.length;
      const sentMs = performance.now();
      const answer = await fetchFrom(options.url, `/blocks/${sample[at]}`, '*/*', signal);
      bytes += (await answer.arrayBuffer()).byteLength;
      latenciesMs.push(performance.now() - sentMs);
      progress.update({ count: latenciesMs.length });
    }
  };
  try {
    await Promise.all(Array.from({ length: options.writers }, run));
  } finally {
    progress.end();
  }
  const seconds = (performance.now() - startMs) / 1_000;
  return { name: 'get block', operations: latenciesMs.length, seconds, bytes, latenciesMs };
}

function report({ screen }: Context, options: Options, parts: readonly Measured[]): void {
  const rows = parts.map((part) => {
    const sorted = part.latenciesMs.toSorted((a, b) => a - b);
    const percentile = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { ...part, p50Ms: percentile(0.5), p99Ms: percentile(0.99), maxMs: sorted.at(-1) ?? 0 };
  });
  if (options.json === true) {
    const { writers, batch, payload } = options;
    for (const { name, operations, seconds, bytes, p50Ms, p99Ms, maxMs } of rows) {
      const perSecond = operations / seconds;
      const shape = { writers, batch, payloadBytes: payload };
      screen.line(
        JSON.stringify({
          name,
          ...shape,
          operations,
          seconds,
          perSecond,
          bytes,
          p50Ms,
          p99Ms,
          maxMs,
        }),
      );
    }
    return;
  }
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const columns = [
    { title: 'what' },
    right('blocks'),
    right('blocks/s'),
    right('data/s'),
    right('p50 ms'),
    right('p99 ms'),
    right('max ms'),
  ];
  const cells = rows.map((row) => [
    row.name,
    formatCount(row.operations),
    formatCount(row.operations / row.seconds),
    formatBytes(Math.round(row.bytes / row.seconds)),
    row.p50Ms.toFixed(1),
    row.p99Ms.toFixed(1),
    row.maxMs.toFixed(1),
  ]);
  const [head = '', ...lines] = formatTable(columns, cells);
  screen.line(screen.style('dim', head));
  for (const line of lines) screen.line(line);
  screen.line(
    screen.style(
      'dim',
      `${options.writers} at once, ${options.batch} blocks of ${formatBytes(options.payload)} ` +
        'per append request; times are per request',
    ),
  );
}
