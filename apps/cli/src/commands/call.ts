import { Argument, Command } from 'commander';
import { encodeCall } from '../chain/abi.ts';
import { createRpc } from '../chain/rpc.ts';
import { addRpcOptions, type RpcOptions } from '../chain/rpc-options.ts';
import { parseAddress } from '../chain/sending.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { addExamples } from '../options.ts';
import { printable } from '../view/terminal.ts';

interface Options extends RpcOptions {
  readonly from?: string;
  readonly block: string;
}

export function callCommand(context: Context): Command {
  const command = new Command('call')
    .description(
      'Ask a contract: run a function on a state of the chain and show what it returns. Nothing ' +
        'is sent, nothing changes.',
    )
    .addArgument(new Argument('<to>', 'address').argParser(parseAddress))
    .argument('<signature>', 'e.g. "balanceOf(address) returns (uint256)"')
    .argument('[arguments...]', 'its arguments')
    .option('--from <address>', 'who asks', parseAddress)
    .option('--block <number>', 'state after this block: a number, latest, pending', 'latest');
  addRpcOptions(command).action(
    (to: string, signature: string, texts: string[], options: Options) =>
      call(context, { to, signature, texts }, options),
  );
  return addExamples(command, [
    'basalt call 0x5FbDB2315678afecb367f032d93F642f64180aa3 "totalSupply() returns (uint256)"',
    'basalt call 0x5FbD… "balanceOf(address) returns (uint256)" 0x7099… --block 12',
  ]);
}

async function call(
  context: Context,
  { to, signature, texts }: { to: string; signature: string; texts: readonly string[] },
  options: Options,
): Promise<void> {
  const { screen, signal } = context;
  const encoded = encodeCall(signature, texts);
  const request = {
    to,
    data: encoded.data,
    ...(options.from === undefined ? {} : { from: options.from }),
  };
  const rpc = createRpc(options.rpcUrl, signal);
  const returned = await rpc.call<string>('eth_call', [request, blockOf(options.block)]);
  if (returned === '0x' && encoded.returnsValues) throw returnedNothing(to);
  const value = encoded.decode(returned);
  if (options.json === true) {
    screen.line(JSON.stringify({ returned, value: value ?? null }));
    return;
  }
  for (const line of shown(value ?? returned)) screen.line(line);
}

function returnedNothing(to: string): CliError {
  const message = `${to} returned nothing: there is no contract, or it has no such function`;
  return new CliError(EXIT.failedCheck, 'no-value', message, '`basalt deploy` shows addresses');
}

function blockOf(text: string): string {
  if (/^\d+$/.test(text)) return `0x${BigInt(text).toString(16)}`;
  if (/^(?:0x[0-9a-f]+|latest|pending|earliest|safe|finalized)$/.test(text)) return text;
  const message = `"${text}" is no block`;
  throw new CliError(EXIT.usage, 'usage', message, 'expected a number, latest or pending');
}

/** One value a line; what has parts as JSON. */
function shown(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(shownOne);
  if (typeof value !== 'object' || value === null) return [shownOne(value)];
  return Object.entries(value).map(([name, each]) => `${name}  ${shownOne(each)}`);
}

function shownOne(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
