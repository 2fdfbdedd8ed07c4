import { compareBytes } from '@basalt/protocol';
import type { Row } from '../engine.ts';

/** Rows of one piece: long enough to search fast, short enough to insert by moving what follows. */
const PIECE_ROWS_MAX = 512;

/** Rows in key order, kept in pieces, so that a write costs the same in a large table. */
export class SortedRows {
  /** Never an empty piece. */
  #pieces: Row[][] = [];

  get(key: Uint8Array): Uint8Array | undefined {
    const piece = this.#pieces[this.#pieceOf(key)];
    if (piece === undefined) return undefined;
    const row = piece[lowerBound(piece, key)];
    return row !== undefined && compareBytes(row.key, key) === 0 ? row.value : undefined;
  }

  set(row: Row): void {
    const index = Math.max(0, this.#pieceOf(row.key));
    const piece = this.#pieces[index];
    if (piece === undefined) {
      this.#pieces.push([row]);
      return;
    }
    const at = lowerBound(piece, row.key);
    const found = piece[at];
    if (found !== undefined && compareBytes(found.key, row.key) === 0) {
      piece[at] = row;
      return;
    }
    piece.splice(at, 0, row);
    if (piece.length <= PIECE_ROWS_MAX) return;
    // A table that grows at its end keeps full pieces.
    const isLast = index === this.#pieces.length - 1 && at === piece.length - 1;
    this.#pieces.splice(index + 1, 0, piece.splice(isLast ? at : piece.length >>> 1));
  }

  delete(key: Uint8Array): void {
    const index = this.#pieceOf(key);
    const piece = this.#pieces[index];
    if (piece === undefined) return;
    const at = lowerBound(piece, key);
    const found = piece[at];
    if (found === undefined || compareBytes(found.key, key) !== 0) return;
    piece.splice(at, 1);
    if (piece.length === 0) this.#pieces.splice(index, 1);
  }

  /** First row at or above a key; above it when `after`. */
  above(key: Uint8Array | undefined, after: boolean): Row | undefined {
    if (key === undefined) return this.#pieces[0]?.[0];
    let index = Math.max(0, this.#pieceOf(key));
    let piece = this.#pieces[index];
    if (piece === undefined) return undefined;
    let at = lowerBound(piece, key);
    const found = piece[at];
    if (after && found !== undefined && compareBytes(found.key, key) === 0) at++;
    if (at < piece.length) return piece[at];
    index++;
    piece = this.#pieces[index];
    return piece?.[0];
  }

  /** Last row below a key, or of all. */
  below(key: Uint8Array | undefined): Row | undefined {
    if (key === undefined) return this.#pieces.at(-1)?.at(-1);
    const index = this.#pieceOf(key);
    const piece = this.#pieces[index];
    if (piece === undefined) return undefined;
    const at = lowerBound(piece, key);
    return at > 0 ? piece[at - 1] : this.#pieces[index - 1]?.at(-1);
  }

  copy(): SortedRows {
    const copied = new SortedRows();
    copied.#pieces = this.#pieces.map((piece) => [...piece]);
    return copied;
  }

  /** The last piece that begins at or below the key; -1: the key lies below all. */
  #pieceOf(key: Uint8Array): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#pieces[middle]?.[0] as Row;
      if (compareBytes(first.key, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Position of the first row whose key is not below `key`. */
function lowerBound(rows: readonly Row[], key: Uint8Array): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes((rows[middle] as Row).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
