/** Branded scalars: an id of one kind cannot be passed where another is meant. */
declare const brand: unique symbol;

export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** 32 bytes of SHA-256 (or BLAKE3 where the payload hash kind says so). */
export type Hash32 = Brand<Uint8Array, 'Hash32'>;

/** 32 bytes that name a block: SHA-256 of tag and header, without the signature. */
export type BlockHash = Hash32 & { readonly __block?: true };

/** Canonical lower-case UUID text, 36 characters, e.g. `6f1c0e8a-...`. */
export type NamespaceId = Brand<string, 'NamespaceId'>;

/** 32 bytes: SHA-256 of the algorithm id (u16 big-endian) and the public key. */
export type KeyId = Hash32 & { readonly __key?: true };
