import { type Fork, isAtLeast } from '@basalt/evm';
import type { BlockHeader } from '../block/types.ts';

/** Yellow Paper, section 4.4.4: the least difficulty, and the steps as a part of the parent's. */
const DIFFICULTY_MIN = 131_072n;
const DIFFICULTY_DIVISOR = 2_048n;
/** The bomb doubles every so many blocks. */
const BOMB_PERIOD = 100_000n;
/** Seconds between blocks up to which difficulty rises: Frontier, Homestead, Byzantium. */
const FRONTIER_SECONDS = 13n;
const HOMESTEAD_SECONDS = 10n;
const BYZANTIUM_SECONDS = 9n;
const STEPS_DOWN_MAX = -99n;

/** What the difficulty of a block is made of. */
export interface DifficultyRules {
  readonly fork: Fork;
  /** Blocks by which the bomb is late (EIP-649 and its successors). */
  readonly bombDelay: bigint;
  /** Whether the parent names ommers (EIP-100). */
  readonly parentHasOmmers: boolean;
}

/** Difficulty of a block by proof of work (Yellow Paper, eq. 42 to 47; EIP-2, EIP-100, EIP-649). */
export function difficultyAfter(
  parent: BlockHeader,
  timestamp: bigint,
  { fork, bombDelay, parentHasOmmers }: DifficultyRules,
): bigint {
  const number = parent.number + 1n;
  const step = parent.difficulty / DIFFICULTY_DIVISOR;
  const seconds = timestamp - parent.timestamp;
  let steps: bigint;
  if (isAtLeast(fork, 'byzantium')) {
    steps = atLeast((parentHasOmmers ? 2n : 1n) - seconds / BYZANTIUM_SECONDS, STEPS_DOWN_MAX);
  } else if (isAtLeast(fork, 'homestead')) {
    steps = atLeast(1n - seconds / HOMESTEAD_SECONDS, STEPS_DOWN_MAX);
  } else {
    steps = seconds < FRONTIER_SECONDS ? 1n : -1n;
  }
  const lateNumber = number > bombDelay ? number - bombDelay : 0n;
  const period = lateNumber / BOMB_PERIOD;
  const bomb = period > 1n ? 2n ** (period - 2n) : 0n;
  // Some clients raise to the least before they add the bomb; the specification does it after.
  return atLeast(parent.difficulty + steps * step + bomb, DIFFICULTY_MIN);
}

function atLeast(value: bigint, least: bigint): bigint {
  return value > least ? value : least;
}
