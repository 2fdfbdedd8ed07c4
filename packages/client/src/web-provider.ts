import {
  ALGORITHM,
  type CryptoProvider,
  createProvider,
  equalBytes,
  type PlainAlgorithmId,
  type SignatureSuite,
} from '@basalt/protocol';
import type { KeyedClaim, ProviderSource } from './options.ts';

/** What is used of Web Cryptography. */
export type SubtleLike = Pick<SubtleCrypto, 'importKey' | 'verify'>;

export interface WebProviderOptions {
  /** `crypto.subtle`; undefined on pages that are neither https nor on this machine. */
  readonly subtle: SubtleLike | undefined;
  /** Loads a provider that decides by itself, when the browser cannot or says no. */
  readonly load: (algorithm: PlainAlgorithmId) => Promise<CryptoProvider>;
}

/**
 * Checks Ed25519 signatures with the browser's own code and loads other code only where that is not
 * enough, which keeps a page small.
 *
 * The rule is that of the node: what a strict implementation accepts is valid, what it refuses is
 * decided by ZIP 215. So a browser's yes is taken (with the bound on `s` checked here, because old
 * implementations did not), and its no is never the last word.
 */
export function createWebProvider(options: WebProviderOptions): ProviderSource {
  const hashes = createProvider('hashes', []);
  return async (algorithm, claims = []) => {
    if (claims.length === 0) return hashes;
    const { subtle } = options;
    if (algorithm !== ALGORITHM.ed25519 || subtle === undefined) return options.load(algorithm);
    const answers = await Promise.all(claims.map((claim) => isAccepted(subtle, claim)));
    if (!answers.every(Boolean)) return options.load(algorithm);
    return { ...hashes, name: 'web', suite: () => acceptedOnly(claims) };
  };
}

async function isAccepted(subtle: SubtleLike, claim: KeyedClaim): Promise<boolean> {
  const { publicKey, message, signature } = claim;
  if (signature.length !== 64 || !isBelowOrder(signature.subarray(32))) return false;
  try {
    const key = await subtle.importKey('raw', publicKey.slice(), 'Ed25519', false, ['verify']);
    return await subtle.verify('Ed25519', key, signature.slice(), message.slice());
  } catch {
    return false; // no Ed25519 in this browser, or a key that it does not read
  }
}

/** Order of the group, big-endian: 2^252 + 27742317777372353535851937790883648493. */
const ORDER: readonly number[] = [
  0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6,
  0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed,
];

function isBelowOrder(littleEndian: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = (littleEndian[31 - i] as number) - (ORDER[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** A suite that knows the answer for these very signatures and says no to everything else. */
function acceptedOnly(claims: readonly KeyedClaim[]): SignatureSuite {
  const cannot = (): never => {
    throw new Error('this suite only verifies');
  };
  return {
    id: ALGORITHM.ed25519,
    name: 'Ed25519',
    seedBytes: 32,
    publicKeyBytes: 32,
    secretKeyBytes: 32,
    signatureBytes: 64,
    keyPairFromSeed: cannot,
    sign: cannot,
    verify: (signature, message, publicKey) =>
      claims.some(
        (claim) =>
          equalBytes(claim.signature, signature) &&
          equalBytes(claim.message, message) &&
          equalBytes(claim.publicKey, publicKey),
      ),
  };
}
