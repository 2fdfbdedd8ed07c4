import {
  createNoteKey,
  type NamespaceId,
  type Policy,
  parseCheckpoint,
  parseNote,
  type SuperStatement,
} from '@basalt/protocol';
import { ClientError, refusal, refuseUnless } from './errors.ts';
import { examineBlock, requireServed } from './examine.ts';
import { createTrust, matchKey, SUPER } from './log-trust.ts';
import { createLogView, type LogView } from './log-view.ts';
import { isOneHistory } from './one-history.ts';
import { type ClientContext, createContext, type ExaminerOptions } from './options.ts';
import { fetchConsistency } from './requests.ts';
import { createSessions } from './session.ts';
import { checkSuperProof, fetchSuperProof } from './super-proof.ts';
import type { BlockProof, CallOptions, ServedBlock, VerifiedCheckpoint } from './types.ts';

export interface WitnessedRecordOptions extends ExaminerOptions {
  /** The log's key and a quorum of witnesses. */
  readonly policy: Policy;
}

/**
 * The record itself. `absent`: it was pruned where it was asked for, or somebody took it out on the
 * way, which nobody can tell apart; the block's header holds its hash and length.
 */
export type WitnessedPayload =
  | { readonly status: 'verified'; readonly bytes: Uint8Array }
  | { readonly status: 'absent' };

/** A block that lies in a tree which witnesses have seen. */
export interface WitnessedRecord extends Pick<SuperStatement, 'superRoot' | 'superIndex'> {
  readonly block: ServedBlock;
  readonly payload: WitnessedPayload;
  /** Blocks of the namespace that the witnessed super-root covers. */
  readonly size: number;
  /** The super-log's checkpoint: `witnesses` says who cosigned it, `witnessedMs` when. */
  readonly checkpoint: VerifiedCheckpoint;
}

/**
 * Reads one block and shows that it lies in the tree that a checkpoint covers which the quorum of
 * the policy has cosigned: super-log checkpoint, super-root, the namespace's tree, the block. For a
 * page that shows a record and believes nobody but the keys it was made with.
 *
 * @throws ClientError kind `usage`: `no-trust` where the policy asks for no witness
 * @throws ClientError kind `refused`: `invalid-proof`, `policy-unsatisfied`, codes of `get`;
 *   `stale-checkpoint` with `staleAfterSeconds`; `not-covered` while no witnessed super-root covers
 *   the block
 */
export async function readWitnessedRecord(
  options: WitnessedRecordOptions,
  { namespace, index }: { readonly namespace: NamespaceId; readonly index: number },
  call: CallOptions = {},
): Promise<WitnessedRecord> {
  const { policy, staleAfterSeconds: _, ...rest } = options;
  if (policy.quorum === 'none') {
    const message = 'the policy asks for no witness (quorum none): nothing would be witnessed';
    throw new ClientError('usage', 'no-trust', message);
  }
  const context = createContext(options);
  // Witnesses cosign the super-log alone; a namespace's own checkpoint has its log's signature.
  const own = createContext({ ...rest, policy: ownPolicy(policy, namespace) });
  const reading = examineBlock(createSessions(own), own, { namespace, index }, call);
  // Awaited below; a rejection that comes before that must not count as unhandled.
  reading.catch(() => undefined);
  const served = await fetchSuperProof(context, namespace, call);
  const log = witnessedLog(context, policy, served.proof);
  const seen = await checkSuperProof(served, { context, namespace, log }, call);
  const { value, superRoot, superIndex, checkpoint } = seen;
  if (value === undefined || value.size <= index) {
    throw new ClientError('rejected', 'not-covered', 'no witnessed super-root covers the block', {
      index,
      size: value?.size ?? 0,
    });
  }
  const block = requireServed(await reading);
  const { proof } = block;
  if (proof === undefined) throw refusal('invalid-proof', 'expected a proof of the block');
  const { size, root } = value;
  const record = { block, payload: payloadOf(block), size, superRoot, superIndex, checkpoint };
  if (await isOneHistory(own.transport, namespace, [{ size, root }, proof], call)) return record;
  throw refusal('invalid-proof', 'the witnessed tree is another one than that of the block');
}

function payloadOf({ block, verified }: ServedBlock): WitnessedPayload {
  const { payload } = block;
  return payload !== undefined && verified.payloadHash
    ? { status: 'verified', bytes: payload }
    : { status: 'absent' };
}

/**
 * The super-log by its name: the policy's key signs for it and the witnesses cosign it, so that
 * nobody need be asked which namespace it is, but for consistency with what was seen before.
 *
 * @throws ClientError `no-trust` where the policy lists no key for a log of this name
 */
function witnessedLog(context: ClientContext, policy: Policy, proof: BlockProof): LogView {
  const { origin } = refuseUnless(() => parseCheckpoint(parseNote(proof.checkpoint).text));
  const keys = policy.logs.map(({ key }) => key);
  const key = matchKey(keys, SUPER, origin);
  if (key === undefined || key.name !== origin) {
    const message =
      `the node answers with the super-log ${origin}, for which the policy has no key: a relay ` +
      'or archive has one of its own, and what witnesses saw is shown by the origin alone, or by ' +
      'a cache or proxy of it';
    throw new ClientError('usage', 'no-trust', message, { origin });
  }
  return createLogView({
    trust: createTrust('pinned', key, policy, context.provider),
    storage: context.storage,
    freshness: context,
    fetchConsistency: (from, to, inner) =>
      fetchConsistency(context.transport, proof.namespace, { from, to }, inner),
  });
}

/** The keys alone. A node's only key also under this log's name, so that nobody need be asked. */
function ownPolicy(policy: Policy, namespace: NamespaceId): Policy {
  const logs = policy.logs.flatMap((log, _, all) => {
    const { name, type, publicKey } = log.key;
    const isNodes = all.length === 1 && !/\/ns\/|\/super$/.test(name);
    return isNodes ? [{ key: createNoteKey(`${name}/ns/${namespace}`, type, publicKey) }] : [log];
  });
  return { logs, witnesses: [], groups: [], quorum: 'none' };
}
