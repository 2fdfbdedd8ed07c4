import { PAYLOAD_TYPE } from '@basalt/protocol';
import { DAY_MS } from './limits.ts';
import type { RetentionPolicy, RetentionRule } from './policy.ts';

/** What a decision about a block needs to know of its namespace. */
export interface ChainFacts {
  readonly namespace: string;
  readonly label: string;
  readonly size: number;
  /** Size of the newest checkpoint that has left the process; 0 before the first. */
  readonly coveredSize: number;
  /** Blocks that the newest checkpoint payload in the chain covers; 0 where there is none. */
  readonly confirmedSize: number;
  /** A fork was proven: everything stays until it is resolved. */
  readonly isFrozen: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

export interface BlockFacts {
  readonly index: number;
  readonly payloadType: number;
  /** Bytes. */
  readonly payloadLength: number;
  readonly timestampMs: number;
}

/** Without these nobody could tell who may sign; the ledger keeps copies beside the log as well. */
const KEY_TYPES: readonly number[] = [
  PAYLOAD_TYPE.namespaceGenesis,
  PAYLOAD_TYPE.keyRotation,
  PAYLOAD_TYPE.recovery,
];

/** Whether the policy lets the payload of a block go now. */
export function mayGo(policy: RetentionPolicy, chain: ChainFacts, block: BlockFacts): boolean {
  if (chain.isFrozen || block.index >= Math.min(chain.coveredSize, chain.size)) return false;
  switch (policy.mode) {
    case 'none':
      return false;
    case 'keep-headers':
      return true;
    case 'after-checkpoint':
      return block.index < chain.confirmedSize;
    case 'keep-recent': {
      const { blocks, days } = policy;
      if (blocks !== undefined && block.index >= chain.size - blocks) return false;
      return days === undefined || isOlder(block, chain, days);
    }
    case 'selective': {
      if (KEY_TYPES.includes(block.payloadType)) return false;
      const rule = policy.rules.find((each) => fits(each, chain, block));
      return (rule?.action ?? policy.otherwise) === 'prune';
    }
  }
}

/** What goes under such a policy is always a beginning of the log. */
export function isPrefixPolicy(policy: RetentionPolicy): boolean {
  return policy.mode !== 'selective';
}

function fits(rule: RetentionRule, chain: ChainFacts, block: BlockFacts): boolean {
  const { namespaces, payloadTypes, bytesMin, bytesMax, olderThanDays } = rule;
  const { payloadType, payloadLength } = block;
  if (
    namespaces?.some((each) => each === chain.namespace || each === chain.label) === false ||
    payloadTypes?.some(([from, to]) => from <= payloadType && payloadType <= to) === false
  ) {
    return false;
  }
  return (
    payloadLength >= (bytesMin ?? 0) &&
    payloadLength <= (bytesMax ?? Number.POSITIVE_INFINITY) &&
    (olderThanDays === undefined || isOlder(block, chain, olderThanDays))
  );
}

function isOlder(block: BlockFacts, chain: ChainFacts, days: number): boolean {
  return block.timestampMs < chain.nowMs - days * DAY_MS;
}
