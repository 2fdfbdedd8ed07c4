import type { BlockLog } from '@basalt/execution';
import type { Ledger } from '@basalt/ledger';
import { type CryptoProvider, type NamespaceId, PAYLOAD_TYPE, type Signer } from '@basalt/protocol';
import { NodeError } from '../errors.ts';
import { openOwnNamespace } from '../own-namespace-shell.ts';

/** Name of the chain's namespace, for people. */
export const CHAIN_LABEL = 'chain';

/** The namespace's own first block stands before everything that the chain appends. */
const LOG_OFFSET = 1;

export interface LedgerBlockLog extends BlockLog {
  readonly namespace: NamespaceId;
  /** Index of a log entry in the namespace. */
  ledgerIndex(index: number): number;
}

export interface LedgerBlockLogComponents {
  readonly ledger: Pick<Ledger, 'createNamespace' | 'info' | 'payload'>;
  readonly signer: Signer;
  readonly crypto: CryptoProvider;
}

/**
 * The chain's log as a namespace of the ledger: each entry is one signed block with a payload of
 * type transaction batch, so that each has a proof. An append is durable when it resolves. One that
 * failed may have reached the disk all the same: `length` tells.
 *
 * @throws NodeError `data-damaged` when an entry can not be read back
 */
export async function openLedgerBlockLog(
  components: LedgerBlockLogComponents,
): Promise<LedgerBlockLog> {
  const { ledger } = components;
  const writer = await openOwnNamespace(components, CHAIN_LABEL);
  const { namespace } = writer;
  let length = 0;
  /** A write failed, and nobody could say since whether it reached the disk all the same. */
  let isUncertain = false;
  const count = async (): Promise<void> => {
    const info = await ledger.info(namespace);
    length = Math.max(0, (info?.size ?? 0) - LOG_OFFSET);
    isUncertain = false;
  };
  await count();
  return {
    namespace,
    ledgerIndex: (index) => index + LOG_OFFSET,
    get length() {
      return length;
    },
    // Life of a transaction, 12.
    async append(payload) {
      const payloadType = PAYLOAD_TYPE.transactionBatch;
      if (isUncertain) {
        // Another block on top of one that nobody knows of: no reader could make sense of the two.
        const known = length;
        await count();
        if (length !== known) throw damaged(namespace, known, 'is there though its write failed');
      }
      try {
        const [block] = await writer.append([{ payload, payloadType }], { consistency: 'durable' });
        if (block === undefined) throw damaged(namespace, length, 'was not acknowledged');
        length = Math.max(length, block.index + 1 - LOG_OFFSET);
        return { index: block.index - LOG_OFFSET };
      } catch (error) {
        isUncertain = true;
        await count().catch(() => undefined);
        throw error;
      }
    },
    async read(index) {
      const payload = await ledger.payload(namespace, index + LOG_OFFSET);
      if (payload === undefined) throw damaged(namespace, index, 'is not there');
      return payload;
    },
  };
}

function damaged(namespace: NamespaceId, index: number, what: string): NodeError {
  const message = `entry ${index} of the chain (namespace ${namespace}) ${what}`;
  return new NodeError('data-damaged', message);
}
