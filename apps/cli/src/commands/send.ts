import { Argument, Command } from 'commander';
import { encodeCall } from '../chain/abi.ts';
import { createRpc } from '../chain/rpc.ts';
import { sendAndShow } from '../chain/send-and-show.ts';
import { addSendingOptions, parseAddress, type SendingOptions } from '../chain/sending.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { addExamples } from '../options.ts';

interface Options extends SendingOptions {
  readonly data?: string;
}

export function sendCommand(context: Context): Command {
  const command = new Command('send')
    .description(
      'Send a transaction and wait for its receipt: ether, or a call of a contract by signature. ' +
        'Ends with 1 when it is in a block and failed there.',
    )
    .addArgument(new Argument('<to>', 'address').argParser(parseAddress))
    .argument('[signature]', 'function to call, e.g. "transfer(address,uint256)"')
    .argument('[arguments...]', 'its arguments')
    .option('--data <hex>', 'call data, in place of a signature');
  addSendingOptions(command).action(
    (to: string, signature: string | undefined, texts: string[], options: Options) =>
      send(context, { to, signature, texts }, options),
  );
  return addExamples(command, [
    'basalt send 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --value 1.5ether',
    'basalt send 0x5FbDB2315678afecb367f032d93F642f64180aa3 "transfer(address,uint256)" 0x7099… 5',
    'basalt send 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --value 1ether --from 3',
    'basalt send 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --value 1gwei --key-file my.key',
  ]);
}

interface Call {
  readonly to: string;
  readonly signature: string | undefined;
  readonly texts: readonly string[];
}

async function send(context: Context, call: Call, options: Options): Promise<void> {
  const rpc = createRpc(options.rpcUrl, context.signal);
  const request = { to: call.to, data: dataOf(call, options) };
  await sendAndShow(context, rpc, options, request);
}

function dataOf({ signature, texts }: Call, { data }: Options): string {
  if (data === undefined) {
    return signature === undefined ? '0x' : encodeCall(signature, texts).data;
  }
  if (signature !== undefined || !/^0x(?:[0-9a-f]{2})*$/i.test(data)) {
    throw new CliError(
      EXIT.usage,
      'usage',
      signature === undefined
        ? '--data is no hex with 0x'
        : 'a signature and --data exclude another',
      'for example --data 0xa9059cbb',
    );
  }
  return data;
}
