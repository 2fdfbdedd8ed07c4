import {
  type Block,
  type BlockHash,
  checkPayload,
  equalBytes,
  fromHex,
  plainAlgorithm,
  toHex,
  type WriterKey,
  writerAt,
} from '@basalt/protocol';
import { ClientError, refusal, refuseUnless } from './errors.ts';
import { requireSignature } from './key-chain.ts';
import type { NamespaceSession } from './session.ts';
import type {
  BlockProof,
  BlockReference,
  BlockReport,
  CallOptions,
  CheckName,
  Checks,
  Trust,
  VerifiedCheckpoint,
} from './types.ts';

/** Nothing checked. */
export const NO_CHECKS: Checks = {
  payloadHash: false,
  signature: false,
  writer: false,
  inclusion: false,
  checkpoint: false,
  consistency: false,
  policy: false,
};

type Failure = { readonly check: CheckName | 'block'; readonly error: ClientError };

/** Collects what holds and what does not about one block; nothing is decided before `report`. */
export interface Findings {
  readonly namespace: BlockReport['namespace'];
  readonly index: number;
  checks: Checks;
  trust: Trust;
  readonly failures: Failure[];
  block: Block | undefined;
  hash: BlockHash | undefined;
  proof: BlockProof | undefined;
  writer: WriterKey | undefined;
}

export function createFindings(namespace: Findings['namespace'], index: number): Findings {
  return {
    namespace,
    index,
    checks: NO_CHECKS,
    trust: 'none',
    failures: [],
    block: undefined,
    hash: undefined,
    proof: undefined,
    writer: undefined,
  };
}

/** Runs a check; a refusal is written down, anything else (network, abort) goes on up. */
export async function note<Result>(
  findings: Findings,
  check: CheckName | 'block',
  run: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== 'refused') throw error;
    findings.failures.push({ check: failedCheck(check, error), error });
    return undefined;
  }
}

/** A proof can fail for its checkpoint: then the checkpoint is what does not hold. */
function failedCheck(check: CheckName | 'block', error: ClientError): CheckName | 'block' {
  if (check !== 'inclusion') return check;
  switch (error.code) {
    case 'inconsistent-checkpoint':
      return 'consistency';
    case 'policy-unsatisfied':
    case 'stale-checkpoint':
      return 'policy';
    case 'invalid-note':
    case 'invalid-signature':
    case 'log-key-changed':
      return 'checkpoint';
    default:
      return check;
  }
}

/**
 * Whether the served bytes are the block that was asked for.
 *
 * @throws ClientError `wrong-block`, `wrong-namespace`
 */
export function requireIdentity(block: Block, reference: BlockReference, hash: BlockHash): void {
  const { header } = block.entry;
  if (typeof reference === 'string') {
    if (equalBytes(hash, fromHex(reference))) return;
    throw refusal('wrong-block', 'the served block has another hash than the one asked for', {
      asked: reference,
      served: toHex(hash),
    });
  }
  if (header.namespace !== reference.namespace) {
    throw refusal('wrong-namespace', 'the served block belongs to another namespace', {
      asked: reference.namespace,
      served: header.namespace,
    });
  }
  if (header.index === reference.index) return;
  throw refusal('wrong-block', 'the served block has another index than the one asked for', {
    asked: reference.index,
    served: header.index,
  });
}

/** Everything that can be said of a block without its proof: payload, writer, signature. */
export async function checkBlockItself(
  session: NamespaceSession,
  findings: Findings,
  block: Block,
  call: CallOptions,
): Promise<void> {
  const { entry, payload } = block;
  const provider = await session.context.provider(plainAlgorithm(entry.header.algorithm));
  if (payload !== undefined) {
    await note(findings, 'payloadHash', () => {
      refuseUnless(() => checkPayload(entry, payload, provider));
      findings.checks = { ...findings.checks, payloadHash: true };
    });
  }
  const writer = await note(findings, 'writer', async () => {
    const state = await session.writers.upTo(entry.header.index + 1, call);
    return refuseUnless(() => writerAt(state, entry.header));
  });
  if (writer === undefined) return;
  await note(findings, 'signature', async () => {
    await requireSignature(session.context.provider, entry, writer, payload);
    findings.writer = writer;
    findings.checks = { ...findings.checks, signature: true, writer: true };
  });
}

/** Takes over what an accepted checkpoint says; `inclusion` only when a proof led to it. */
export function noteInclusion(findings: Findings, admitted: VerifiedCheckpoint): void {
  const { checkpoint, consistency, policy, trust } = admitted.verified;
  findings.checks = { ...findings.checks, inclusion: true, checkpoint, consistency, policy };
  findings.trust = trust;
}

/** The verdict. */
export function toReport(findings: Findings): BlockReport {
  const { namespace, index, proof, block, hash, failures } = findings;
  const verified = { ...findings.checks, trust: findings.trust };
  const first = failures[0];
  if (first !== undefined || block === undefined || hash === undefined) {
    const error = first?.error ?? refusal('missing-block', 'the node served no such block');
    const served = { namespace, index, proof, verified, block, hash };
    return { status: 'refused', ...served, failures, error };
  }
  const { writer } = findings;
  return { status: 'verified', namespace, index, hash, block, proof, writer, verified };
}
