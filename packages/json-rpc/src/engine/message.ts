import {
  type AccessListEntry,
  type AccountChange,
  type Authorization,
  applyAuthorizations,
  type BlockEnvironment,
  type Evm,
  FORK_RULES,
  type ForkRules,
  intrinsicGas,
  type Log,
  type ReadSet,
  type Session,
  type StateReader,
  type Tracer,
} from '@basalt/evm';
import { GAS_PER_BLOB } from '@basalt/execution';
import { RPC_ERRORS, RpcError } from '../errors.ts';
import { checksumAddress } from '../views/checksum.ts';

/**
 * A transaction that nobody signed, with every field known. Fees are those of EIP-1559; where a
 * gas price was given, both are that price.
 */
export interface Message {
  readonly from: Uint8Array;
  /** undefined creates a contract. */
  readonly to: Uint8Array | undefined;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  readonly feeCap: bigint;
  readonly tipCap: bigint;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly accessList: readonly AccessListEntry[];
  readonly blobHashes: readonly Uint8Array[] | undefined;
  readonly blobFeeCap: bigint;
  readonly authorizations: readonly Authorization[] | undefined;
}

/** A message that can not be carried out: nothing of it ran. */
export class MessageError extends RpcError {}

/** Which of the rules for transactions a call is freed from. */
export interface MessageRules {
  readonly skipsNonce: boolean;
  /** A message that offers no fee need not pay the base fee. */
  readonly mayBeFree: boolean;
  readonly tracer?: Tracer;
  /** Warm beside what is warm by itself. */
  readonly warm?: readonly Uint8Array[];
}

export interface MessageResult {
  readonly halt: string | undefined;
  readonly gasUsed: bigint;
  /** Gas needed while it ran: what was used before refunds, at least the floor (EIP-7623). */
  readonly gasPeak: bigint;
  readonly output: Uint8Array;
  readonly created: Uint8Array | undefined;
  readonly logs: readonly Log[];
  readonly changes: readonly AccountChange[];
  readonly reads: ReadSet;
}

const UINT64 = 2n ** 64n;

/**
 * Runs a message with everything that a transaction does beside it: charges, nonce, authorizations,
 * refund, fee. Changes nothing by itself. What may be left out is as in geth's state transition.
 *
 * @throws MessageError with the code that `eth_simulateV1` has for it
 */
export function applyMessage(
  evm: Evm,
  state: StateReader,
  message: Message,
  block: BlockEnvironment,
  options: MessageRules,
): MessageResult {
  const rules = FORK_RULES[evm.fork];
  const isFree = options.mayBeFree && message.feeCap === 0n && message.tipCap === 0n;
  const gasPrice = rules.hasBaseFee && !isFree ? effective(message, block.baseFee) : message.feeCap;
  const session = evm.begin(state, block, {
    origin: message.from,
    gasPrice,
    blobHashes: message.blobHashes ?? [],
  });
  const blobGas = GAS_PER_BLOB * BigInt(message.blobHashes?.length ?? 0);
  const gas = intrinsicGas(rules, asTransaction(message));
  try {
    if (!options.skipsNonce) assertNonce(session, message);
    if (rules.hasBaseFee && !isFree) assertFees(message, block.baseFee);
    assertBlobs(message, block, options.mayBeFree);
    assertKind(message);
    assertFunds(session, message, blobGas);
    assertGas(rules, message, gas);
  } catch (error) {
    session.finish();
    throw error;
  }
  const { from, to } = message;
  const account = session.getAccount(from);
  const nonce = account?.nonce ?? 0n;
  const cost = message.gasLimit * gasPrice + blobGas * block.blobBaseFee;
  session.setBalance(from, (account?.balance ?? 0n) - cost);
  session.setNonce(from, (nonce + 1n) % UINT64);
  warm(session, rules, message, block);
  for (const address of options.warm ?? []) session.warm(address);
  if (message.authorizations !== undefined) {
    applyAuthorizations(session, message.authorizations, block.chainId);
  }
  const request = {
    from,
    to,
    nonce,
    data: message.data,
    value: message.value,
    gasLimit: message.gasLimit - gas.intrinsic,
  };
  const { tracer } = options;
  const frame = tracer === undefined ? session.run(request) : session.trace(request, tracer);
  const spent = message.gasLimit - frame.gasLeft;
  const cap = spent / BigInt(rules.refundQuotient);
  const afterRefund = spent - (frame.gasRefund < cap ? frame.gasRefund : cap);
  const gasUsed = afterRefund > gas.floor ? afterRefund : gas.floor;
  session.addBalance(from, (message.gasLimit - gasUsed) * gasPrice);
  const tip = rules.hasBaseFee ? gasPrice - block.baseFee : gasPrice;
  if (!isFree) session.addBalance(block.coinbase, gasUsed * (tip > 0n ? tip : 0n));
  const { logs, changes, reads } = session.finish();
  return {
    halt: frame.halt,
    gasUsed,
    gasPeak: spent > gas.floor ? spent : gas.floor,
    output: frame.output,
    created: frame.halt === undefined ? frame.created : undefined,
    logs,
    changes,
    reads,
  };
}

function effective({ feeCap, tipCap }: Message, baseFee: bigint): bigint {
  const wanted = baseFee + tipCap;
  return wanted < feeCap ? wanted : feeCap;
}

/** Intrinsic gas depends on what is listed, not on fees. */
function asTransaction(message: Message): Parameters<typeof intrinsicGas>[1] {
  const common = {
    sender: message.from,
    to: message.to,
    nonce: message.nonce,
    gasLimit: message.gasLimit,
    value: message.value,
    data: message.data,
    maxFeePerGas: message.feeCap,
    maxPriorityFeePerGas: message.tipCap,
    accessList: message.accessList,
  };
  const { authorizations } = message;
  return authorizations === undefined
    ? { type: 2, ...common }
    : { type: 4, ...common, authorizations };
}

function assertNonce(session: Session, { from, nonce }: Message): void {
  const known = session.getAccount(from)?.nonce ?? 0n;
  const figures = `address ${checksumAddress(from)}, tx: ${nonce} state: ${known}`;
  if (nonce > known) throw refuse('nonceTooHigh', `nonce too high: ${figures}`);
  if (nonce < known) throw refuse('nonceTooLow', `nonce too low: ${figures}`);
}

function assertFees({ from, feeCap, tipCap }: Message, baseFee: bigint): void {
  const who = `address ${checksumAddress(from)}`;
  if (tipCap > feeCap) {
    const figures = `maxPriorityFeePerGas: ${tipCap}, maxFeePerGas: ${feeCap}`;
    const what = 'max priority fee per gas higher than max fee per gas';
    throw refuse('invalidParams', `${what}: ${who}, ${figures}`);
  }
  if (feeCap < baseFee) {
    const what = 'max fee per gas less than block base fee';
    throw refuse('baseFeeTooLow', `${what}: ${who}, maxFeePerGas: ${feeCap}, baseFee: ${baseFee}`);
  }
}

function assertBlobs(message: Message, block: BlockEnvironment, mayBeFree: boolean): void {
  const { blobHashes, blobFeeCap, from, to } = message;
  if (blobHashes === undefined) return;
  if (to === undefined) throw refuse('server', 'blob transaction of type create');
  if (blobHashes.length === 0) throw refuse('server', 'blob transaction missing blob hashes');
  const wrong = blobHashes.findIndex((hash) => hash[0] !== 1);
  if (wrong >= 0) throw refuse('server', `blob ${wrong} has invalid hash version`);
  if (mayBeFree && blobFeeCap === 0n) return;
  if (blobFeeCap < block.blobBaseFee) {
    const what = 'max fee per blob gas less than block blob gas fee';
    const figures = `blobGasFeeCap: ${blobFeeCap}, blobBaseFee: ${block.blobBaseFee}`;
    throw refuse('server', `${what}: address ${checksumAddress(from)} ${figures}`);
  }
}

function assertKind({ authorizations, to }: Message): void {
  if (authorizations === undefined) return;
  if (to === undefined) {
    throw refuse('server', 'EIP-7702 transaction cannot be used to create contract');
  }
  if (authorizations.length === 0) {
    throw refuse('server', 'EIP-7702 transaction with empty auth list');
  }
}

function assertFunds(session: Session, message: Message, blobGas: bigint): void {
  const { from, feeCap, gasLimit, value, blobFeeCap } = message;
  const have = session.getAccount(from)?.balance ?? 0n;
  const want = gasLimit * feeCap + value + blobGas * blobFeeCap;
  if (have >= want) return;
  const figures = `address ${checksumAddress(from)} have ${have} want ${want}`;
  throw refuse('insufficientFunds', `insufficient funds for gas * price + value: ${figures}`);
}

function assertGas(
  rules: ForkRules,
  { data, gasLimit, to }: Message,
  { intrinsic, floor }: { readonly intrinsic: bigint; readonly floor: bigint },
): void {
  if (gasLimit < intrinsic) {
    throw refuse('intrinsicGas', `intrinsic gas too low: have ${gasLimit}, want ${intrinsic}`);
  }
  if (gasLimit < floor) {
    const what = 'insufficient gas for floor data gas cost';
    throw refuse('intrinsicGas', `${what}: have ${gasLimit}, want ${floor}`);
  }
  if (to === undefined && data.length > rules.initCodeSizeMax) {
    const figures = `code size ${data.length} limit ${rules.initCodeSizeMax}`;
    throw refuse('initCodeSize', `max initcode size exceeded: ${figures}`);
  }
}

/** EIP-2929, 2930, 3651. */
function warm(
  session: Session,
  rules: ForkRules,
  { accessList, from, to }: Message,
  block: BlockEnvironment,
): void {
  session.warm(from);
  if (to !== undefined) session.warm(to);
  if (rules.warmsCoinbase) session.warm(block.coinbase);
  for (const { address, slots } of accessList) session.warm(address, slots);
}

function refuse(name: keyof typeof RPC_ERRORS, message: string): MessageError {
  return new MessageError(RPC_ERRORS[name], message);
}
