import { type AccessListEntry, FORK_RULES, type Tracer } from '@basalt/evm';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { haltMessage } from '../errors.ts';
import { ACCESS_LIST_ROUNDS_MAX } from '../limits.ts';
import { toWord } from '../params/hex.ts';
import type { Services } from '../services.ts';
import { contractAddress } from '../views/receipt.ts';
import { type CallContext, runCall } from './call-context.ts';
import type { Message } from './message.ts';

export interface AccessListResult {
  readonly accessList: readonly AccessListEntry[];
  readonly gasUsed: bigint;
  /** Why the call failed with this list, in words. */
  readonly error: string | undefined;
}

/**
 * Addresses and slots that a message touches beside those that are warm anyway (EIP-2930). A list
 * changes what gas is left, so the message runs until its list is that of the run before.
 */
export function createAccessList(
  services: Services,
  context: CallContext,
  message: Message,
): AccessListResult {
  let accessList = message.accessList;
  for (let round = 0; ; round++) {
    const touched = new Touched(context, message, accessList);
    const tracer = touched.tracer();
    const result = runCall(services, context, { ...message, accessList }, { tracer });
    const next = touched.entries();
    if (isSame(accessList, next) || round >= ACCESS_LIST_ROUNDS_MAX) {
      const error = result.halt === undefined ? undefined : haltMessage(result.halt);
      return { accessList: next, gasUsed: result.gasUsed, error };
    }
    accessList = next;
  }
}

/** Opcodes by what they touch: a slot, the address on top, the address below the gas. */
const SLOTS = new Set([0x54, 0x55]);
const TOP_ADDRESSES = new Set([0x31, 0x3b, 0x3c, 0x3f, 0xff]);
const CALLEES = new Set([0xf1, 0xf2, 0xf4, 0xfa]);
const ADDRESS_MASK = (1n << 160n) - 1n;

class Touched {
  readonly #excluded = new Set<string>();
  /** Slots by address, both in hexadecimal, in the order in which they were met. */
  readonly #entries = new Map<string, Set<string>>();

  constructor(context: CallContext, message: Message, given: readonly AccessListEntry[]) {
    const { evm, overlay, environment } = context;
    const exclude = (address: Uint8Array): void => {
      this.#excluded.add(bytesToHex(address));
    };
    exclude(message.from);
    const nonce = overlay.readAccount(message.from)?.nonce ?? 0n;
    exclude(message.to ?? contractAddress(message.from, nonce));
    const rules = FORK_RULES[evm.fork];
    if (rules.warmsCoinbase) exclude(environment.coinbase);
    for (const number of rules.precompiles) exclude(toWord(BigInt(number)).subarray(12));
    for (const each of message.authorizations ?? []) {
      if (each.authority !== undefined) exclude(each.authority);
    }
    for (const { address, slots } of given) {
      const key = bytesToHex(address);
      if (!this.#excluded.has(key)) this.#slotsOf(key);
      for (const slot of slots) this.#slotsOf(key).add(bytesToHex(slot));
    }
  }

  tracer(): Tracer {
    return {
      onStep: (step) => {
        const { opcode } = step;
        const isSlot = SLOTS.has(opcode);
        if (!isSlot && !TOP_ADDRESSES.has(opcode) && !CALLEES.has(opcode)) return;
        const stack = step.stack();
        const item = CALLEES.has(opcode) ? stack.at(-2) : stack.at(-1);
        if (item === undefined) return;
        if (isSlot) this.#slotsOf(bytesToHex(step.address)).add(word(item, 64));
        else this.#addAddress(word(item & ADDRESS_MASK, 40));
      },
    };
  }

  entries(): AccessListEntry[] {
    return [...this.#entries].map(([address, slots]) => ({
      address: hexToBytes(address),
      slots: [...slots].map(hexToBytes),
    }));
  }

  #addAddress(key: string): void {
    if (!this.#excluded.has(key)) this.#slotsOf(key);
  }

  #slotsOf(key: string): Set<string> {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const made = new Set<string>();
    this.#entries.set(key, made);
    return made;
  }
}

function word(value: bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function isSame(one: readonly AccessListEntry[], other: readonly AccessListEntry[]): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf(entries: readonly AccessListEntry[]): string {
  return entries
    .map(({ address, slots }) => `${bytesToHex(address)}:${slots.map(bytesToHex).sort().join()}`)
    .sort()
    .join(' ');
}
