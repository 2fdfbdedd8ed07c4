import type { KeyId, NamespaceId } from '../brands.ts';
import { toHex } from '../bytes.ts';
import { type BasicStrategy, type Strategy, strategyParts } from './strategy.ts';

/** What is known of a record before it has a namespace; each field is matched where it is given. */
export interface RoutableRecord {
  readonly writer?: KeyId;
  /** Path such as `eu/de/berlin`; matches namespaces of `eu`, `eu/de` and `eu/de/berlin`. */
  readonly region?: string;
  /** Path such as `metrics/cpu`. */
  readonly topic?: string;
  readonly timestampMs?: number;
  /** u32. */
  readonly shardKey?: number;
}

export interface RoutedNamespace {
  readonly id: NamespaceId;
  readonly strategy: Strategy;
}

export interface Router {
  /** The namespace that fits a record most closely, or undefined where none does. */
  route(record: RoutableRecord): NamespaceId | undefined;
}

/** What a strategy looks at; namespaces of one shape share one look-up table. */
interface Shape {
  readonly hasWriter: boolean;
  /** Names in the region path; 0 for any region. */
  readonly regionDepth: number;
  readonly topicDepth: number;
  /** 0 for any time. */
  readonly durationSeconds: number;
  readonly hasShard: boolean;
}

interface Candidate {
  readonly id: NamespaceId;
  readonly epoch: number;
  readonly start: number;
  readonly end: number;
}

interface ShapeTable extends Shape {
  readonly partCount: number;
  /** Candidates by writer, region and topic. */
  readonly candidates: Map<string, Candidate[]>;
}

const SHARD_KEYS = 2 ** 32;

/**
 * Finds namespaces for records. A namespace fits when every part of its strategy matches; of those
 * that fit, the one wins with, in this order: more parts; a writer; a longer region; a longer
 * topic; a shorter duration; a narrower shard range; a later epoch; the smaller id. So the answer
 * does not depend on the order of the list. Cost: one look-up per distinct shape of strategy, then
 * a scan of the namespaces that differ in epoch or shard range only.
 */
export function createRouter(namespaces: readonly RoutedNamespace[]): Router {
  const tables = new Map<string, ShapeTable>();
  for (const { id, strategy } of namespaces) addNamespace(tables, id, strategyParts(strategy));
  for (const table of tables.values()) {
    for (const candidates of table.candidates.values()) candidates.sort(byCloseness);
  }
  const ordered = [...tables.values()].sort(bySpecificity);
  return {
    route(record) {
      const region = record.region?.split('/') ?? [];
      const topic = record.topic?.split('/') ?? [];
      let best: { table: ShapeTable; candidate: Candidate } | undefined;
      for (const table of ordered) {
        if (best !== undefined && bySpecificity(best.table, table) !== 0) break;
        const candidate = findCandidate(table, record, region, topic);
        if (candidate === undefined) continue;
        if (best === undefined || byCloseness(candidate, best.candidate) < 0) {
          best = { table, candidate };
        }
      }
      return best?.candidate.id;
    },
  };
}

function addNamespace(
  tables: Map<string, ShapeTable>,
  id: NamespaceId,
  parts: readonly BasicStrategy[],
): void {
  let writer = '';
  let region: readonly string[] = [];
  let topic: readonly string[] = [];
  let epoch = 0;
  let durationSeconds = 0;
  let range = { start: 0, end: SHARD_KEYS };
  let hasShard = false;
  for (const part of parts) {
    if (part.kind === 'per-writer') writer = toHex(part.writer);
    else if (part.kind === 'geographic') region = part.region.split('/');
    else if (part.kind === 'topic') topic = part.topic.split('/');
    else if (part.kind === 'temporal') ({ epoch, durationSeconds } = part);
    else {
      range = part.range;
      hasShard = true;
    }
  }
  const shape: Shape = {
    hasWriter: writer !== '',
    regionDepth: region.length,
    topicDepth: topic.length,
    durationSeconds,
    hasShard,
  };
  const shapeKey = JSON.stringify(shape);
  const table = tables.get(shapeKey) ?? {
    ...shape,
    partCount: parts.length,
    candidates: new Map<string, Candidate[]>(),
  };
  tables.set(shapeKey, table);
  const key = placeKey(writer, region, topic);
  const candidates = table.candidates.get(key) ?? [];
  candidates.push({ id, epoch, ...range });
  table.candidates.set(key, candidates);
}

function findCandidate(
  table: ShapeTable,
  record: RoutableRecord,
  region: readonly string[],
  topic: readonly string[],
): Candidate | undefined {
  const { writer, timestampMs, shardKey } = record;
  if (table.hasWriter && writer === undefined) return undefined;
  if (table.regionDepth > region.length || table.topicDepth > topic.length) return undefined;
  if (table.durationSeconds > 0 && timestampMs === undefined) return undefined;
  if (table.hasShard && shardKey === undefined) return undefined;
  const key = placeKey(
    table.hasWriter && writer !== undefined ? toHex(writer) : '',
    region.slice(0, table.regionDepth),
    topic.slice(0, table.topicDepth),
  );
  return table.candidates.get(key)?.find((candidate) => {
    if (table.durationSeconds > 0) {
      const offsetMs = (timestampMs as number) - candidate.epoch * 1000;
      if (offsetMs < 0 || offsetMs >= table.durationSeconds * 1000) return false;
    }
    if (!table.hasShard) return true;
    return (shardKey as number) >= candidate.start && (shardKey as number) < candidate.end;
  });
}

/** Lists, because names may hold any character but the slash. */
function placeKey(writer: string, region: readonly string[], topic: readonly string[]): string {
  return JSON.stringify([writer, region.join('/'), topic.join('/')]);
}

function bySpecificity(a: ShapeTable, b: ShapeTable): number {
  const duration = (table: ShapeTable): number => table.durationSeconds || Number.MAX_VALUE;
  return (
    b.partCount - a.partCount ||
    Number(b.hasWriter) - Number(a.hasWriter) ||
    b.regionDepth - a.regionDepth ||
    b.topicDepth - a.topicDepth ||
    Math.sign(duration(a) - duration(b))
  );
}

function byCloseness(a: Candidate, b: Candidate): number {
  return a.end - a.start - (b.end - b.start) || b.epoch - a.epoch || (a.id < b.id ? -1 : 1);
}
