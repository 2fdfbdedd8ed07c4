import type { Clock } from '@basalt/protocol';
import { refusal } from './errors.ts';
import { CLOCK_SKEW_MS_MAX } from './limits.ts';
import type { VerifiedCheckpoint } from './types.ts';

/** How old a checkpoint may be, by which clock. */
export interface Freshness {
  readonly clock: Clock;
  /** Without it any age will do. */
  readonly staleAfterSeconds: number | undefined;
}

/**
 * That the quorum has cosigned a checkpoint not too long ago. Signatures stay good for ever, so an
 * old checkpoint that is shown again holds in every other way.
 *
 * @throws ClientError kind `refused`: `stale-checkpoint`; `clock-skew` for a time that has not come
 */
export function requireFresh(
  { witnessedMs = 0 }: Pick<VerifiedCheckpoint, 'witnessedMs'>,
  { clock, staleAfterSeconds }: Freshness,
): void {
  if (staleAfterSeconds === undefined) return;
  const ageMs = clock.nowMs() - witnessedMs;
  const facts = { witnessedMs, ageMs, staleAfterSeconds };
  if (ageMs < -CLOCK_SKEW_MS_MAX) {
    throw refusal('clock-skew', 'the witnesses signed later than this clock says it is', facts);
  }
  if (ageMs <= 1000 * staleAfterSeconds) return;
  throw refusal(
    'stale-checkpoint',
    `the witnesses cosigned this checkpoint ${Math.round(ageMs / 1000)} s ago, more than the ` +
      `${staleAfterSeconds} s that were asked for: nothing newer is shown here`,
    facts,
  );
}
