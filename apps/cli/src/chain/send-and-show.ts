import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { hasFailed } from './receipt-view.ts';
import type { Rpc } from './rpc.ts';
import { type Request, type SendingOptions, sendRequest } from './sending.ts';
import { showReceipt } from './show-receipt.ts';

/** Sends it and shows its receipt, or the hash alone where nobody waits; a failed one ends in 1. */
export async function sendAndShow(
  context: Context,
  rpc: Rpc,
  options: SendingOptions,
  request: Request,
): Promise<void> {
  const { hash, receipt } = await sendRequest(context, rpc, options, request);
  const isJson = options.json === true;
  if (receipt === undefined) {
    context.screen.line(isJson ? JSON.stringify({ transactionHash: hash }) : hash);
    return;
  }
  await showReceipt(context, rpc, receipt, isJson);
  if (hasFailed(receipt)) process.exitCode = EXIT.failedCheck;
}
