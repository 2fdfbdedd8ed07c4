/** What a case came to, in one form for both engines, and how two of them differ. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { AccountDump } from '../src/state/memory-state.ts';
import type { Log } from '../src/types.ts';

export type Outcome = RefusedOutcome | IncludedOutcome;

export interface RefusedOutcome {
  readonly included: false;
  readonly reason: string;
}

export interface IncludedOutcome {
  readonly included: true;
  readonly end: 'success' | 'revert' | 'exception';
  readonly gasUsed: bigint;
  readonly output: Uint8Array;
  readonly logs: readonly Log[];
  /** The whole state after the transaction. */
  readonly state: readonly AccountDump[];
}

/** Every difference in one line each; empty when there is none. */
export function differences(ours: Outcome, theirs: Outcome): string[] {
  if (!ours.included || !theirs.included) {
    if (ours.included === theirs.included) return [];
    const [one, other] = [ours, theirs].map((each) => (each.included ? 'ran' : each.reason));
    return [`ours ${one}, theirs ${other}`];
  }
  const found: string[] = [];
  const compare = (what: string, one: unknown, other: unknown): void => {
    if (one !== other) found.push(`${what}: ours ${String(one)}, theirs ${String(other)}`);
  };
  compare('end', ours.end, theirs.end);
  compare('gas used', ours.gasUsed, theirs.gasUsed);
  compare('output', bytesToHex(ours.output), bytesToHex(theirs.output));
  compare('logs', ours.logs.map(describeLog).join('; '), theirs.logs.map(describeLog).join('; '));
  const [one, other] = [ours.state, theirs.state].map(describeState) as [
    Map<string, string>,
    Map<string, string>,
  ];
  for (const address of new Set([...one.keys(), ...other.keys()])) {
    compare(address, one.get(address), other.get(address));
  }
  return found;
}

function describeState(state: readonly AccountDump[]): Map<string, string> {
  return new Map(
    state.map(({ address, account, storage }) => {
      const slots = storage
        .map(({ slot, value }) => `${bytesToHex(slot)}=${bytesToHex(value)}`)
        .sort()
        .map((line) => line.replaceAll(/0{8,}/g, '..'));
      const code = bytesToHex(account.codeHash).slice(0, 16);
      const { nonce, balance } = account;
      const text = `nonce ${nonce} balance ${balance} code ${code} storage ${slots.join(' ')}`;
      return [bytesToHex(address), text];
    }),
  );
}

export function describeLog({ address, topics, data }: Log): string {
  return [address, ...topics, data].map(bytesToHex).join(' ');
}
