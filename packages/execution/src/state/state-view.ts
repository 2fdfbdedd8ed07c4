import type { Account } from '@basalt/evm';
import type { StateView } from './types.ts';

/** What a view asks; the world knows whether the block still is where the view thinks. */
export interface ViewSource {
  readAccountAt(view: BlockView, address: Uint8Array): Account | undefined;
  readStorageAt(view: BlockView, address: Uint8Array, slot: Uint8Array): Uint8Array;
  readCodeAt(view: BlockView, codeHash: Uint8Array): Uint8Array;
  hasStorageAt(view: BlockView, address: Uint8Array): boolean;
}

/** The state after one block of one history: a block made anew after a rewind is another. */
export class BlockView implements StateView {
  readonly number: number;
  readonly #source: ViewSource;
  /** Rewinds there had been when the view was made; the source moves it on. */
  rewinds: number;

  constructor(source: ViewSource, number: number, rewinds: number) {
    this.#source = source;
    this.number = number;
    this.rewinds = rewinds;
  }

  readAccount(address: Uint8Array): Account | undefined {
    return this.#source.readAccountAt(this, address);
  }

  readStorage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    return this.#source.readStorageAt(this, address, slot);
  }

  readCode(codeHash: Uint8Array): Uint8Array {
    return this.#source.readCodeAt(this, codeHash);
  }

  hasStorage(address: Uint8Array): boolean {
    return this.#source.hasStorageAt(this, address);
  }
}
