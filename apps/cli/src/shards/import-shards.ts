import type { Client } from '@basalt/client';
import {
  ALGORITHM,
  assert,
  createRouter,
  createSigner,
  fromHex,
  type Hash32,
  keyId,
  type NamespaceId,
  type Router,
  type Strategy,
  toHex,
  type WriteConsistency,
} from '@basalt/protocol';
import type { Context } from '../context.ts';
import type { RecordSource } from '../input/source.ts';
import type { AppendResult } from '../journal/append-source.ts';
import { openJournal } from '../open-journal.ts';
import { keyNameOf } from '../open-namespace.ts';
import { refusedInShard } from '../refused-block.ts';
import { ShardFinder } from './find-shard.ts';
import { foundShard, type ShardOwner } from './found-shard.ts';
import { lookThrough, PlaceOrder } from './look-through.ts';
import { ShardMemory } from './shard-memory.ts';
import {
  labelOf,
  laneKey,
  lanePrefix,
  type ShardPlace,
  type ShardSpec,
  strategyOf,
} from './shard-spec.ts';
import { ShardWriter, WriterStopped } from './shard-writer.ts';
import { untilAborted } from './until-aborted.ts';

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
 * a record that comes for a closed one stops the import. What can be read twice is looked through
 * first, and where it holds such a record nothing is made.
 *
 * @throws CliError `not-routable`, `late-record`, `too-many-shards`; what `appendSource` throws
 */
export async function importShards(
  context: Context,
  source: RecordSource,
  options: ShardImport,
): Promise<ShardResult[]> {
  const { clock, signal } = context;
  if (!source.once) await lookThrough(source, new PlaceOrder(options.spec, clock), signal);
  const owner = await openOwner(context, options);
  return await new ShardedImport(context, source, options, owner).run();
}

/** The key of all these shards, made at first use as for any namespace. */
async function openOwner(
  context: Context,
  { client, url, keyName, name }: ShardImport,
): Promise<ShardOwner> {
  const ownKey = keyName ?? keyNameOf(name);
  const quiet = context.keys({ unattended: true });
  if (!quiet.has(ownKey)) await quiet.create(ownKey, ALGORITHM.ed25519);
  const keys = context.keys();
  const signer = createSigner(await keys.open(ownKey), context.provider());
  const next = await keys.ensureBeside(ownKey, keys.nextName(ownKey));
  return { context, client, url, signer, nextKeyHash: fromHex(next.keyId) as Hash32 };
}

class ShardedImport {
  readonly #context: Context;
  readonly #source: RecordSource;
  readonly #options: ShardImport;
  readonly #owner: ShardOwner;
  readonly #finder: ShardFinder;
  readonly #lanes = new Map<string, Lane>();
  readonly #results: ShardResult[] = [];
  #router: Router = createRouter([]);
  readonly #order: PlaceOrder;
  #inputBytes = 0;

  constructor(context: Context, source: RecordSource, options: ShardImport, owner: ShardOwner) {
    this.#context = context;
    this.#source = source;
    this.#options = options;
    this.#owner = owner;
    this.#order = new PlaceOrder(options.spec, context.clock);
    const { signer } = owner;
    const own = keyId(signer.algorithm, signer.publicKey, context.provider().sha256);
    const memory = new ShardMemory(context.home.journals, `${options.url} ${toHex(own)}`);
    this.#finder = new ShardFinder(owner, options.name, memory);
  }

  async run(): Promise<ShardResult[]> {
    const { signal } = this.#context;
    const failures: unknown[] = [];
    try {
      const pieces = this.#source.read((count) => this.#count(count));
      for await (const payloads of untilAborted(pieces, signal)) {
        for (const payload of payloads) {
          if (signal.aborted) break;
          await this.#take(payload);
        }
        if (signal.aborted) break;
        this.#report();
      }
    } catch (error) {
      // A writer that stopped says why when it is ended.
      if (!(error instanceof WriterStopped)) failures.push(error);
    }
    // What was read is settled and every lock let go, whatever has ended the stream.
    const ends = Array.from(this.#lanes.values(), (lane) => this.#end(lane, false));
    for (const end of await Promise.allSettled(ends)) {
      if (end.status === 'rejected') failures.push(end.reason);
    }
    if (failures.length > 0) throw failures[0];
    return this.#results;
  }

  async #take(payload: Uint8Array): Promise<void> {
    const place = this.#order.next(payload);
    const namespace = this.#router.route(place.record);
    const lane = this.#lanes.get(laneKey(place));
    const isOpen = lane !== undefined && lane.writer.namespace === namespace;
    const writer = isOpen ? lane.writer : await this.#open(place, lane);
    await writer.push(payload);
  }

  async #open(place: ShardPlace, lane: Lane | undefined): Promise<ShardWriter> {
    const { name, spec, client, url, again, consistency } = this.#options;
    assert(lane?.epoch !== place.epoch || lane === undefined, 'a lane routes to its open shard');
    const label = labelOf(name, place);
    const strategy = strategyOf(spec, place);
    if (lane !== undefined) {
      this.#lanes.delete(laneKey(place));
      await this.#end(lane, true);
    }
    const namespace = await this.#found(place, label, strategy);
    const { signer } = this.#owner;
    const journal = await openJournal(
      this.#context,
      client,
      url,
      { namespace, label, signer },
      consistency,
    );
    const shard = { namespace, label, strategy };
    const { signal } = this.#context;
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

  async #found(place: ShardPlace, label: string, strategy: Strategy): Promise<NamespaceId> {
    const founding = { label, strategy, parent: undefined };
    if (place.epoch === undefined) return await foundShard(this.#owner, founding);
    const lane = lanePrefix(this.#options.name, place);
    const parent = await this.#finder.parentOf({ lane, label, strategy });
    const onId = (namespace: NamespaceId): Promise<void> =>
      this.#finder.remember(lane, { namespace, label });
    return await foundShard(this.#owner, { label, strategy, parent, onId });
  }

  async #end({ writer }: Lane, isClosed: boolean): Promise<void> {
    const result = await writer.end();
    const { namespace, label } = writer;
    // What an interrupt left out still belongs to this shard: it stays open.
    const isLeft = isClosed && result.interrupted && result.refusal === undefined;
    this.#results.push({ namespace, label, isClosed: isClosed && !isLeft, result });
    if (isLeft) throw new WriterStopped();
    if (result.refusal === undefined || !isClosed) return;
    throw refusedInShard(result.refusal, label);
  }

  #count(bytes: number): void {
    this.#inputBytes += bytes;
  }

  #report(): void {
    this.#options.onProgress({ records: this.#order.records, inputBytes: this.#inputBytes });
  }
}
