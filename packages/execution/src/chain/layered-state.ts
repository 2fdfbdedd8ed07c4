import type { Account, AccountChange } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { StateView } from '../state/types.ts';

const ZERO_WORD = new Uint8Array(32);
/** Questions after which looking through a layer costs more than indexing it. */
const SCANS_MAX = 16;
/** Changes up to which a layer is looked through always. */
const SMALL_LAYER = 8;

/** A state with changes on top of it, later layers over earlier ones. */
export interface LayeredState extends StateView {
  push(changes: readonly AccountChange[]): void;
  /** All changes pushed so far, in order. */
  changes(): AccountChange[];
}

/**
 * Lays changes over a state. Made for few questions over many changes (withdrawals and system calls
 * after thousands of transactions) and for many questions over few (what comes before them): a
 * layer is indexed only when it is large and asked often.
 */
export function createLayeredState(
  base: StateView,
  layers: readonly (readonly AccountChange[])[] = [],
): LayeredState {
  return new Layers(base, layers);
}

class Layers implements LayeredState {
  readonly #base: StateView;
  /** Newest first. */
  readonly #layers: Layer[] = [];

  constructor(base: StateView, layers: readonly (readonly AccountChange[])[]) {
    this.#base = base;
    for (const changes of layers) this.push(changes);
  }

  get number(): number {
    return this.#base.number;
  }

  push(changes: readonly AccountChange[]): void {
    if (changes.length > 0) this.#layers.unshift(new Layer(changes));
  }

  changes(): AccountChange[] {
    return this.#layers.toReversed().flatMap((layer) => layer.changes);
  }

  readAccount(address: Uint8Array): Account | undefined {
    for (const layer of this.#layers) {
      for (const change of layer.of(address)) return change.account;
    }
    return this.#base.readAccount(address);
  }

  readStorage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    for (const layer of this.#layers) {
      for (const { account, storage, storageCleared } of layer.of(address)) {
        const found = storage.findLast((each) => equalBytes(each.slot, slot));
        if (found !== undefined) return found.value;
        if (storageCleared || account === undefined) return ZERO_WORD;
      }
    }
    return this.#base.readStorage(address, slot);
  }

  readCode(codeHash: Uint8Array): Uint8Array {
    for (const { changes } of this.#layers) {
      for (const { code, account } of changes) {
        if (code !== undefined && account !== undefined && equalBytes(account.codeHash, codeHash)) {
          return code;
        }
      }
    }
    return this.#base.readCode(codeHash);
  }

  hasStorage(address: Uint8Array): boolean {
    for (const layer of this.#layers) {
      for (const { account, storage, storageCleared } of layer.of(address)) {
        if (storage.some(({ value }) => value.some((byte) => byte !== 0))) return true;
        if (storageCleared || account === undefined) return false;
      }
    }
    return this.#base.hasStorage(address);
  }
}

class Layer {
  readonly changes: readonly AccountChange[];
  /** Changes by address in hex, newest first; undefined until it pays. */
  #index: Map<string, AccountChange[]> | undefined;
  #scans = 0;

  constructor(changes: readonly AccountChange[]) {
    this.changes = changes;
  }

  /** Changes of one account, newest first. */
  of(address: Uint8Array): readonly AccountChange[] {
    if (this.#index !== undefined) return this.#index.get(bytesToHex(address)) ?? [];
    if (this.changes.length > SMALL_LAYER && ++this.#scans > SCANS_MAX) {
      this.#index = indexOf(this.changes);
      return this.of(address);
    }
    const found: AccountChange[] = [];
    for (let index = this.changes.length - 1; index >= 0; index--) {
      const change = this.changes[index];
      if (change !== undefined && equalBytes(change.address, address)) found.push(change);
    }
    return found;
  }
}

function indexOf(changes: readonly AccountChange[]): Map<string, AccountChange[]> {
  const index = new Map<string, AccountChange[]>();
  for (const change of changes) {
    const key = bytesToHex(change.address);
    const found = index.get(key);
    if (found === undefined) index.set(key, [change]);
    else found.unshift(change);
  }
  return index;
}
