import {
  type ChainHeader,
  decodeChainPayload,
  fromHex,
  type NamespaceId,
  PAYLOAD_TYPE,
  type ProvenTransaction,
  parseNamespaceId,
  toHex,
  verifyChainTransaction,
} from '@basalt/protocol';
import { refusal, refuseUnless } from './errors.ts';
import { asArray, asObject, type JsonObject, textField } from './json.ts';

/**
 * What `basalt_getTransactionProof` answers, read: where the transaction's block stands in the
 * ledger, and the nodes that prove transaction and receipt under the header in its payload.
 */
export interface TransactionProof {
  /** 32 bytes. */
  readonly transactionHash: Uint8Array;
  readonly namespace: NamespaceId;
  /** Index of the ledger block. */
  readonly index: number;
  /** Place in the block of the chain, from 0. */
  readonly transactionIndex: number;
  readonly transaction: readonly Uint8Array[];
  readonly receipt: readonly Uint8Array[];
}

/** What follows from a payload that is proven, and a proof. */
export interface CheckedTransaction extends ProvenTransaction {
  /** Of the chain's block. */
  readonly header: ChainHeader;
  readonly transactionIndex: number;
  /**
   * True where a developer changed the state by hand before this block, or where transactions in it
   * have no signature: both only happen on a devnet.
   */
  readonly hasDevnetChanges: boolean;
}

/** A trie of 2^24 items is six nodes deep; 65 is what any trie can be. */
const NODES_MAX = 65;

/**
 * Reads the answer of `basalt_getTransactionProof`, or the same in a file.
 *
 * @throws ClientError kind `refused`, `bad-response`
 */
export function readTransactionProof(value: unknown): TransactionProof {
  const proof = asObject(value, 'the proof');
  const ledger = asObject(proof['ledger'], 'ledger');
  return {
    transactionHash: hexField(proof, 'transactionHash'),
    namespace: refuseUnless(() => parseNamespaceId(textField(ledger, 'namespace'))),
    index: quantityField(ledger, 'index'),
    transactionIndex: quantityField(proof, 'transactionIndex'),
    transaction: nodesField(proof, 'transactionProof'),
    receipt: nodesField(proof, 'receiptProof'),
  };
}

/**
 * Checks a transaction and its receipt against the payload of a ledger block. Whoever calls has
 * shown that the payload is that of the block, and that the block is in the log.
 *
 * @param block `payloadType` of the ledger block and its payload
 * @throws ClientError kind `refused`: `invalid-proof`, `malformed`, `wrong-block` where it is the
 *   proof of another transaction
 */
export function checkTransaction(
  block: { readonly payloadType: number; readonly payload: Uint8Array },
  proof: TransactionProof,
): CheckedTransaction {
  if (block.payloadType !== PAYLOAD_TYPE.transactionBatch) {
    throw refusal('invalid-proof', 'the ledger block is none of a chain', {
      payloadType: block.payloadType,
    });
  }
  const payload = refuseUnless(() => decodeChainPayload(block.payload));
  if (payload.kind !== 'block') {
    throw refusal('invalid-proof', 'the ledger block rewinds the chain: it holds no transaction');
  }
  const { header } = payload;
  const { transactionIndex: index, transaction, receipt } = proof;
  const proven = refuseUnless(() =>
    verifyChainTransaction(header, { index, transaction, receipt }),
  );
  const found = toHex(proven.transaction.hash);
  if (found !== toHex(proof.transactionHash)) {
    throw refusal('wrong-block', 'the proof is about another transaction than it says', {
      asked: toHex(proof.transactionHash),
      found,
    });
  }
  const hasDevnetChanges = payload.interventionCount > 0 || payload.unsignedCount > 0;
  return { ...proven, header, transactionIndex: index, hasDevnetChanges };
}

function nodesField(object: JsonObject, name: string): Uint8Array[] {
  return asArray(object[name], name, NODES_MAX).map((node) => hexOf(node, name));
}

function hexField(object: JsonObject, name: string): Uint8Array {
  return hexOf(object[name], name);
}

function hexOf(value: unknown, name: string): Uint8Array {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-f]{2})*$/.test(value)) {
    throw refusal('bad-response', `expected ${name} to be hex with 0x`, { field: name });
  }
  return fromHex(value.slice(2));
}

/** As JSON-RPC writes numbers. */
function quantityField(object: JsonObject, name: string): number {
  const value = object[name];
  const number = typeof value === 'string' && /^0x[0-9a-f]{1,14}$/.test(value) ? Number(value) : -1;
  if (!Number.isSafeInteger(number) || number < 0) {
    throw refusal('bad-response', `expected ${name} to be a number in hex`, { field: name });
  }
  return number;
}
