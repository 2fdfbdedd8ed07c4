import { Argument, Command, Option } from 'commander';
import { parseAmount, toQuantity } from '../chain/amounts.ts';
import { createRpc } from '../chain/rpc.ts';
import { addRpcOptions, type RpcOptions } from '../chain/rpc-options.ts';
import { parseAddress, waitForReceipt } from '../chain/sending.ts';
import { showReceipt } from '../chain/show-receipt.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../options.ts';

interface Options extends RpcOptions {
  readonly amount: bigint;
}

/** Enough for thousands of transactions, little enough to be told from the accounts' own. */
const AMOUNT_DEFAULT = 100n * 10n ** 18n;

export function faucetCommand(context: Context): Command {
  const command = new Command('faucet')
    .description('Give an address test ether, from the faucet account of a devnet.')
    .addArgument(new Argument('<address>', 'who gets it').argParser(parseAddress))
    .addOption(
      new Option('--amount <amount>', 'e.g. 5ether')
        .argParser(parseAmount)
        .default(AMOUNT_DEFAULT, '100ether'),
    );
  addRpcOptions(command).action((address: string, options: Options) =>
    give(context, address, options),
  );
  return addExamples(command, [
    'basalt faucet 0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
    'basalt faucet 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --amount 5ether',
  ]);
}

async function give(context: Context, address: string, options: Options): Promise<void> {
  const { signal } = context;
  const rpc = createRpc(options.rpcUrl, signal);
  const hash = await rpc.call<string>('basalt_faucet', [address, toQuantity(options.amount)]);
  const receipt = await waitForReceipt(context, rpc, hash);
  await showReceipt(context, rpc, receipt, options.json === true);
}
