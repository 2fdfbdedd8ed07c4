import { OUTGOING_ADDRESS_SHARE, OUTGOING_COUNTED_BYTES_MIN } from './limits.ts';

/**
 * Bodies that are on their way to readers. A slow reader holds the one it reads in memory, so they
 * have a budget; one that several read at a time is one body and counts once.
 */
export class OutgoingBodies {
  readonly #bytesMax: number;
  /** Readers of each body, by the memory that it lies in. */
  readonly #readers = new Map<ArrayBufferLike, number>();
  /** Bytes by who reads them; entries end with their readers. */
  readonly #byAddress = new Map<string, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Counts a body, or counts nothing and answers false. Small ones are never counted.
   *
   * @param address of the reader; undefined for one that reads for many, a proxy on this machine
   */
  take({ buffer, length }: Uint8Array, address: string | undefined): boolean {
    if (length < OUTGOING_COUNTED_BYTES_MIN) return true;
    const held = address === undefined ? 0 : (this.#byAddress.get(address) ?? 0);
    // One body goes out whatever its size; it is the many that need a share.
    if (held > 0 && held + length > this.#bytesMax / OUTGOING_ADDRESS_SHARE) return false;
    const readers = this.#readers.get(buffer) ?? 0;
    if (readers === 0) {
      if (this.#bytes + buffer.byteLength > this.#bytesMax) return false;
      this.#bytes += buffer.byteLength;
    }
    this.#readers.set(buffer, readers + 1);
    if (address !== undefined) this.#byAddress.set(address, held + length);
    return true;
  }

  /** One reader of a body that was taken has got it, or has gone. */
  give({ buffer, length }: Uint8Array, address: string | undefined): void {
    if (length < OUTGOING_COUNTED_BYTES_MIN) return;
    if (address !== undefined) {
      const left = (this.#byAddress.get(address) ?? 0) - length;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    }
    const readers = this.#readers.get(buffer) ?? 0;
    if (readers > 1) {
      this.#readers.set(buffer, readers - 1);
      return;
    }
    if (this.#readers.delete(buffer)) this.#bytes -= buffer.byteLength;
  }
}
