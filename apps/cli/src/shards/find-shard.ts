import { ClientError } from '@basalt/client';
import {
  decodeGenesis,
  equalBytes,
  type GenesisPayload,
  keyId,
  type NamespaceId,
  type Strategy,
  strategyParts,
} from '@basalt/protocol';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ShardOwner } from './found-shard.ts';
import type { KnownShard, ShardMemory } from './shard-memory.ts';
import { timeLabel } from './shard-spec.ts';

/** What decides which time shard a new one follows. */
export interface WantedShard {
  /** What the labels of its topic and region begin with, without the last slash. */
  readonly lane: string;
  readonly label: string;
  readonly strategy: Strategy;
}

interface Candidate extends KnownShard {
  /** Unix seconds, from the label. */
  readonly epoch: number;
}

/**
 * Finds our time shards again. The search of a node is an index that lags behind, and the parent is
 * part of a shard's id: so the list of all namespaces is walked, once for an import, and what this
 * computer remembers is added. Labels are anybody's word: one counts whose genesis block, verified,
 * names our key, the same place, and the label that this import would give it.
 */
export class ShardFinder {
  readonly #owner: ShardOwner;
  readonly #name: string;
  readonly #memory: ShardMemory;
  #listed: Promise<Map<string, KnownShard[]>> | undefined;

  /** @param name what all labels of the import begin with */
  constructor(owner: ShardOwner, name: string, memory: ShardMemory) {
    this.#owner = owner;
    this.#name = name;
    this.#memory = memory;
  }

  /**
   * The parent of this shard: as it was founded with, or the newest of ours before it.
   *
   * @throws CliError `lost-blocks` where the node has less of one than was seen there before
   */
  async parentOf(wanted: WantedShard): Promise<NamespaceId | undefined> {
    const candidates = await this.#candidates(wanted.lane);
    for (const candidate of candidates) {
      if (candidate.label !== wanted.label) continue;
      const genesis = await this.#verified(candidate, wanted.strategy);
      if (genesis === undefined) continue;
      if (durationOf(genesis.strategy) === durationOf(wanted.strategy)) return genesis.parent;
    }
    const epoch = epochOf(wanted.strategy) ?? 0;
    const before = candidates.filter((one) => one.epoch < epoch);
    before.sort((a, b) => b.epoch - a.epoch);
    for (const candidate of before) {
      if ((await this.#verified(candidate, wanted.strategy)) !== undefined) {
        return candidate.namespace;
      }
    }
    return undefined;
  }

  /** Keeps a shard, durably: to be called before it is founded. */
  async remember(lane: string, shard: KnownShard): Promise<void> {
    await this.#memory.add(lane, shard);
    const listed = await this.#list();
    listed.set(lane, [...(listed.get(lane) ?? []), shard]);
  }

  async #candidates(lane: string): Promise<Candidate[]> {
    const listed = (await this.#list()).get(lane) ?? [];
    const all = new Map<NamespaceId, Candidate>();
    for (const { namespace, label } of [...(await this.#memory.read(lane)), ...listed]) {
      const epoch = Date.parse(label.slice(lane.length + 1)) / 1_000;
      if (label === timeLabel(lane, epoch)) all.set(namespace, { namespace, label, epoch });
    }
    return [...all.values()];
  }

  /** What may be a time shard of this import, by lane. */
  #list(): Promise<Map<string, KnownShard[]>> {
    this.#listed ??= this.#walk();
    return this.#listed;
  }

  async #walk(): Promise<Map<string, KnownShard[]>> {
    const lanes = new Map<string, KnownShard[]>();
    for await (const { namespace, label } of this.#owner.client.namespaces()) {
      if (!label.startsWith(`${this.#name}/`)) continue;
      const lane = label.slice(0, label.lastIndexOf('/'));
      const shards = lanes.get(lane);
      if (shards === undefined) lanes.set(lane, [{ namespace, label }]);
      else shards.push({ namespace, label });
    }
    return lanes;
  }

  /** The genesis where it is ours, of this label and place; undefined for anything else. */
  async #verified(candidate: Candidate, strategy: Strategy): Promise<GenesisPayload | undefined> {
    const { client, context, signer } = this.#owner;
    const own = keyId(signer.algorithm, signer.publicKey, context.provider().sha256);
    try {
      const { block } = await client.get({ namespace: candidate.namespace, index: 0 });
      if (!equalBytes(block.entry.header.keyId, own) || block.payload === undefined) return;
      const genesis = decodeGenesis(block.payload);
      const isOurs =
        genesis.label === candidate.label &&
        epochOf(genesis.strategy) === candidate.epoch &&
        placeKey(genesis.strategy) === placeKey(strategy);
      return isOurs ? genesis : undefined;
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (isNoShard(error)) return undefined;
      throw error.code === 'out-of-range' ? lostBlocks(candidate) : error;
    }
  }
}

/**
 * Not there, or not what it says it is. A node that is away or busy says nothing about it; and one
 * whose log is older than what was seen of it, or another one, has our shard and hides a part.
 */
function isNoShard({ kind, code }: ClientError): boolean {
  if (kind === 'refused') return !NOT_ONE_LOG.has(code);
  return kind === 'rejected' && NOT_THERE.has(code);
}

const NOT_ONE_LOG: ReadonlySet<string> = new Set([
  'inconsistent-checkpoint',
  'stale-checkpoint',
  'clock-skew',
]);

const NOT_THERE: ReadonlySet<string> = new Set(['unknown-namespace', 'not-found', 'unknown-block']);

function lostBlocks({ namespace, label }: KnownShard): CliError {
  return new CliError(
    EXIT.refused,
    'lost-blocks',
    `the node has less of the time shard ${label} (${namespace}) than this computer saw of it ` +
      'before: it was set back to an older copy, or it hides blocks',
    'nothing was signed: bring the node’s newest data back, or import under another name',
  );
}

function temporalPart(strategy: Strategy) {
  const part = strategyParts(strategy).find(({ kind }) => kind === 'temporal');
  return part?.kind === 'temporal' ? part : undefined;
}

function epochOf(strategy: Strategy): number | undefined {
  return temporalPart(strategy)?.epoch;
}

function durationOf(strategy: Strategy): number | undefined {
  return temporalPart(strategy)?.durationSeconds;
}

function placeKey(strategy: Strategy): string {
  return JSON.stringify(strategyParts(strategy).filter(({ kind }) => kind !== 'temporal'));
}
