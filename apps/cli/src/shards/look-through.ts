import type { Clock } from '@basalt/protocol';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { RecordSource } from '../input/source.ts';
import { SHARDS_OPEN_MAX } from '../limits.ts';
import { lateRecord } from '../refused-block.ts';
import { laneKey, placeOf, type ShardPlace, type ShardSpec } from './shard-spec.ts';
import { untilAborted } from './until-aborted.ts';

/**
 * Follows the places of records in their order, and refuses what an import could not take. Shards
 * are made and closed for good, so an input that can be read twice is looked through before.
 */
export class PlaceOrder {
  readonly #spec: ShardSpec;
  readonly #clock: Clock;
  /** Newest time of each topic and region. */
  readonly #lanes = new Map<string, number>();
  #records = 0;

  constructor(spec: ShardSpec, clock: Clock) {
    this.#spec = spec;
    this.#clock = clock;
  }

  get records(): number {
    return this.#records;
  }

  /**
   * Where the next record belongs.
   *
   * @throws CliError `not-routable`, `late-record`, `too-many-shards`
   */
  next(payload: Uint8Array): ShardPlace {
    const moment = { position: ++this.#records, nowMs: this.#clock.nowMs() };
    const place = placeOf(this.#spec, payload, moment);
    const key = laneKey(place);
    const newest = this.#lanes.get(key);
    const epoch = place.epoch ?? 0;
    if (newest === undefined && this.#lanes.size >= SHARDS_OPEN_MAX) throw tooMany(this.#records);
    if (newest !== undefined && epoch < newest) {
      throw lateRecord(`record ${this.#records} belongs to a time shard that is closed`);
    }
    if (newest !== epoch) this.#lanes.set(key, epoch);
    return place;
  }
}

/** Reads all of a source that can be read again, and writes nothing. @throws as `PlaceOrder` */
export async function lookThrough(
  source: RecordSource,
  order: PlaceOrder,
  signal: AbortSignal,
): Promise<void> {
  for await (const payloads of untilAborted(
    source.read(() => undefined),
    signal,
  )) {
    for (const payload of payloads) order.next(payload);
  }
}

function tooMany(position: number): CliError {
  return new CliError(
    EXIT.usage,
    'too-many-shards',
    `record ${position} has one more topic and region than the ${SHARDS_OPEN_MAX} of an import`,
    'choose fields with fewer values, or import parts of it one after another',
  );
}
