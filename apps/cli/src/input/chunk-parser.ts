import { concatBytes } from '@basalt/protocol';
import type { RecordParser } from './parser.ts';

/** Records of exactly `chunkBytes` bytes, the last one shorter. */
export function createChunkParser(chunkBytes: number): RecordParser {
  let held: Uint8Array[] = [];
  let heldBytes = 0;

  function flush(): Uint8Array {
    const record = held.length === 1 ? (held[0] as Uint8Array) : concatBytes(...held);
    held = [];
    heldBytes = 0;
    return record;
  }

  return {
    push(piece, records) {
      let start = 0;
      while (start < piece.length) {
        // A copy: `slice` of a Buffer would be a view of what the reader may use again.
        const part = new Uint8Array(piece.subarray(start, start + chunkBytes - heldBytes));
        held.push(part);
        heldBytes += part.length;
        start += part.length;
        if (heldBytes === chunkBytes) records.push(flush());
      }
    },
    end(records) {
      if (heldBytes > 0) records.push(flush());
    },
  };
}
