/** Keys with a weight in bytes, least recently used first; tells which have to go. */
export class ByteLru<Value> {
  readonly #bytesMax: number;
  readonly #countMax: number;
  readonly #held = new Map<string, { readonly value: Value; readonly bytes: number }>();
  #bytes = 0;

  constructor(bytesMax: number, countMax: number = Infinity) {
    this.#bytesMax = bytesMax;
    this.#countMax = countMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#held.size;
  }

  has(key: string): boolean {
    return this.#held.has(key);
  }

  get(key: string): Value | undefined {
    const found = this.#held.get(key);
    if (found === undefined) return undefined;
    this.#held.delete(key);
    this.#held.set(key, found);
    return found.value;
  }

  /** @returns the keys that left for it, with their values; itself where it is too large */
  set(key: string, value: Value, bytes: number): [string, Value][] {
    this.delete(key);
    this.#held.set(key, { value, bytes });
    this.#bytes += bytes;
    const gone: [string, Value][] = [];
    for (const [oldest, { value: old }] of this.#held) {
      if (this.#bytes <= this.#bytesMax && this.#held.size <= this.#countMax) break;
      this.delete(oldest);
      gone.push([oldest, old]);
    }
    return gone;
  }

  delete(key: string): void {
    const found = this.#held.get(key);
    if (found === undefined) return;
    this.#bytes -= found.bytes;
    this.#held.delete(key);
  }
}
