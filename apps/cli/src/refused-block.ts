import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Refusal } from './journal/journal.ts';

const GOES_ON = 'what came before it is there; the same command goes on with this record';

const HINTS: Readonly<Record<string, string>> = {
  'head-moved':
    'somebody else writes with this key: one writer per namespace; run the command again',
  'namespace-closed': 'its last block is there: append to the namespace that continues it',
  'too-far-in-future':
    'the clock of this computer is probably wrong (`basalt doctor --url` of the node compares ' +
    `them): set it right; ${GOES_ON}`,
};

/** What an append ends with where the node refused a block. */
export function refusedBlock({ index, code, message }: Refusal): CliError {
  const text = `the node refused block ${index}: ${message}`;
  return new CliError(EXIT.refused, code, text, HINTS[code] ?? GOES_ON);
}

/** The same in a sharded import, where a closed namespace is a time that is over. */
export function refusedInShard({ index, code, message }: Refusal, label: string): CliError {
  if (code === 'namespace-closed') {
    return lateRecord(`a record belongs to ${label}, a time shard that is closed`);
  }
  const text = `the node refused block ${index} of ${label}: ${message}`;
  return new CliError(EXIT.refused, code, text, HINTS[code] ?? GOES_ON);
}

/** A record of a time that a later one has closed. */
export function lateRecord(what: string): CliError {
  return new CliError(
    EXIT.refused,
    'late-record',
    what,
    'bring records in the order of their time, choose longer shards, or import under another name',
  );
}
