import { createNativeProvider, type NativeProvider } from '@basalt/crypto';
import {
  ALGORITHM,
  type Checkpoint,
  consistencyProof,
  createNoteSigner,
  createSigner,
  formatAddCheckpoint,
  type Hash32,
  type HashReader,
  leafHash,
  type NoteSigner,
  nodeHash,
  type Signer,
  signCheckpoint,
  treeRoot,
  utf8,
} from '@basalt/protocol';

/** One for all tests: native code, so that signing costs no time. */
export const provider: NativeProvider = createNativeProvider();

export function seededSigner(seed: number, algorithm: 1 | 3 = ALGORITHM.ed25519): Signer {
  const suite = provider.suite(algorithm);
  return createSigner(suite.keyPairFromSeed(new Uint8Array(32).fill(seed)), provider);
}

/** A log of numbered leaves; two of different `branch` agree below `forkAt` and differ above. */
export class FakeLog {
  readonly signer: NoteSigner;
  readonly #leaves: Hash32[];
  readonly #read: HashReader;

  constructor(origin: string, leaves = 64, branch = '', forkAt = 0, seed = 1) {
    this.signer = createNoteSigner(origin, seededSigner(seed));
    this.#leaves = Array.from({ length: leaves }, (_, i) =>
      leafHash(utf8(`leaf ${i}${i < forkAt ? '' : branch}`)),
    );
    this.#read = (level, index) => {
      if (level === 0) return this.#leaves[index] as Hash32;
      return nodeHash(this.#read(level - 1, 2 * index), this.#read(level - 1, 2 * index + 1));
    };
  }

  get origin(): string {
    return this.signer.key.name;
  }

  checkpoint(size: number): Checkpoint {
    return { origin: this.origin, size, root: treeRoot(size, this.#read) };
  }

  consistency(from: number, to: number): Hash32[] {
    return consistencyProof(from, to, this.#read);
  }

  /** Body of add-checkpoint from one size to another. */
  request(from: number, to: number): Uint8Array {
    const proof = from === 0 || from > to ? [] : this.consistency(from, to);
    const note = signCheckpoint(this.checkpoint(to), this.signer);
    return utf8(formatAddCheckpoint({ oldSize: from, proof, note }));
  }
}

/** Time that stands until it is moved. */
export class FakeClock {
  ms = 1_800_000_000_000;

  nowMs(): number {
    return this.ms;
  }
}
