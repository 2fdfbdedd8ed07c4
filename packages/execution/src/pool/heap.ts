/**
 * A binary heap: the item that `isBefore` puts before all others on top. Items know their place
 * (`place`), so one that changed is moved in O(log n).
 */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #place: (item: T, index: number) => void;

  /** @param place told where an item lies, -1 when it lies in the heap no more */
  constructor(isBefore: (a: T, b: T) => boolean, place: (item: T, index: number) => void) {
    this.#isBefore = isBefore;
    this.#place = place;
  }

  get size(): number {
    return this.#items.length;
  }

  get top(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
    this.#up(item, this.#items.length - 1);
  }

  pop(): T | undefined {
    const { top } = this;
    if (top !== undefined) this.removeAt(0);
    return top;
  }

  removeAt(index: number): void {
    const item = this.#items[index];
    const last = this.#items.pop();
    if (item === undefined || last === undefined) return;
    this.#place(item, -1);
    if (index >= this.#items.length) return;
    this.#items[index] = last;
    this.#place(last, index);
    this.moved(index);
  }

  /** The item at this place is another, or compares in another way. */
  moved(index: number): void {
    const item = this.#items[index];
    if (item === undefined) return;
    if (this.#up(item, index) === index) this.#down(item, index);
  }

  #up(item: T, from: number): number {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#items[above] as T;
      if (!this.#isBefore(item, parent)) break;
      this.#set(index, parent);
      index = above;
    }
    this.#set(index, item);
    return index;
  }

  #down(item: T, from: number): void {
    const { length } = this.#items;
    let index = from;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= length) break;
      let child = this.#items[below] as T;
      const right = this.#items[below + 1];
      if (right !== undefined && this.#isBefore(right, child)) {
        child = right;
        below++;
      }
      if (!this.#isBefore(child, item)) break;
      this.#set(index, child);
      index = below;
    }
    this.#set(index, item);
  }

  #set(index: number, item: T): void {
    this.#items[index] = item;
    this.#place(item, index);
  }
}
