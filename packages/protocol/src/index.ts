/**
 * The bytes and rules of Basalt: signed blocks in namespaces, the tree over them, and the proofs
 * that anybody can check. Pure, synchronous, without clock, randomness or I/O; the same code runs
 * in a node, on a phone and in a browser.
 *
 * Specifications: block version 2 and version 1 (README of this package); Ed25519 by RFC 8032 with
 * the acceptance rule of ZIP 215; ML-DSA by FIPS 204; ECDSA by FIPS 186-5; trees by RFC 6962 and
 * RFC 9162; tiles, checkpoints, cosignatures, proofs and policies by C2SP.
 *
 * Invariants:
 * - A decoder reads what the encoder wrote and nothing else: one value, one encoding.
 * - Bad bytes meet `ProtocolError` with a code from a closed list, never another error; every bound
 *   (`limits.ts`) is checked before anything is allocated for it.
 * - The name of a block does not depend on its signature.
 * - Byte fields of decoded values are views of the input: do not change it while they are in use.
 *
 * @example
 * const signer = createSigner(nobleProvider.suite(ALGORITHM.ed25519).keyPairFromSeed(seed));
 * const genesis = createGenesisBlock({
 *   label: 'audit', nonce, timestampMs: 1_760_000_000_000, signer,
 * });
 * const next = createBlock({
 *   namespace: genesis.block.entry.header.namespace,
 *   tip: tipAfter(genesis.block, genesis.hash),
 *   timestampMs: 1_760_000_000_001,
 *   payloadType: PAYLOAD_TYPE.opaque,
 *   payload: utf8('door opened'),
 *   signer,
 * });
 * verifySignature(next.block.entry, signer.publicKey); // undefined: nothing is wrong
 *
 * Limits: payloads up to 16 MiB, indexes and sizes below 2^53, signatures up to 8 KiB. It does not
 * decide what a payload means, which fork counts, or whom to trust.
 *
 * @module
 */

export { assert } from './assert.ts';
export {
  type Block,
  type BlockPrefix,
  decodeBlock,
  decodeBlockAt,
  decodeBlockPrefix,
  encodeBlock,
  headerForm,
} from './block/block.ts';
export {
  decodeEntry,
  decodeEntryAt,
  decodeEntryPrefix,
  type Entry,
  type EntryPrefix,
  encodeEntry,
} from './block/entry.ts';
export {
  blockHash,
  type ChunkClaim,
  chunkCount,
  chunkProof,
  hashPayload,
  type PayloadHashes,
  signedBytes,
  verifyChunk,
} from './block/hash.ts';
export {
  BLOCK_MAGIC,
  BLOCK_VERSION_2,
  type BlockHeader,
  decodeHeader,
  encodeHeader,
} from './block/header.ts';
export {
  decodeMerkleSignature,
  encodeMerkleSignature,
  type MerkleSignature,
  merkleBatchRoot,
  merkleSignedMessage,
  signMerkleBatch,
} from './block/merkle-signed.ts';
export { PAYLOAD_TYPE, payloadTypeName } from './block/payload-types.ts';
export {
  type ChainTip,
  checkPayload,
  checkSuccession,
  type SuccessionOptions,
} from './block/rules.ts';
export {
  type BlockContent,
  type CreateBlockOptions,
  type CreateBlocksOptions,
  type CreatedBlock,
  type CreateGenesisOptions,
  createBlock,
  createBlocks,
  createGenesisBlock,
  tipAfter,
} from './block/sign.ts';
export {
  encodeV1Block,
  V1_ENVELOPE_BYTES,
  type V1BlockParts,
  v1WireVersion,
} from './block/v1.ts';
export {
  type SignatureClaim,
  signatureClaim,
  verifySignature,
  verifySignatureWith,
} from './block/verify.ts';
export type { BlockHash, Brand, Hash32, KeyId, NamespaceId } from './brands.ts';
export {
  compareBytes,
  concatBytes,
  dataView,
  equalBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  readU64,
  toBase64,
  toHex,
  utf8,
  writeU64,
} from './bytes.ts';
export { type ChainHeader, decodeChainHeader } from './chain/chain-header.ts';
export { type ChainPayload, decodeChainPayload } from './chain/chain-payload.ts';
export {
  type ChainLog,
  type ChainReceipt,
  type ChainTransaction,
  decodeChainReceipt,
  decodeChainTransaction,
} from './chain/chain-transaction.ts';
export { type TrieClaim, verifyTrieProof } from './chain/trie-proof.ts';
export {
  type ProvenTransaction,
  type TransactionClaim,
  verifyChainTransaction,
} from './chain/verify-transaction.ts';
export {
  acceptCheckpoint,
  decodeLightClient,
  emptyLightClient,
  encodeLightClient,
  type HeldCheckpoint,
  type LightClientState,
  type OfferedCheckpoint,
  verifyHeldBlock,
} from './client/light-client.ts';
export {
  checkSnapshot,
  decodeSnapshot,
  encodeSnapshot,
  type FollowedChain,
  type SnapshotProof,
  verifyChainFromSnapshot,
  verifyWithSnapshot,
} from './client/snapshot.ts';
export {
  type BundleChunk,
  encodeKeyBlockChunk,
  type KeyBlockChunk,
  openSnapshotChunk,
  replayKeyBlocks,
  SNAPSHOT_CHUNK_BYTES_MAX,
} from './client/snapshot-chunks.ts';
export {
  bundleCount,
  bundleOfChunk,
  decodeSnapshotManifest,
  encodeSnapshotManifest,
  SNAPSHOT_BUNDLES_MAX,
  SNAPSHOT_MANIFEST_BYTES_MAX,
  type SnapshotManifest,
  snapshotChunkCount,
} from './client/snapshot-manifest.ts';
export {
  ERROR_CODES,
  type ErrorMetadata,
  ProtocolError,
  type ProtocolErrorCode,
} from './errors.ts';
export {
  decodeForkProof,
  encodeForkProof,
  FORK_PROOF_BYTES_MAX,
  type ForkFinding,
  type ForkProof,
  type ForkProofKeys,
  forkProofHash,
  verifyForkProof,
} from './fork-proof.ts';
export { type HandshakeAnswer, openAnswer, signAnswer } from './handshake/answer.ts';
export { negotiate } from './handshake/negotiate.ts';
export {
  type HandshakeOffer,
  openOffer,
  type SignedOffer,
  signOffer,
} from './handshake/offer.ts';
export type {
  PreferenceLimits,
  Preferences,
  WriteConsistency,
} from './handshake/preferences.ts';
export {
  BLOCK_BYTES_MAX,
  CHUNK_BYTES,
  ENTRY_BYTES_MAX,
  FUTURE_MS_MAX,
  HANDSHAKE_BYTES_MAX,
  HEADER_BYTES,
  INDEX_MAX,
  KEY_PERIODS_MAX,
  LABEL_BYTES_MAX,
  NOTE_BYTES_MAX,
  NOTE_SIGNATURES_MAX,
  PAYLOAD_BYTES_MAX,
  PROOF_HASHES_MAX,
  PUBLIC_KEY_BYTES_MAX,
  RECOVERY_KEYS_MAX,
  SESSION_MS_MAX,
  SESSION_TOKEN_BYTES,
  SIGNATURE_BYTES_MAX,
  SIGNED_BATCH_BLOCKS_MAX,
  TILE_WIDTH,
} from './limits.ts';
export { decodeGenesis, encodeGenesis, type GenesisPayload } from './namespace/genesis.ts';
export {
  deriveNamespaceId,
  NAMESPACE_BYTES,
  namespaceBytes,
  namespaceId,
  parseNamespaceId,
  v1NamespaceId,
} from './namespace/id.ts';
export {
  type ClosePayload,
  decodeClose,
  decodeRecovery,
  decodeRotation,
  encodeClose,
  encodeRecovery,
  encodeRotation,
  type RecoveryPayload,
  type RotationPayload,
} from './namespace/key-payloads.ts';
export {
  applyKeyBlock,
  type ClosedAt,
  currentWriter,
  initialKeyState,
  isKeyBlock,
  type KeyPeriod,
  type KeyState,
  type PendingRecovery,
  v1KeyState,
  type WriterKey,
  type WriterQuery,
  writerAt,
} from './namespace/key-state.ts';
export { decodeKeyState, encodeKeyState } from './namespace/key-state-codec.ts';
export type { PublicKey } from './namespace/public-key.ts';
export {
  createRouter,
  type RoutableRecord,
  type RoutedNamespace,
  type Router,
} from './namespace/router.ts';
export { type BasicStrategy, type Strategy, strategyParts } from './namespace/strategy.ts';
export { type Checkpoint, formatCheckpoint, parseCheckpoint } from './note/checkpoint.ts';
export {
  decodeTimestampedSignature,
  ed25519CosignatureMessage,
  encodeTimestampedSignature,
  mlDsa44CosignatureMessage,
  type TimestampedSignature,
} from './note/cosignature.ts';
export {
  createNoteKey,
  formatVerifierKey,
  NOTE_KEY_TYPE,
  type NoteKey,
  type NoteKeyType,
  noteKeyAlgorithm,
  parseVerifierKey,
} from './note/note-key.ts';
export {
  evaluateQuorum,
  openByPolicy,
  type Policy,
  type PolicyCheckpoint,
  type PolicyGroup,
  type PolicyLog,
  type PolicyWitness,
} from './note/policy.ts';
export { parsePolicy } from './note/policy-parse.ts';
export {
  addSignatures,
  formatNote,
  formatSignatureLine,
  type NoteSignature,
  parseNote,
  parseSignatureLines,
  type SignedNote,
} from './note/signed-note.ts';
export {
  cosign,
  createCosigner,
  createNoteSigner,
  type NoteSigner,
  signCheckpoint,
  signNoteText,
} from './note/signer.ts';
export {
  formatTlogProof,
  parseTlogProof,
  type TlogProof,
  verifyTlogProof,
} from './note/tlog-proof.ts';
export {
  isSignedBy,
  type NoteSuites,
  type OpenedCheckpoint,
  openCheckpoint,
  type SignatureCheck,
  signatureCheck,
  type VerifiedNote,
  type VerifiedSignature,
  verifyNote,
} from './note/verifier.ts';
export {
  type AddCheckpointRequest,
  formatAddCheckpoint,
  parseAddCheckpoint,
} from './note/witness-request.ts';
export {
  type CheckpointPayload,
  checkCheckpointPayload,
  checkpointImprint,
  checkpointPayloadNote,
  decodeCheckpointPayload,
  encodeCheckpointPayload,
} from './payload/checkpoint-payload.ts';
export {
  type CrossReference,
  decodeCrossReference,
  encodeCrossReference,
  type SuperLogHead,
  verifyCrossReference,
} from './payload/cross-reference.ts';
export type { Clock, Random, Scheduler } from './seams.ts';
export {
  ALGORITHM,
  type AlgorithmId,
  type CryptoProvider,
  HASH_KIND,
  type HashFunction,
  type HashKind,
  type KeyPair,
  type PlainAlgorithmId,
  type SignatureSuite,
  type Signer,
  type Verdict,
} from './suite.ts';
export {
  algorithmName,
  isAlgorithmId,
  isMerkleAlgorithm,
  isPlainAlgorithm,
  type MerkleAlgorithmId,
  merkleAlgorithm,
  plainAlgorithm,
} from './suites/algorithms.ts';
export { createCompositeSuite } from './suites/composite.ts';
export { ecdsaP256Suite, secp256k1Suite } from './suites/ecdsa.ts';
export { ed25519Suite } from './suites/ed25519.ts';
export { keyId } from './suites/key-id.ts';
export { mlDsa44Suite, mlDsa65Suite } from './suites/ml-dsa.ts';
export { ed25519MlDsa44Suite, nobleProvider } from './suites/noble.ts';
export { nobleHashes } from './suites/noble-hashes.ts';
export { createProvider } from './suites/provider.ts';
export { createSigner } from './suites/signer.ts';
export {
  decodeSuperInclusion,
  encodeSuperInclusion,
  type SuperInclusion,
  type SuperStatement,
  verifySuperInclusion,
} from './super/super-inclusion.ts';
export {
  decodeSuperTreeProof,
  encodeSuperTreeProof,
  proveInSuperTree,
  type SuperEnd,
  type SuperStep,
  type SuperTreeProof,
  verifySuperTreeProof,
} from './super/super-proof.ts';
export {
  decodeSuperRoot,
  encodeSuperRoot,
  SUPER_ROOT_BYTES,
  type SuperRoot,
} from './super/super-root.ts';
export {
  decodeSuperValue,
  emptySuperTree,
  encodeSuperValue,
  goesRight,
  type SuperBranch,
  type SuperLeaf,
  type SuperNode,
  type SuperTree,
  type SuperValue,
  setSuperValue,
  superBranchHash,
  superKey,
  superLeafHash,
  superTreeRoot,
  superValue,
} from './super/super-tree.ts';
export { decodeBundle, encodeBundle } from './tree/bundle.ts';
export {
  appendLeaf,
  type CompactRange,
  countPeaks,
  decodeRange,
  emptyRange,
  encodeRange,
  RangeBuilder,
  rangeRoot,
} from './tree/compact-range.ts';
export {
  createNodeHasher,
  EMPTY_ROOT,
  HASH_BYTES,
  leafHash,
  type NodeHasher,
  nodeHash,
  sha256,
} from './tree/hash.ts';
export {
  decodeMultiProof,
  encodeMultiProof,
  type MultiProof,
  multiProof,
  nodesForMultiProof,
  verifyMultiProof,
} from './tree/multi-proof.ts';
export type { NodeCoordinate } from './tree/nodes.ts';
export { checkOlderTile, leavesRoot, type TreeEdge, tilesOnPath } from './tree/older-tiles.ts';
export {
  consistencyProof,
  type HashReader,
  inclusionProof,
  nodesForConsistency,
  nodesForInclusion,
  nodesForRoot,
  subtreeConsistencyProof,
  subtreeInclusionProof,
  treeRoot,
} from './tree/proof.ts';
export {
  entriesPath,
  type NodeInTile,
  nodeInTile,
  parseTilePath,
  partialTiles,
  type TileCoordinate,
  tilePath,
  tilesForNodes,
  tilesForSize,
  tileWidth,
} from './tree/tile-path.ts';
export { tileHashReader } from './tree/tile-reader.ts';
export {
  type BuiltTile,
  decodeEdge,
  TILE_BYTES,
  TileBuilder,
  type TileBuilderSnapshot,
  type TileBuilderState,
} from './tree/tiles.ts';
export {
  type ConsistencyClaim,
  type InclusionClaim,
  rootFromInclusion,
  type SubtreeConsistencyClaim,
  type SubtreeInclusionClaim,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './tree/verify.ts';
