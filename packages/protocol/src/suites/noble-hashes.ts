import { blake3 } from '@noble/hashes/blake3.js';
import type { PayloadHashes } from '../block/hash.ts';
import { sha256 } from '../tree/hash.ts';

/**
 * The hashes of this package without its signature suites: a default for whatever only hashes, so
 * that a page which checks proofs does not carry every algorithm with it.
 */
export const nobleHashes: PayloadHashes = { sha256, blake3: (data) => blake3(data) };
