import { keccak256 } from '@basalt/evm';
import {
  encodeTransaction,
  type RecoveredTransaction,
  type TransactionFields,
} from '@basalt/execution';
import { haltMessage, RPC_ERRORS, revertMessage } from '../../errors.ts';
import { toHex, toQuantity } from '../../params/hex.ts';
import type { TransactionArgs } from '../../params/transaction-args.ts';
import { type LogPlace, logView } from '../../views/receipt.ts';
import type { View } from '../../views/transaction.ts';
import type { Message, MessageResult } from '../message.ts';
import type { CallLogs } from './log-tracer.ts';

/** A call that ran, with what is shown of it once its block has a hash. */
export interface SimulatedCall extends CallLogs {
  readonly transaction: RecoveredTransaction;
  readonly result: MessageResult;
}

/** The call as a transaction without signature: it has a hash and a place in the block. */
export function toTransaction(
  args: TransactionArgs,
  message: Message,
  chainId: bigint,
): RecoveredTransaction {
  const fields = toFields(args, message);
  const id = fields.type === 0 ? undefined : chainId;
  const signature = { yParity: 0, r: 0n, s: 0n, v: 0n } as const;
  const raw = encodeTransaction(fields, id, signature);
  const signed = { raw, hash: keccak256(raw), fields, chainId: id, signature };
  const { authorizations = [] } = message;
  const transaction =
    fields.type === 4
      ? { ...fields, sender: message.from, authorizations }
      : { ...fields, sender: message.from };
  return { ...signed, sender: message.from, transaction };
}

/** Its type follows from what is given: a gas price, authorizations, blobs, else EIP-1559. */
function toFields(args: TransactionArgs, message: Message): TransactionFields {
  const { to, nonce, gasLimit, value, data, accessList } = message;
  const common = { to, nonce, gasLimit, value, data };
  if (args.gasPrice !== undefined) return { type: 0, ...common, gasPrice: args.gasPrice };
  const fees = { maxFeePerGas: message.feeCap, maxPriorityFeePerGas: message.tipCap };
  if (args.authorizations !== undefined) {
    return { type: 4, ...common, ...fees, accessList, authorizations: args.authorizations };
  }
  if (message.blobHashes !== undefined) {
    const { blobHashes, blobFeeCap: maxFeePerBlobGas } = message;
    return { type: 3, ...common, ...fees, accessList, maxFeePerBlobGas, blobHashes };
  }
  return { type: 2, ...common, ...fees, accessList };
}

/** @param firstLog index in the block of the call's first log */
export function callView(
  { result, logs }: SimulatedCall,
  place: Omit<LogPlace, 'logIndex'>,
  firstLog: number,
): View {
  const { halt, output, gasUsed, gasPeak } = result;
  return {
    // Reverted calls give their data in the error.
    returnData: halt === undefined ? toHex(output) : '0x',
    logs: logs.map(({ log, index }) => logView(log, { ...place, logIndex: firstLog + index })),
    gasUsed: toQuantity(gasUsed),
    maxUsedGas: toQuantity(gasPeak),
    status: halt === undefined ? '0x1' : '0x0',
    ...(halt === undefined ? {} : { error: errorView(halt, output) }),
  };
}

function errorView(halt: string, output: Uint8Array): View {
  if (halt !== 'revert') return { message: haltMessage(halt), code: RPC_ERRORS.vm };
  return { message: revertMessage(output), code: RPC_ERRORS.revert, data: toHex(output) };
}
