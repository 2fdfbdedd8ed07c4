// Stands where the kernel has its memory map: its hash imports these names for the memory of short
// inputs, which branches do not use.
export const HASH_CACHE_ENTRIES: u32 = 1;
export const HASH_CACHE_ENTRY_BYTES: usize = 128;
export const hashCache: usize = 6144;
