import { type BasicStrategy, fromUtf8, type RoutableRecord, type Strategy } from '@basalt/protocol';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

/** Which fields of a record decide its shard. */
export interface ShardSpec {
  readonly topic: string | undefined;
  readonly region: string | undefined;
  readonly time: { readonly field: string; readonly seconds: number } | undefined;
}

/** Where a record belongs. */
export interface ShardPlace {
  readonly topic: string | undefined;
  readonly region: string | undefined;
  /** Unix seconds at which the time shard begins. */
  readonly epoch: number | undefined;
  readonly record: RoutableRecord;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * How far past this computer's clock a record's time may lie: local times that were written without
 * a zone are off by 14 hours at most. A later one is taken for a wrong unit. Its shard would close
 * all others of its topic and region, for good.
 */
const AHEAD_MS_MAX = 2 * 86_400_000;

/** Unix times from here on are milliseconds: as seconds they would lie after the year 5000. */
const MILLISECONDS_MIN = 100_000_000_000;

const HELP = 'for example --shard-by topic=sensor,region=site,time=at:1d';

/** `topic=FIELD,region=FIELD,time=FIELD:DURATION`, any of the three. @throws CliError `usage` */
export function parseShardSpec(text: string): ShardSpec {
  const found = new Map<string, string>();
  for (const part of text.split(',')) {
    const [, name, field] = /^(topic|region|time)=(.+)$/.exec(part.trim()) ?? [];
    if (name === undefined || field === undefined || found.has(name)) throw wrong(text);
    found.set(name, field);
  }
  const time = found.get('time');
  if (time === undefined) {
    return { topic: found.get('topic'), region: found.get('region'), time: undefined };
  }
  const [, field = '', count = '', unit = ''] = /^(.+):([1-9]\d{0,5})([smhd])$/.exec(time) ?? [];
  if (field === '') throw wrong(text);
  const seconds = Number(count) * (UNIT_SECONDS[unit] as number);
  return { topic: found.get('topic'), region: found.get('region'), time: { field, seconds } };
}

/** Which record this is, for errors, and when. */
export interface RecordMoment {
  /** From 1 on. */
  readonly position: number;
  readonly nowMs: number;
}

/**
 * Reads the fields of one record, a JSON object (a line of JSON, or a row of CSV). An absent topic
 * or region is `unknown`; a record without a time, or one of days to come, has no place.
 *
 * @throws CliError `not-routable`
 */
export function placeOf(spec: ShardSpec, payload: Uint8Array, moment: RecordMoment): ShardPlace {
  const fields = readObject(payload, moment.position);
  const topic = spec.topic === undefined ? undefined : nameOf(fields[spec.topic]);
  const region = spec.region === undefined ? undefined : nameOf(fields[spec.region]);
  const names = {
    ...(topic === undefined ? {} : { topic }),
    ...(region === undefined ? {} : { region }),
  };
  if (spec.time === undefined) return { topic, region, epoch: undefined, record: names };
  const { field, seconds } = spec.time;
  const timestampMs = timeOf(fields[field], field, moment);
  const epoch = Math.floor(timestampMs / 1_000 / seconds) * seconds;
  return { topic, region, epoch, record: { ...names, timestampMs } };
}

/** The strategy of a place: its parts in the order of the protocol. */
export function strategyOf(spec: ShardSpec, { topic, region, epoch }: ShardPlace): Strategy {
  const parts: BasicStrategy[] = [];
  if (region !== undefined) parts.push({ kind: 'geographic', region });
  if (topic !== undefined) parts.push({ kind: 'topic', topic });
  if (epoch !== undefined && spec.time !== undefined) {
    parts.push({ kind: 'temporal', epoch, durationSeconds: spec.time.seconds });
  }
  return parts.length === 1 ? (parts[0] as BasicStrategy) : { kind: 'nested', parts };
}

/** What the labels of all time shards of one topic and region begin with. */
export function lanePrefix(name: string, { topic, region }: ShardPlace): string {
  return [name, region, topic].filter((part) => part !== undefined).join('/');
}

/** Tells topics and regions apart. */
export function laneKey({ topic, region }: ShardPlace): string {
  return JSON.stringify([topic, region]);
}

export function labelOf(name: string, place: ShardPlace): string {
  const prefix = lanePrefix(name, place);
  if (place.epoch === undefined) return prefix;
  return timeLabel(prefix, place.epoch);
}

/** What a time shard is called; the lane alone where the epoch is no date. */
export function timeLabel(lane: string, epoch: number): string {
  const date = new Date(epoch * 1_000);
  if (Number.isNaN(date.getTime())) return lane;
  return `${lane}/${date.toISOString().replace('.000Z', 'Z')}`;
}

function readObject(payload: Uint8Array, position: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(fromUtf8(payload));
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Told below, as any other value that is no object.
  }
  const message = `record ${position} is no JSON object, so it has no fields to go by`;
  throw notRoutable(message, 'use lines of JSON or CSV');
}

/** A path of non-empty names, as strategies have them. */
function nameOf(value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const names = text.split('/').map((name) => name.trim());
  return names.filter((name) => name !== '').join('/') || 'unknown';
}

/** Unix milliseconds, whole. */
function timeOf(value: unknown, field: string, { position, nowMs }: RecordMoment): number {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value));
  const found = isNumber ? Number(value) : typeof value === 'string' ? Date.parse(value) : NaN;
  if (Number.isNaN(found) || found < 0) {
    throw notRoutable(`record ${position} has no time in "${field}"`, UNITS);
  }
  const unit = !isNumber ? 'a date' : found < MILLISECONDS_MIN ? 'seconds' : 'milliseconds';
  const timestampMs = Math.floor(unit === 'seconds' ? found * 1_000 : found);
  if (timestampMs <= nowMs + AHEAD_MS_MAX) return timestampMs;
  throw notRoutable(
    `record ${position} has ${String(value).slice(0, 40)} in "${field}", read as ${unit}: ` +
      'that lies more than two days past the clock of this computer',
    `${UNITS}, not microseconds; or is the clock of this computer behind?`,
  );
}

const UNITS = 'a time is in seconds, in milliseconds or in ISO 8601';

function notRoutable(message: string, hint: string): CliError {
  return new CliError(EXIT.usage, 'not-routable', message, hint);
}

function wrong(text: string): CliError {
  return new CliError(EXIT.usage, 'usage', `--shard-by "${text}" is not in form`, HELP);
}
