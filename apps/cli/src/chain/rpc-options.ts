import { type Command, Option } from 'commander';
import { jsonOption, parseUrl } from '../options.ts';
import { RPC_URL_DEFAULT } from './rpc.ts';

/** Options of every command that talks to a chain. */
export interface RpcOptions {
  readonly rpcUrl: string;
  readonly json?: boolean;
}

export function addRpcOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--rpc-url <address>', 'Ethereum JSON-RPC of the chain')
        .env('BASALT_RPC_URL')
        .default(RPC_URL_DEFAULT)
        .argParser(parseUrl),
    )
    .addOption(jsonOption());
}
