/** Bytes of a hash; a node of fewer bytes stands in its parent as it is (appendix D). */
export const HASH_BYTES = 32;

/** RLP of a branch of 16 hashes: a list header of 3, 16 times 33, an empty value. */
export const BRANCH_BYTES_MAX: number = 3 + 16 * 33 + 1;
