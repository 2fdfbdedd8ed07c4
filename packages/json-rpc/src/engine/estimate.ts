import { FORK_RULES } from '@basalt/evm';
import { haltMessage, RpcError, revertError, serverError } from '../errors.ts';
import type { Services } from '../services.ts';
import { type CallContext, runCall } from './call-context.ts';
import type { Message, MessageResult } from './message.ts';

const TRANSFER_GAS = 21_000n;
const CALL_STIPEND = 2_300n;
/** As geth: how far above the least gas an estimate may be, 1.5 percent. */
const ERROR_PER_MILLE = 15n;

/**
 * The gas limit with which a message succeeds, at most 1.5 percent above the least one; the same
 * search as geth's, so that both give the same figure.
 *
 * @throws RpcError code 3 where it reverts with any gas, and for what else can not succeed
 */
export function estimateGas(services: Services, context: CallContext, message: Message): bigint {
  let high = highest(services, context, message);
  const attempt = (gasLimit: bigint): MessageResult | undefined =>
    tryWith(services, context, { ...message, gasLimit });
  if (isPlainTransfer(context, message)) {
    const result = attempt(TRANSFER_GAS);
    if (result !== undefined && result.halt === undefined) return TRANSFER_GAS;
  }
  const first = attempt(high);
  if (first === undefined) throw serverError(`gas required exceeds allowance (${high})`);
  if (first.halt !== undefined) throw failure(first, high);
  let low = first.gasUsed - 1n;
  // What is spent is less than what is needed: frames keep a 64th, and refunds come at the end.
  const likely = ((first.gasPeak + CALL_STIPEND) * 64n) / 63n;
  if (likely < high) {
    if (isEnough(attempt(likely))) high = likely;
    else low = likely;
  }
  while (low + 1n < high) {
    if ((high - low) * 1_000n < high * ERROR_PER_MILLE) break;
    const middle = (high + low) / 2n;
    // Most need little more than they use: do not begin in the middle of the whole range.
    const gas = middle > low * 2n ? low * 2n : middle;
    if (isEnough(attempt(gas))) high = gas;
    else low = gas;
  }
  return high;
}

function isEnough(result: MessageResult | undefined): boolean {
  return result !== undefined && result.halt === undefined;
}

/** undefined: not even what every transaction pays is covered. */
function tryWith(
  services: Services,
  context: CallContext,
  message: Message,
): MessageResult | undefined {
  try {
    return runCall(services, context, message);
  } catch (error) {
    if (error instanceof RpcError && /intrinsic gas|floor data gas/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}

/** Bounded by the block, the cap for calls, the fork's cap and what the sender can pay. */
function highest(services: Services, context: CallContext, message: Message): bigint {
  const { environment, evm, state } = context;
  const { callGas } = services.limits;
  const bounds = [
    callGas,
    message.gasLimit >= TRANSFER_GAS ? message.gasLimit : environment.gasLimit,
  ];
  const { transactionGasLimitMax } = FORK_RULES[evm.fork];
  if (transactionGasLimitMax > 0) bounds.push(BigInt(transactionGasLimitMax));
  if (message.feeCap > 0n) {
    const balance = state.readAccount(message.from)?.balance ?? 0n;
    if (message.value > balance) throw serverError('insufficient funds for transfer');
    bounds.push((balance - message.value) / message.feeCap);
  }
  return bounds.reduce((least, each) => (each < least ? each : least));
}

function isPlainTransfer({ overlay }: CallContext, message: Message): boolean {
  if (message.to === undefined || message.data.length > 0) return false;
  if (message.authorizations !== undefined) return false;
  return overlay.codeOf(message.to).length === 0 && message.accessList.length === 0;
}

function failure({ halt, output }: MessageResult, gas: bigint): RpcError {
  if (halt === 'revert') return revertError(output);
  if (halt === 'out-of-gas') return serverError(`gas required exceeds allowance (${gas})`);
  return serverError(haltMessage(halt ?? 'revert'));
}
