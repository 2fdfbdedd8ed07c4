import type { Verified, VerifiedCheckpoint } from '@basalt/client';
import { formatDuration, formatUtc } from './numbers.ts';
import type { Terminal } from './terminal.ts';

export interface CheckLine {
  readonly name: string;
  /** undefined: not checked. A check that failed does not come this far. */
  readonly holds: true | undefined;
  readonly words: string;
}

/** A tick for what was checked and holds, a dash for what was not checked. */
export function formatChecks(terminal: Terminal, lines: readonly CheckLine[]): string[] {
  return lines.map(({ name, holds, words }) => {
    const mark = holds === true ? terminal.style('green', '✓') : terminal.style('dim', '–');
    const text = holds === true ? words : terminal.style('dim', words);
    return `  ${mark} ${name.padEnd(12)}${text}`;
  });
}

/** Who cosigned and when; how long ago that is tells whether something old is shown again. */
export function witnessLine(
  { witnesses, witnessedMs }: Pick<VerifiedCheckpoint, 'witnesses' | 'witnessedMs'>,
  nowMs: number,
): CheckLine {
  const who = `cosigned by ${witnesses.join(', ')}`;
  if (witnessedMs === undefined) return { name: 'witnesses', holds: true, words: who };
  const seconds = (nowMs - witnessedMs) / 1000;
  const age = seconds < 0 ? 'by a clock ahead of this one' : `${formatDuration(seconds)} ago`;
  const words = `${who}, the quorum at ${formatUtc(witnessedMs)}, ${age}`;
  return { name: 'witnesses', holds: true, words };
}

/** What a client checked about a block that a node served, in words. */
export function describeVerified(verified: Verified): CheckLine[] {
  const line = (name: string, holds: boolean, yes: string, no: string): CheckLine =>
    holds ? { name, holds, words: yes } : { name, holds: undefined, words: no };
  const from =
    verified.trust === 'pinned' ? 'the key you gave' : 'the key it had when first seen here';
  return [
    line('payload', verified.payloadHash, 'matches the hash in the block', 'not checked'),
    line('signature', verified.signature, 'good under the writer’s key', 'not checked'),
    line('writer', verified.writer, 'was the namespace’s writer then', 'not checked'),
    line('inclusion', verified.inclusion, 'the block is in the log’s tree', 'not checked yet'),
    line('checkpoint', verified.checkpoint, `the tree is signed by ${from}`, 'not checked'),
    line(
      'history',
      verified.consistency,
      'the log extends the one seen before',
      'first sight of this log',
    ),
  ];
}
