import {
  ALGORITHM,
  type CryptoProvider,
  createCompositeSuite,
  type PlainAlgorithmId,
  ProtocolError,
  type SignatureSuite,
} from '@basalt/protocol';
import { sha256, sha512 } from '../hashing.ts';
import { createBlake3 } from '../kernel/blake3-kernel.ts';
import { createEd25519Kernel, type Ed25519Kernel } from '../kernel/ed25519-kernel.ts';
import { createP256Suite, createSecp256k1Suite } from './ecdsa.ts';
import { createEd25519Suite } from './ed25519.ts';
import { createMlDsa44Suite, createMlDsa65Suite } from './ml-dsa.ts';

/** `CryptoProvider` of the protocol, with the kernel that its batches use. */
export interface NativeProvider extends CryptoProvider {
  /** undefined where the kernel cannot be used; everything still works, one by one. */
  readonly kernel: Ed25519Kernel | undefined;
}

export interface NativeProviderOptions {
  /** For tests and for workers that bring their own: `undefined` means "without". */
  readonly kernel?: Ed25519Kernel | undefined;
}

/**
 * Every suite of the protocol on node:crypto, with noble where this Node lacks one (ML-DSA before
 * 24.7). Behaviour is that of `nobleProvider`, except that ECDSA and ML-DSA signing is randomised.
 * A provider owns its key caches and one kernel instance (1.7 MB): make one a thread and keep it.
 */
export function createNativeProvider(options?: NativeProviderOptions): NativeProvider {
  const kernel =
    options !== undefined && 'kernel' in options ? options.kernel : createEd25519Kernel();
  const ed25519 = createEd25519Suite(kernel);
  const mlDsa44 = createMlDsa44Suite();
  const suites: Readonly<Record<PlainAlgorithmId, SignatureSuite>> = {
    [ALGORITHM.ed25519]: ed25519,
    [ALGORITHM.ecdsaP256]: createP256Suite(),
    [ALGORITHM.mlDsa44]: mlDsa44,
    [ALGORITHM.ed25519MlDsa44]: createCompositeSuite(ed25519, mlDsa44),
    [ALGORITHM.mlDsa65]: createMlDsa65Suite(),
    [ALGORITHM.secp256k1]: createSecp256k1Suite(),
  };
  return {
    name: 'native',
    kernel,
    sha256,
    sha512,
    blake3: createBlake3(),
    suite(id) {
      const suite: SignatureSuite | undefined = suites[id];
      if (suite === undefined) {
        throw new ProtocolError('unknown-algorithm', 'expected a plain algorithm id, 1 to 6', {
          found: id,
        });
      }
      return suite;
    },
  };
}
