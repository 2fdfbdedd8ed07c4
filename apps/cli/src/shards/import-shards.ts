import type { Client } from '@basalt/client';
import {
  ALGORITHM,
  createRouter,
  createSigner,
  fromHex,
  type Hash32,
  type NamespaceId,
  type Router,
  type WriteConsistency,
} from '@basalt/protocol';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { RecordSource } from '../input/source.ts';
import type { AppendResult } from '../journal/append-source.ts';
import { SHARDS_OPEN_MAX } from '../limits.ts';
import { openJournal } from '../open-journal.ts';
import { keyNameOf } from '../open-namespace.ts';
import { findShardBefore, foundShard, type ShardOwner } from './found-shard.ts';
import {
  labelOf,
  lanePrefix,
  placeOf,
  type ShardPlace,
  type ShardSpec,
  strategyOf,
} from './shard-spec.ts';
import { ShardWriter } from './shard-writer.ts';

export interface ShardImport {
  readonly client: Client;
  readonly url: string;
  /** What all labels begin with. */
  readonly name: string;
  readonly keyName: string | undefined;
  readonly spec: ShardSpec;
  readonly again: boolean;
  readonly consistency: WriteConsistency;
  readonly onProgress: (now: { readonly records: number; readonly inputBytes: number }) => void;
}

/** What became of one shard in this run. */
export interface ShardResult {
  readonly namespace: NamespaceId;
  readonly label: string;
  /** Whether a later time shard has taken its place. */
  readonly isClosed: boolean;
  readonly result: AppendResult;
}

/** One topic in one region: its shards follow each other in time. */
interface Lane {
  writer: ShardWriter;
  epoch: number | undefined;
}

/**
 * Imports one stream into the namespaces that its records belong to. A router picks among the
 * shards that are open; a record that none of them fits opens one. Where time is a part, the shard
 * of an older time is closed first, so at any moment each topic and region has one open shard, and
 * a record that comes for a closed one stops the import.
 *
 * @throws CliError `not-routable`, `late-record`, `too-many-shards`; what `appendSource` throws
 */
export async function importShards(
  context: Context,
  source: RecordSource,
  options: ShardImport,
): Promise<ShardResult[]> {
  const owner = await openOwner(context, options);
  return await new ShardedImport(context, source, options, owner).run();
}

/** The key of all these shards, made at first use as for any namespace. */
async function openOwner(
  context: Context,
  { client, keyName, name }: ShardImport,
): Promise<ShardOwner> {
  const ownKey = keyName ?? keyNameOf(name);
  const quiet = context.keys({ unattended: true });
  if (!quiet.has(ownKey)) await quiet.create(ownKey, ALGORITHM.ed25519);
  const keys = context.keys();
  const signer = createSigner(await keys.open(ownKey), context.provider());
  const next = await keys.ensureBeside(ownKey, keys.nextName(ownKey));
  return { context, client, signer, nextKeyHash: fromHex(next.keyId) as Hash32 };
}

class ShardedImport {
  readonly #context: Context;
  readonly #source: RecordSource;
  readonly #options: ShardImport;
  readonly #owner: ShardOwner;
  readonly #lanes = new Map<string, Lane>();
  readonly #results: ShardResult[] = [];
  #router: Router = createRouter([]);
  #records = 0;
  #inputBytes = 0;

  constructor(context: Context, source: RecordSource, options: ShardImport, owner: ShardOwner) {
    this.#context = context;
    this.#source = source;
    this.#options = options;
    this.#owner = owner;
  }

  async run(): Promise<ShardResult[]> {
    const { signal } = this.#context;
    try {
      for await (const payloads of this.#source.read((count) => this.#count(count))) {
        for (const payload of payloads) {
          if (signal.aborted) break;
          await this.#take(payload);
        }
        if (signal.aborted) break;
        this.#report();
      }
    } finally {
      // What was read is settled, whatever has ended the stream.
      for (const lane of this.#lanes.values()) await this.#end(lane, false);
    }
    return this.#results;
  }

  async #take(payload: Uint8Array): Promise<void> {
    const place = placeOf(this.#options.spec, payload, ++this.#records);
    const namespace = this.#router.route(place.record);
    const lane = this.#lanes.get(laneKey(place));
    const isOpen = lane !== undefined && lane.writer.namespace === namespace;
    const writer = isOpen ? lane.writer : await this.#open(place, lane);
    await writer.push(payload);
  }

  async #open(place: ShardPlace, lane: Lane | undefined): Promise<ShardWriter> {
    const { name, spec, client, url, again, consistency } = this.#options;
    if (lane !== undefined && (lane.epoch ?? 0) >= (place.epoch ?? 0)) throw tooLate(this.#records);
    if (lane === undefined && this.#lanes.size >= SHARDS_OPEN_MAX) throw tooMany();
    const label = labelOf(name, place);
    const strategy = strategyOf(spec, place);
    let parent: NamespaceId | undefined;
    if (lane !== undefined) {
      await this.#end(lane, true);
      this.#lanes.delete(laneKey(place));
      parent = lane.writer.namespace;
    } else if (place.epoch !== undefined) {
      parent = await findShardBefore(this.#owner, lanePrefix(name, place), strategy);
    }
    const { signal } = this.#context;
    const namespace = await foundShard(this.#owner, { label, strategy, parent });
    const { signer } = this.#owner;
    const journal = await openJournal(
      this.#context,
      client,
      url,
      { namespace, label, signer },
      consistency,
    );
    const shard = { namespace, label, strategy };
    const writer = new ShardWriter(shard, this.#source, journal, { again, signal });
    this.#lanes.set(laneKey(place), { writer, epoch: place.epoch });
    this.#router = createRouter(
      Array.from(this.#lanes.values(), ({ writer: one }) => ({
        id: one.namespace,
        strategy: one.strategy,
      })),
    );
    return writer;
  }

  async #end({ writer }: Lane, isClosed: boolean): Promise<void> {
    const result = await writer.end();
    const { namespace, label } = writer;
    this.#results.push({ namespace, label, isClosed, result });
    if (result.refusal === undefined || !isClosed) return;
    throw new CliError(
      EXIT.refused,
      result.refusal.code,
      `the node refused block ${result.refusal.index} of ${label}: ${result.refusal.message}`,
      'what came before it is there; the same command goes on with this record',
    );
  }

  #count(bytes: number): void {
    this.#inputBytes += bytes;
  }

  #report(): void {
    this.#options.onProgress({ records: this.#records, inputBytes: this.#inputBytes });
  }
}

function laneKey({ topic, region }: ShardPlace): string {
  return JSON.stringify([topic, region]);
}

function tooLate(position: number): CliError {
  return new CliError(
    EXIT.refused,
    'late-record',
    `record ${position} belongs to a time shard that is closed`,
    'bring records in the order of their time, or choose longer shards',
  );
}

function tooMany(): CliError {
  return new CliError(
    EXIT.usage,
    'too-many-shards',
    `more than ${SHARDS_OPEN_MAX} topics and regions at once`,
    'choose fields with fewer values',
  );
}
