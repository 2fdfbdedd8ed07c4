import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { failureOf, type TracedCall } from './call-tree.ts';
import { hasFailed, type RpcReceipt, receiptLines } from './receipt-view.ts';
import type { Rpc } from './rpc.ts';

/** Prints a receipt; of one that failed also why, and where more is told. */
export async function showReceipt(
  { screen, terminal }: Context,
  rpc: Rpc,
  receipt: RpcReceipt,
  isJson: boolean,
): Promise<void> {
  const failed = hasFailed(receipt);
  if (isJson) {
    screen.line(JSON.stringify(receipt));
  } else {
    const reason = failed ? await reasonOf(rpc, receipt.transactionHash) : undefined;
    for (const line of receiptLines(screen, receipt, reason)) screen.line(line);
  }
  if (failed) {
    terminal.line(`  \`basalt trace ${receipt.transactionHash}\` shows where it failed`);
  }
}

/** undefined: the node traces nothing, or has not the state any more. */
async function reasonOf(rpc: Rpc, hash: string): Promise<string | undefined> {
  const tracer = { tracer: 'callTracer', tracerConfig: { onlyTopCall: true } };
  try {
    return failureOf(await rpc.call<TracedCall>('debug_traceTransaction', [hash, tracer]));
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
