import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { TransactionFields } from '@basalt/execution';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { fromHex, toHex } from './abi.ts';
import { parseAmount, toQuantity } from './amounts.ts';
import { checksumAddress } from './checksum.ts';
import type { RpcReceipt } from './receipt-view.ts';
import type { Rpc } from './rpc.ts';
import { addRpcOptions, type RpcOptions } from './rpc-options.ts';
import { waitingReason } from './waiting-reason.ts';

/** Options of commands that send a transaction. */
export interface SendingOptions extends RpcOptions {
  readonly from?: string;
  readonly keyFile?: string;
  readonly value: bigint;
  readonly gas?: bigint;
  readonly wait: boolean;
}

export interface Request {
  readonly to: string | undefined;
  readonly data: string;
}

/** A chain of 12-second blocks includes a transaction within a few of them. */
const RECEIPT_TIMEOUT_MS = 120_000;
const RECEIPT_POLL_MS = 100;
/** Without a word longer than this, a person takes it for hanging. */
const SILENCE_MS = 5_000;

/** Room for what changes between the estimate and the block, in percent. */
const GAS_MARGIN_PERCENT = 20n;

export function addSendingOptions(command: Command): Command {
  command
    .option('--from <account>', 'an account of the node, or its number; default the first')
    .option('--key-file <file>', 'sign here with this key: 32 bytes in hex')
    .addOption(
      new Option('--value <amount>', 'sent along: 1.5ether, 20gwei, or wei')
        .argParser(parseAmount)
        .default(0n, '0'),
    )
    .addOption(new Option('--gas <limit>', 'gas limit; estimated by default').argParser(parseGas))
    .option('--no-wait', 'do not wait for the receipt');
  return addRpcOptions(command);
}

export function parseAddress(text: string): string {
  if (!/^0x[0-9a-f]{40}$/i.test(text)) {
    throw new InvalidArgumentError('expected an address: 0x and 40 hex digits');
  }
  // Letters of one case carry no checksum.
  const hasChecksum = /[a-f]/.test(text) && /[A-F]/.test(text.slice(2));
  if (hasChecksum && checksumAddress(fromHex(text)) !== text) {
    throw new InvalidArgumentError('the letters do not have its checksum (EIP-55): a typing error');
  }
  return text;
}

function parseGas(text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return BigInt(text);
}

/** Sends it and, unless told otherwise, waits for the receipt. */
export async function sendRequest(
  context: Context,
  rpc: Rpc,
  options: SendingOptions,
  request: Request,
): Promise<{ readonly hash: string; readonly receipt: RpcReceipt | undefined }> {
  const hash =
    options.keyFile === undefined
      ? await sendFromNode(rpc, options, request)
      : await sendSigned(rpc, options, request, readKey(options.keyFile));
  const receipt = options.wait ? await waitForReceipt(context, rpc, hash) : undefined;
  return { hash, receipt };
}

/** The account of `--from`, by address or by its number among the node's. */
export async function accountOf(rpc: Rpc, from: string | undefined): Promise<string> {
  if (from !== undefined && /^0x/i.test(from)) return from;
  const accounts = await rpc.call<string[]>('eth_accounts');
  const account = accounts[Number(from ?? 0)];
  if (account !== undefined) return account;
  throw new CliError(
    EXIT.usage,
    'no-account',
    accounts.length === 0
      ? `${rpc.url} holds no accounts`
      : `there is no account ${from}: ${rpc.url} has ${accounts.length}, counted from 0`,
    'sign here with --key-file',
  );
}

async function sendFromNode(rpc: Rpc, options: SendingOptions, request: Request): Promise<string> {
  const call = await callOf(rpc, options, request, await accountOf(rpc, options.from));
  return await rpc.call<string>('eth_sendTransaction', [call]);
}

async function callOf(
  rpc: Rpc,
  { value, gas }: SendingOptions,
  { to, data }: Request,
  from: string,
): Promise<Record<string, string>> {
  const call: Record<string, string> = { from, value: toQuantity(value), data };
  if (to !== undefined) call['to'] = to;
  call['gas'] = toQuantity(gas ?? (await estimate(rpc, call)));
  return call;
}

async function estimate(rpc: Rpc, call: Readonly<Record<string, string>>): Promise<bigint> {
  const gas = BigInt(await rpc.call<string>('eth_estimateGas', [call]));
  // A plain transfer costs the same wherever it runs.
  return gas === 21_000n ? gas : gas + (gas * GAS_MARGIN_PERCENT) / 100n;
}

async function sendSigned(
  rpc: Rpc,
  options: SendingOptions,
  request: Request,
  key: Uint8Array,
): Promise<string> {
  const { addressOf, isPrivateKey, signTransaction } = await import('@basalt/execution');
  if (!isPrivateKey(key)) {
    const message = `${options.keyFile} holds no key: the number is 0 or beyond the curve's order`;
    throw new CliError(EXIT.usage, 'bad-key', message, KEY_HINT);
  }
  const from = toHex(addressOf(key));
  const { value = '0x0', gas = '0x0' } = await callOf(rpc, options, request, from);
  const [chainId, nonce, block, tip] = await Promise.all([
    rpc.call<string>('eth_chainId'),
    rpc.call<string>('eth_getTransactionCount', [from, 'pending']),
    rpc.call<{ baseFeePerGas?: string }>('eth_getBlockByNumber', ['latest', false]),
    rpc.call<string>('eth_maxPriorityFeePerGas'),
  ]);
  const maxPriorityFeePerGas = BigInt(tip);
  const fields: TransactionFields = {
    type: 2,
    nonce: BigInt(nonce),
    maxPriorityFeePerGas,
    // Twice the base fee holds for six full blocks in a row (EIP-1559).
    maxFeePerGas: 2n * BigInt(block.baseFeePerGas ?? '0x0') + maxPriorityFeePerGas,
    gasLimit: BigInt(gas),
    to: request.to === undefined ? undefined : fromHex(request.to),
    value: BigInt(value),
    data: fromHex(request.data),
    accessList: [],
  };
  const { raw } = signTransaction(fields, BigInt(chainId), key);
  return await rpc.call<string>('eth_sendRawTransaction', [toHex(raw)]);
}

const KEY_HINT = 'expected 64 hex digits, as `basalt devnet` prints private keys';

function readKey(path: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, 'unreadable', reason, 'check the path');
  }
  if (!/^(?:0x)?[0-9a-f]{64}$/i.test(text)) {
    throw new CliError(EXIT.usage, 'bad-key', `${path} holds no key`, KEY_HINT);
  }
  return fromHex(text);
}

/** Says after some seconds what it waits for. @throws CliError `no-receipt` after two minutes */
export async function waitForReceipt(
  context: Context,
  rpc: Rpc,
  hash: string,
): Promise<RpcReceipt> {
  const { clock, terminal } = context;
  const startMs = clock.nowMs();
  let told = '';
  let tellMs = startMs + SILENCE_MS;
  for (;;) {
    const receipt = await rpc.call<RpcReceipt | null>('eth_getTransactionReceipt', [hash]);
    if (receipt !== null) return receipt;
    const nowMs = clock.nowMs();
    if (nowMs >= tellMs) {
      tellMs = nowMs + SILENCE_MS;
      const reason = await waitingReason(rpc, hash);
      if (reason !== told) terminal.line(`  ${hash} waits: ${reason}`);
      told = reason;
    }
    if (nowMs > startMs + RECEIPT_TIMEOUT_MS) {
      throw new CliError(
        EXIT.refused,
        'no-receipt',
        `${hash} is in no block yet`,
        'it stays in the pool; `basalt tx` shows it when it is there',
      );
    }
    await pause(RECEIPT_POLL_MS, undefined, { signal: context.signal });
  }
}
