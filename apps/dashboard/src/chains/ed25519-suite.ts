import { type CryptoProvider, createProvider, ed25519Suite } from '@basalt/protocol';

/** Ed25519 in plain JavaScript; a file of its own, loaded on demand. */
export const ed25519Provider: CryptoProvider = createProvider('ed25519', [ed25519Suite]);
