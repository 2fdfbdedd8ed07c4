import { decodeBlock } from '../block/block.ts';
import type { PayloadHashes } from '../block/hash.ts';
import { checkPayload } from '../block/rules.ts';
import type { NamespaceId } from '../brands.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { PROOF_HASHES_MAX } from '../limits.ts';
import { nobleHashes } from '../suites/noble-hashes.ts';
import { HASH_BYTES, leafHash } from '../tree/hash.ts';
import { verifyInclusion } from '../tree/verify.ts';
import {
  decodeSuperTreeProof,
  encodeSuperTreeProof,
  type SuperTreeProof,
  verifySuperTreeProof,
} from './super-proof.ts';
import { decodeSuperRoot, type SuperRoot } from './super-root.ts';
import type { SuperValue } from './super-tree.ts';

/** A block of the super-log is small: entry, and a payload of 56 bytes. */
const SUPER_BLOCK_BYTES_MAX = 64 * 1024;

/**
 * Leads from a namespace to a root of the super-log: the namespace's place in the super-tree, the
 * super-log's block that carries the super-root, and that block's place in the super-log.
 */
export interface SuperInclusion {
  readonly treeProof: SuperTreeProof;
  /** The super-log's block in wire form; its payload is an encoded super-root. */
  readonly superBlock: Uint8Array;
  /** Size of the super-log that `proof` leads to. */
  readonly size: number;
  /** Inclusion proof of the block's entry, 32 bytes each. */
  readonly proof: readonly Uint8Array[];
}

/** What a super-inclusion shows. */
export interface SuperStatement {
  readonly superRoot: SuperRoot;
  /** Undefined: the namespace did not exist at that epoch. */
  readonly value: SuperValue | undefined;
  /** Index of the super-log's block. */
  readonly superIndex: number;
}

/**
 * Checks a super-inclusion against a head of the super-log that the caller trusts (a checkpoint or
 * a landmark). The super-log block's own signature is not needed: the trusted root covers it.
 *
 * @throws ProtocolError `invalid-proof`, and the codes of `decodeBlock` and `checkPayload`
 */
export function verifySuperInclusion(
  inclusion: SuperInclusion,
  namespace: NamespaceId,
  head: { readonly size: number; readonly root: Uint8Array },
  hashes: PayloadHashes = nobleHashes,
): SuperStatement {
  if (inclusion.size !== head.size) {
    throw new ProtocolError('invalid-proof', 'expected a proof for the trusted size', {
      expected: head.size,
      found: inclusion.size,
    });
  }
  const { entry, payload } = decodeBlock(inclusion.superBlock);
  if (payload === undefined) {
    throw new ProtocolError(
      'invalid-proof',
      'expected the block of the super-log with its payload',
    );
  }
  checkPayload(entry, payload, hashes);
  const hash = hashes.sha256;
  const superIndex = entry.header.index;
  verifyInclusion(
    {
      leafHash: leafHash(entry.bytes, hash),
      index: superIndex,
      size: head.size,
      root: head.root,
      proof: inclusion.proof,
    },
    hash,
  );
  const superRoot = decodeSuperRoot(payload);
  const value = verifySuperTreeProof(inclusion.treeProof, namespace, superRoot.root, hash);
  return { superRoot, value, superIndex };
}

/** u32 length and tree proof, u32 length and block, u64 size, u8 number of hashes, the hashes. */
export function encodeSuperInclusion(inclusion: SuperInclusion): Uint8Array {
  const treeProof = encodeSuperTreeProof(inclusion.treeProof);
  const { superBlock, size, proof } = inclusion;
  const writer = new ByteWriter().u32(treeProof.length).bytes(treeProof);
  writer.u32(superBlock.length).bytes(superBlock).u64(size).u8(proof.length);
  for (const one of proof) writer.bytes(one);
  return writer.done();
}

/** @throws ProtocolError `malformed` */
export function decodeSuperInclusion(bytes: Uint8Array): SuperInclusion {
  const reader = new ByteReader(bytes, 'a super-inclusion');
  const treeProof = decodeSuperTreeProof(reader.bytes(reader.u32()));
  const superBlock = reader.bytes(reader.u32());
  const size = reader.u64();
  const count = reader.u8();
  if (count > PROOF_HASHES_MAX || superBlock.length > SUPER_BLOCK_BYTES_MAX) {
    throw new ProtocolError('malformed', 'expected at most 63 hashes and a block of 64 KiB');
  }
  const proof = Array.from({ length: count }, () => reader.bytes(HASH_BYTES));
  reader.end();
  return { treeProof, superBlock, size, proof };
}
