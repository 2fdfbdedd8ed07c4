import type { BlockFacts, ChainFacts } from './decide.ts';
import { mayGo } from './decide.ts';
import { DAY_MS } from './limits.ts';
import type { RetentionPolicy } from './policy.ts';

/**
 * What a block costs beside its entry and payload: its leaf in the tile of level 0 and its share of
 * those above (32 + 32/255 bytes), and its place in the hash index (24).
 */
const PER_BLOCK_BYTES = 56;

export interface GrowthForecast {
  /** Blocks per day in the sample. */
  readonly blocksPerDay: number;
  /** What stays for ever under the policy: bytes per day, before compression. */
  readonly bytesPerDay: number;
  /** What would without one. */
  readonly bytesPerDayUnpruned: number;
  /** Payload bytes that stand at any time though they will go; undefined where rules decide. */
  readonly standingBytes: number | undefined;
}

/**
 * Growth if the days to come are like the sample: every block of it is judged as it will be judged
 * when it is old and covered. `spanMs` is the time that the sample stands for.
 */
export function forecastGrowth(
  policy: RetentionPolicy,
  chain: ChainFacts,
  sample: readonly (BlockFacts & { readonly entryBytes: number })[],
  spanMs: number,
): GrowthForecast {
  const later: ChainFacts = {
    ...chain,
    isFrozen: false,
    size: Number.POSITIVE_INFINITY,
    coveredSize: Number.POSITIVE_INFINITY,
    // Without checkpoints in the chain none are to be expected.
    confirmedSize: chain.confirmedSize > 0 ? Number.POSITIVE_INFINITY : 0,
    nowMs: Number.POSITIVE_INFINITY,
  };
  let [headers, payloads, kept] = [0, 0, 0];
  for (const block of sample) {
    headers += block.entryBytes + PER_BLOCK_BYTES;
    payloads += block.payloadLength;
    if (!mayGo(policy, later, block)) kept += block.payloadLength;
  }
  const perDay = spanMs > 0 ? DAY_MS / spanMs : 0;
  const average = sample.length === 0 ? 0 : payloads / sample.length;
  return {
    blocksPerDay: sample.length * perDay,
    bytesPerDay: (headers + kept) * perDay,
    bytesPerDayUnpruned: (headers + payloads) * perDay,
    standingBytes: standing(policy, average, payloads * perDay),
  };
}

function standing(
  policy: RetentionPolicy,
  average: number,
  payloadBytesPerDay: number,
): number | undefined {
  if (policy.mode === 'selective') return undefined;
  if (policy.mode !== 'keep-recent') return 0;
  // A block stays while either holds, so the larger of the two stands.
  return Math.max((policy.blocks ?? 0) * average, (policy.days ?? 0) * payloadBytesPerDay);
}
