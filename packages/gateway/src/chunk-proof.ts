import {
  CHUNK_BYTES,
  type HashFunction,
  inclusionProof,
  leafHash,
  nodeHash,
} from '@basalt/protocol';

/** Chunks whose paths fit a header field: 8 paths of at most 10 hashes are 3.5 KB of base64. */
export const CHUNK_PROOFS_MAX = 8;

/**
 * Makes the value of `Basalt-Chunk-Proof` for parts of one payload with hash kind 1: base64 of,
 * for each chunk that lies wholly in the part, in order, u8 path length and that many hashes of 32
 * bytes (leaf to root, RFC 6962). Index and number of the chunks follow from the range. A reader
 * checks each with `verifyChunk` of the protocol.
 *
 * @returns a function of the part's start and end that gives undefined where no whole chunk, or
 *   more than 8, lie in it; the leaf hashes are computed once, at the first call
 */
export function createChunkProver(
  payload: Uint8Array,
  hash: HashFunction,
): (start: number, end: number) => string | undefined {
  let levels: readonly (readonly Uint8Array[])[] | undefined;
  const chunks = Math.ceil(payload.length / CHUNK_BYTES);
  return (start, end) => {
    const first = Math.ceil(start / CHUNK_BYTES);
    // The last chunk may be short: it is whole when the part reaches the end.
    const last = end === payload.length ? chunks : Math.floor(end / CHUNK_BYTES);
    if (last <= first || last - first > CHUNK_PROOFS_MAX) return undefined;
    levels ??= completeNodes(payload, hash);
    const nodes = levels;
    const parts: Uint8Array[] = [];
    for (let index = first; index < last; index++) {
      const path = inclusionProof(
        index,
        chunks,
        (level, position) => nodes[level]?.[position] as never,
        hash,
      );
      parts.push(Uint8Array.of(path.length), ...path);
    }
    return Buffer.concat(parts).toString('base64');
  };
}

/** All complete nodes by level: what an inclusion path of RFC 6962 is computed from. */
function completeNodes(payload: Uint8Array, hash: HashFunction): Uint8Array[][] {
  const leaves: Uint8Array[] = [];
  for (let start = 0; start < payload.length; start += CHUNK_BYTES) {
    leaves.push(leafHash(payload.subarray(start, start + CHUNK_BYTES), hash));
  }
  const levels = [leaves];
  for (let level = leaves; level.length > 1; ) {
    const above: Uint8Array[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      above.push(nodeHash(level[i] as Uint8Array, level[i + 1] as Uint8Array, hash));
    }
    levels.push(above);
    level = above;
  }
  return levels;
}
