import {
  ALGORITHM,
  type Block,
  type BlockHash,
  type BlockHeader,
  blockHash,
  type Checkpoint,
  type Clock,
  type CryptoProvider,
  checkPayload,
  decodeBlock,
  decodeBlockPrefix,
  decodeEntry,
  type Entry,
  type KeyState,
  leafHash,
  type Policy,
  parseCheckpoint,
  parsePolicy,
  parseTlogProof,
  parseVerifierKey,
  type TlogProof,
  verifyInclusion,
  writerAt,
} from '@basalt/protocol';
import { NO_CHECKS } from './check-block.ts';
import { systemClock } from './defaults.ts';
import { ClientError, refusal, refuseUnless } from './errors.ts';
import { requireFresh } from './freshness.ts';
import { advanceKeys, requireSignature } from './key-chain.ts';
import { KEY_BLOCKS_MAX } from './limits.ts';
import { createTrust, matchKey, suffixOf } from './log-trust.ts';
import { asUsage, loadDefaultProvider, type ProviderSource, staleLimit } from './options.ts';
import type { Verified } from './types.ts';

export interface VerifyProofOptions {
  /** A `.tlog-proof` file (c2sp.org/tlog-proof). */
  readonly proof: string;
  /** The record as somebody has it: compared with the block's payload hash. */
  readonly payload?: Uint8Array;
  /**
   * The block or its log entry, as served; needed when the proof file does not carry the entry as
   * its extra data (those of this client and of a Basalt node do).
   */
  readonly block?: Uint8Array;
  /** Whom to believe about checkpoints; at least one of both. */
  readonly policy?: string | Policy;
  readonly verifierKeys?: readonly string[];
  /**
   * Refuse a checkpoint that the quorum of the policy cosigned longer ago than this, by `clock`. A
   * proof does not become wrong by that: it says nothing of what came after.
   */
  readonly staleAfterSeconds?: number;
  readonly clock?: Clock;
  /** Key blocks of the namespace, concatenated, genesis first: who was the writer. */
  readonly keyBlocks?: Uint8Array;
  readonly provider?: CryptoProvider | ProviderSource;
}

/** What a proof file shows, offline. */
export interface VerifiedProof {
  readonly header: BlockHeader;
  readonly hash: BlockHash | undefined;
  readonly checkpoint: Checkpoint;
  /** Names of policy witnesses with a good cosignature. */
  readonly witnesses: readonly string[];
  /** When the quorum had cosigned; see `VerifiedCheckpoint.witnessedMs`. */
  readonly witnessedMs: number | undefined;
  readonly verified: Verified;
}

/**
 * Checks a proof file without a network: the entry is in the tree of a checkpoint that the policy
 * or a given key accepts; the record, where given, is the one that the entry speaks of; the
 * signature and the writer, where the key blocks are given.
 *
 * @throws ClientError kind `refused` with the code of what does not hold; kind `usage`: `no-trust`
 *   without a policy or key, or an age without a quorum; `missing-block` when there is no entry to
 *   prove
 */
export async function verifyProof(options: VerifyProofOptions): Promise<VerifiedProof> {
  const provider = await providersOf(options)(ALGORITHM.ed25519);
  const proof = refuseUnless(() => parseTlogProof(options.proof));
  const { entry, payload } = readEntry(options, proof);
  const { header } = entry;
  if (header.index !== proof.index) {
    throw refusal('wrong-block', 'the proof is about another index than its block', {
      index: header.index,
      proofIndex: proof.index,
    });
  }
  const { origin } = refuseUnless(() => parseCheckpoint(proof.note.text));
  const { clock = systemClock } = options;
  const policy = readPolicy(options);
  const staleAfterSeconds = staleLimit(policy, options.staleAfterSeconds);
  const trust = offlineTrust(options, policy, header.namespace, origin);
  const opened = await trust.open(proofNote(options.proof));
  requireFresh(opened, { clock, staleAfterSeconds });
  const { size, root } = opened.checkpoint;
  refuseUnless(() =>
    verifyInclusion({
      leafHash: leafHash(entry.bytes, provider.sha256),
      index: proof.index,
      size,
      root,
      proof: proof.proof,
    }),
  );
  if (payload !== undefined) refuseUnless(() => checkPayload(entry, payload, provider));
  const isSigned = await checkWriter(options, entry, payload);
  return {
    header,
    hash: header.version === 2 || payload !== undefined ? blockHash(entry, payload) : undefined,
    checkpoint: opened.checkpoint,
    witnesses: opened.witnesses,
    witnessedMs: opened.witnessedMs,
    verified: {
      ...NO_CHECKS,
      payloadHash: payload !== undefined,
      signature: isSigned,
      writer: isSigned,
      inclusion: true,
      checkpoint: true,
      policy: opened.policy,
      trust: 'pinned',
    },
  };
}

function readPolicy({ policy }: VerifyProofOptions): Policy | undefined {
  return asUsage(() => (typeof policy === 'string' ? parsePolicy(policy) : policy));
}

function offlineTrust(
  options: VerifyProofOptions,
  policy: Policy | undefined,
  namespace: string,
  origin: string,
): ReturnType<typeof createTrust> {
  const given = asUsage(() => (options.verifierKeys ?? []).map((line) => parseVerifierKey(line)));
  const keys = [...given, ...(policy?.logs ?? []).map(({ key }) => key)];
  const key = matchKey(keys, suffixOf(`/ns/${namespace}`, origin), origin);
  if (key === undefined) {
    throw new ClientError(
      'usage',
      'no-trust',
      `a proof says nothing without a key to believe: give a policy or the verifier key of ` +
        `the log of namespace ${namespace}`,
      { namespace },
    );
  }
  return createTrust('pinned', key, policy, providersOf(options));
}

/** Whether key blocks were given; if so, the signature is by the writer that they name. */
async function checkWriter(
  options: VerifyProofOptions,
  entry: Entry,
  payload: Uint8Array | undefined,
): Promise<boolean> {
  const { keyBlocks } = options;
  if (keyBlocks === undefined) return false;
  const providers = providersOf(options);
  let state: KeyState | undefined;
  let count = 0;
  for (let offset = 0; offset < keyBlocks.length; count++) {
    if (count === KEY_BLOCKS_MAX) throw refusal('malformed', 'expected fewer key blocks');
    const start = offset;
    const { block, end } = refuseUnless(() => decodeBlockPrefix(keyBlocks, start));
    if (block.entry.header.index > entry.header.index) break;
    state = await advanceKeys(entry.header.namespace, state, block, providers);
    offset = end;
  }
  if (state === undefined) throw refusal('missing-block', 'expected the genesis block first');
  const known = state;
  const writer = refuseUnless(() => writerAt(known, entry.header));
  await requireSignature(providers, entry, writer, payload);
  return true;
}

function providersOf({ provider }: VerifyProofOptions): ProviderSource {
  if (typeof provider === 'function') return provider;
  return provider === undefined ? loadDefaultProvider : () => provider;
}

interface Leaf {
  readonly entry: Entry;
  readonly payload: Uint8Array | undefined;
}

function readEntry(options: VerifyProofOptions, proof: TlogProof): Leaf {
  const given = options.block;
  if (given !== undefined) {
    const block = refuseUnless((): Block => decodeBlock(given));
    return { entry: block.entry, payload: options.payload ?? block.payload };
  }
  const { extra } = proof;
  if (extra === undefined) {
    throw new ClientError(
      'usage',
      'missing-block',
      'the proof file does not carry the log entry that it proves: give the block, too',
    );
  }
  return { entry: refuseUnless(() => decodeEntry(extra)), payload: options.payload };
}

/** The note of a proof file as it stands in it. */
function proofNote(file: string): string {
  return file.slice(file.indexOf('\n\n') + 2);
}
