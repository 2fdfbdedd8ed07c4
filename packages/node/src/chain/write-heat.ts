import type { ExecutedBlock } from '@basalt/execution';
import { toHex } from '@basalt/protocol';
import type { HeatEntry, HeatMap } from '@basalt/telemetry';

/**
 * One write of so many is counted, as so many: counting one takes about half a microsecond. A
 * transfer of ERC-20 writes three or four: 0.07 to 0.2 us, less than half a percent of its block.
 */
const WRITES_PER_SAMPLE = 8;
/** Of one block, about: 0.3 ms with the count of a block of 4,000 transfers. */
const SAMPLES_MAX = 256;
/** Slots below this are variables of a contract, told one by one; others lie at hashes. */
const NUMBERED_SLOT_BYTES = 2;

type Changes = ExecutedBlock['changes'];

/** Which parts of the state are written most, from a sample of what blocks change. */
export class WriteHeat {
  readonly #map: HeatMap;
  /** Writes before the next that is counted; goes on from block to block. */
  #gap = 0;
  #state = 1;

  constructor(map: HeatMap) {
    this.#map = map;
  }

  /** Accounts and slots that a block has changed. */
  wrote(changes: Changes): void {
    let writes = changes.length;
    for (const { storage } of changes) writes += storage.length;
    const step = Math.max(WRITES_PER_SAMPLE, Math.ceil(writes / SAMPLES_MAX));
    // An account takes one place, its slots the ones after it.
    let next = this.#gap;
    let at = 0;
    for (const { address, storage } of changes) {
      if (next === at) {
        this.#map.touch(`0x${toHex(address)} account`, step);
        next += this.#nextGap(step);
      }
      const first = at + 1;
      at = first + storage.length;
      for (; next < at; next += this.#nextGap(step)) {
        const slot = storage[next - first]?.slot;
        if (slot !== undefined) this.#map.touch(`0x${toHex(address)} ${prefixOf(slot)}`, step);
      }
    }
    this.#gap = next - writes;
  }

  /** 1 to 2 * step - 1, on average `step`: blocks that are alike must not hide a place for ever. */
  #nextGap(step: number): number {
    // Numerical Recipes; only its upper bits are used.
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return 1 + Math.floor((this.#state / 2 ** 32) * (2 * step - 1));
  }

  top(count: number): HeatEntry[] {
    return this.#map.top(count);
  }
}

/** `0x05` for slot 5, `0xa7..` for a slot at a hash that begins with a7. */
function prefixOf(slot: Uint8Array): string {
  const numberFrom = slot.length - NUMBERED_SLOT_BYTES;
  for (let i = 0; i < numberFrom; i++) {
    if (slot[i] !== 0) return `0x${toHex(slot.subarray(0, 1))}..`;
  }
  const number = ((slot[numberFrom] as number) << 8) | (slot[numberFrom + 1] as number);
  return `0x${number.toString(16).padStart(2, '0')}`;
}
