import { Argument, Command } from 'commander';
import type { RpcReceipt } from '../chain/receipt-view.ts';
import { createRpc } from '../chain/rpc.ts';
import { addRpcOptions, type RpcOptions } from '../chain/rpc-options.ts';
import { showReceipt } from '../chain/show-receipt.ts';
import { parseTransactionHash } from '../chain/transaction-hash.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { addExamples } from '../options.ts';

export function txCommand(context: Context): Command {
  const command = new Command('tx')
    .description('Show the receipt of a transaction: its block, what it used, what it logged.')
    .addArgument(new Argument('<hash>', 'of the transaction').argParser(parseTransactionHash));
  addRpcOptions(command).action((hash: string, options: RpcOptions) =>
    show(context, hash, options),
  );
  return addExamples(command, ['basalt tx 0x2f1c5c2b…', 'basalt tx 0x2f1c5c2b… --json']);
}

async function show(context: Context, hash: string, options: RpcOptions): Promise<void> {
  const { signal } = context;
  const rpc = createRpc(options.rpcUrl, signal);
  const receipt = await rpc.call<RpcReceipt | null>('eth_getTransactionReceipt', [hash]);
  if (receipt === null) {
    const waiting = await rpc.call<unknown>('eth_getTransactionByHash', [hash]);
    const isWaiting = waiting !== null;
    throw new CliError(
      EXIT.refused,
      isWaiting ? 'no-receipt' : 'unknown-transaction',
      isWaiting ? `${hash} waits in the pool` : `the chain has no transaction ${hash}`,
      isWaiting ? 'ask again when there is a block' : 'is this the chain it was sent to?',
    );
  }
  await showReceipt(context, rpc, receipt, options.json === true);
}
