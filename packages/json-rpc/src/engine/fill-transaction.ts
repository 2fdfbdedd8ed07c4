import { isAtLeast } from '@basalt/evm';
import type { TransactionFields } from '@basalt/execution';
import { invalidParams } from '../errors.ts';
import { baseFeeToPay, suggestTip } from '../fees.ts';
import type { TransactionArgs } from '../params/transaction-args.ts';
import type { Services } from '../services.ts';
import { openCall, toMessage } from './call-context.ts';
import { estimateGas } from './estimate.ts';

/** A transaction of a known sender with every field filled in, ready to be signed. */
export interface FilledTransaction {
  readonly from: Uint8Array;
  readonly fields: TransactionFields;
}

/**
 * Fills in what a sender left out: nonce after what waits in the pool, estimated gas, fees that the
 * next blocks take. Its type follows from the fields that are there.
 *
 * @throws RpcError without a sender, for another chain, for what can not succeed (when gas is not
 *   given)
 */
export async function fillTransaction(
  services: Services,
  args: TransactionArgs,
): Promise<FilledTransaction> {
  const { from } = args;
  if (from === undefined) throw invalidParams('missing value for "from"');
  const { chainId } = services.chain.config;
  if (args.chainId !== undefined && args.chainId !== chainId) {
    const figures = `(have=${args.chainId}, want=${chainId})`;
    throw invalidParams(`chainId does not match node's ${figures}`);
  }
  if (args.to === undefined && (args.data?.length ?? 0) === 0) {
    throw invalidParams('contract creation without any data provided');
  }
  if (args.blobHashes !== undefined) {
    throw invalidParams('send blob transactions signed, with eth_sendRawTransaction');
  }
  const nonce = args.nonce ?? nextNonce(services, from);
  const fees = await feesOf(services, args);
  const gasLimit = args.gas ?? (await estimate(services, args));
  const { to, value = 0n, data = new Uint8Array(0), accessList = [] } = args;
  const common = { to, nonce, gasLimit, value, data };
  if ('gasPrice' in fees) {
    const isListed = args.accessList !== undefined || args.type === 1n;
    return {
      from,
      fields: isListed
        ? { type: 1, ...common, ...fees, accessList }
        : { type: 0, ...common, ...fees },
    };
  }
  const { authorizations } = args;
  const fields: TransactionFields =
    authorizations === undefined
      ? { type: 2, ...common, ...fees, accessList }
      : { type: 4, ...common, ...fees, accessList, authorizations };
  return { from, fields };
}

function nextNonce({ chain, pool }: Services, from: Uint8Array): bigint {
  const head = Number(chain.head().header.number);
  return pool.nextNonce(from) ?? chain.stateAt(head)?.readAccount(from)?.nonce ?? 0n;
}

type Fees =
  | { readonly gasPrice: bigint }
  | { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

async function feesOf(services: Services, args: TransactionArgs): Promise<Fees> {
  const { header } = services.chain.head();
  const { fork } = services.chain.config.forkAt(header.number + 1n, header.timestamp);
  if (args.gasPrice !== undefined) return { gasPrice: args.gasPrice };
  const tip = args.maxPriorityFeePerGas ?? (await suggestTip(services));
  const isLegacy = args.type === 0n || args.type === 1n || !isAtLeast(fork, 'london');
  if (isLegacy) return { gasPrice: baseFeeToPay(services) * 2n + tip };
  // Twice the base fee lasts for six full blocks.
  const maxFeePerGas = args.maxFeePerGas ?? baseFeeToPay(services) * 2n + tip;
  if (args.maxPriorityFeePerGas !== undefined && maxFeePerGas < tip) {
    throw invalidParams(`maxFeePerGas (${maxFeePerGas}) < maxPriorityFeePerGas (${tip})`);
  }
  return { maxFeePerGas, maxPriorityFeePerGas: tip < maxFeePerGas ? tip : maxFeePerGas };
}

async function estimate(services: Services, args: TransactionArgs): Promise<bigint> {
  const context = await openCall(services, { tag: 'pending' });
  const { gasLimit } = context.environment;
  const message = toMessage(
    {
      ...args,
      gas: gasLimit,
      gasPrice: undefined,
      maxFeePerGas: undefined,
      maxPriorityFeePerGas: undefined,
    },
    gasLimit,
    services.chain.config.chainId,
  );
  return estimateGas(services, context, message);
}
