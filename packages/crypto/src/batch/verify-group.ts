import {
  ALGORITHM,
  assert,
  decodeMerkleSignature,
  merkleBatchRoot,
  merkleSignedMessage,
  type PlainAlgorithmId,
  ProtocolError,
  plainAlgorithm,
} from '@basalt/protocol';
import { KERNEL_GROUP_MIN, MERKLE_ROOTS_MAX } from '../limits.ts';
import type { NativeProvider } from '../native/provider.ts';
import type { SignatureTask, TaskGroup } from './task.ts';

/** Bytes of the tag `basalt/block/v2\n` in front of the header in a task's message. */
const TAG_BYTES = 16;

interface Claim {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
}

/** 1 valid, 0 not, for each task of one key and algorithm, in order. */
export function verifyGroup(provider: NativeProvider, group: TaskGroup): Uint8Array {
  const [first] = group.tasks;
  if (first === undefined) return new Uint8Array(0);
  const algorithm = plainAlgorithm(first.algorithm);
  return group.isMerkle
    ? verifyMerkleGroup(provider, algorithm, group)
    : verifyClaims(provider, algorithm, group.publicKey, group.tasks);
}

function verifyClaims(
  provider: NativeProvider,
  algorithm: PlainAlgorithmId,
  publicKey: Uint8Array,
  claims: readonly Claim[],
): Uint8Array {
  const { kernel } = provider;
  const isKernelJob = algorithm === ALGORITHM.ed25519 && claims.length >= KERNEL_GROUP_MIN;
  if (kernel !== undefined && isKernelJob) return kernel.verifyMany(publicKey, claims);
  const suite = provider.suite(algorithm);
  return Uint8Array.from(claims, ({ signature, message }) =>
    suite.verify(signature, message, publicKey) ? 1 : 0,
  );
}

/**
 * Walks each path to its root, then checks every distinct (root, size, inner signature) once: the
 * 256 blocks of a signed batch cost 8 hashes each and one signature together.
 */
function verifyMerkleGroup(
  provider: NativeProvider,
  algorithm: PlainAlgorithmId,
  group: TaskGroup,
): Uint8Array {
  const results = new Uint8Array(group.tasks.length);
  const claims: Claim[] = [];
  const claimOf = new Map<string, number>();
  const waiting: { task: number; claim: number }[] = [];
  const settle = (): void => {
    const verdicts = verifyClaims(provider, algorithm, group.publicKey, claims);
    for (const { task, claim } of waiting) results[task] = verdicts[claim] ?? 0;
    claims.length = 0;
    waiting.length = 0;
    claimOf.clear();
  };
  group.tasks.forEach((signatureTask, task) => {
    const claim = merkleClaim(provider, signatureTask);
    if (claim === undefined) return;
    const name = Buffer.concat([claim.message, claim.signature]).toString('latin1');
    let index = claimOf.get(name);
    if (index === undefined) {
      if (claims.length === MERKLE_ROOTS_MAX) settle();
      index = claims.push(claim) - 1;
      claimOf.set(name, index);
    }
    waiting.push({ task, claim: index });
  });
  settle();
  return results;
}

/** The plain signature behind a Merkle-signed block; undefined when its form is broken. */
function merkleClaim(provider: NativeProvider, task: SignatureTask): Claim | undefined {
  assert(task.message.length > TAG_BYTES, 'the message of a Merkle task is tag and header');
  try {
    const decoded = decodeMerkleSignature(task.signature);
    const root = merkleBatchRoot(task.message.subarray(TAG_BYTES), decoded, provider.sha256);
    return { message: merkleSignedMessage(decoded.size, root), signature: decoded.inner };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
