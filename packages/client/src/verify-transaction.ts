import { fromBase64, toBase64 } from '@basalt/protocol';
import type { Client } from './client.ts';
import { refusal, refuseUnless } from './errors.ts';
import { asObject, type JsonObject, textField } from './json.ts';
import {
  type CheckedTransaction,
  checkTransaction,
  readTransactionProof,
} from './transaction-proof.ts';
import type { CallOptions, ServedBlock } from './types.ts';
import { type VerifiedProof, type VerifyProofOptions, verifyProof } from './verify-proof.ts';

/** A transaction that was proven against the ledger, and the ledger block that carries it. */
export interface VerifiedTransaction extends CheckedTransaction {
  /** `verified` says what holds of the ledger block: signature, inclusion, checkpoint. */
  readonly block: ServedBlock;
}

/**
 * Proves that a transaction and its receipt are in a block of a chain whose log is a namespace of
 * the ledger: fetches the ledger block with its inclusion under the checkpoint, reads the chain's
 * header out of its payload, and checks both proofs under the roots that the header names.
 *
 * It shows that the block stands in the log. A rewind that a later entry says, as a devnet's revert
 * makes it, is not looked for.
 *
 * @param proof what `basalt_getTransactionProof` answered
 * @throws ClientError kind `refused` with the code of what does not hold
 */
// Life of a transaction, 17.
export async function verifyTransaction(
  client: Pick<Client, 'get'>,
  proof: unknown,
  options: CallOptions = {},
): Promise<VerifiedTransaction> {
  const read = readTransactionProof(proof);
  const { namespace, index } = read;
  const block = await client.get({ namespace, index }, { ...options, inclusion: 'wait' });
  const { payload, entry } = block.block;
  if (payload === undefined) {
    throw refusal('missing-block', 'the node has pruned the payload of the block', { index });
  }
  const { payloadType } = entry.header;
  return { ...checkTransaction({ payloadType, payload }, read), block };
}

const FORMAT = 'basalt-transaction-proof/1';

/**
 * A file that proves a transaction without asking anybody: the ledger's proof of the block, the
 * block's payload, and the proofs under its header.
 *
 * @param proof what `basalt_getTransactionProof` answered, checked by {@link verifyTransaction}
 * @param tlogProof of the ledger block, from `client.prove`
 */
export function formatTransactionProof(
  proof: unknown,
  tlogProof: string,
  payload: Uint8Array,
): string {
  const content = { format: FORMAT, proof, tlogProof, payload: toBase64(payload) };
  return `${JSON.stringify(content, null, 1)}\n`;
}

/** Is it a file of {@link formatTransactionProof}, judged by its first line? */
export function isTransactionProof(text: string): boolean {
  return text.startsWith('{') && text.slice(0, 80).includes(FORMAT);
}

/**
 * The ledger's proof in a file of {@link formatTransactionProof}.
 *
 * @throws ClientError kind `refused`, `bad-response`
 */
export function tlogProofOf(text: string): string {
  return textField(readFile(text), 'tlogProof');
}

/** What a file shows, offline. */
export interface VerifiedTransactionProof extends CheckedTransaction {
  readonly ledger: VerifiedProof;
}

/**
 * Checks a file of {@link formatTransactionProof} without a network; `options` say whom to believe.
 *
 * @throws ClientError as `verifyProof` and {@link verifyTransaction}
 */
export async function verifyTransactionProof(
  text: string,
  options: Omit<VerifyProofOptions, 'proof' | 'payload' | 'block'>,
): Promise<VerifiedTransactionProof> {
  const content = readFile(text);
  const payload = refuseUnless(() => fromBase64(textField(content, 'payload')));
  const proof = readTransactionProof(content['proof']);
  const ledger = await verifyProof({ ...options, proof: textField(content, 'tlogProof'), payload });
  const { header } = ledger;
  if (header.namespace !== proof.namespace || header.index !== proof.index) {
    throw refusal('wrong-block', 'the file proves another ledger block than it speaks of', {
      index: header.index,
      asked: proof.index,
    });
  }
  return { ...checkTransaction({ payloadType: header.payloadType, payload }, proof), ledger };
}

function readFile(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refusal('bad-response', 'expected JSON');
  }
  const content = asObject(parsed, 'the file');
  if (content['format'] === FORMAT) return content;
  throw refusal('bad-response', `expected a file of the format ${FORMAT}`);
}
