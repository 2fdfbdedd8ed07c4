import { Argument, Command } from 'commander';
import { callTree, type TracedCall } from '../chain/call-tree.ts';
import { createRpc } from '../chain/rpc.ts';
import { addRpcOptions, type RpcOptions } from '../chain/rpc-options.ts';
import { parseTransactionHash } from '../chain/transaction-hash.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../options.ts';

export function traceCommand(context: Context): Command {
  const command = new Command('trace')
    .description(
      'Run a transaction of the chain again and draw its calls as a tree: gas of each frame, ' +
        'what was called, what came back, where and why it failed.',
    )
    .addArgument(new Argument('<hash>', 'of the transaction').argParser(parseTransactionHash));
  addRpcOptions(command).action((hash: string, options: RpcOptions) =>
    trace(context, hash, options),
  );
  return addExamples(command, [
    'basalt trace 0x2f1c5c2b44f771e942a8506148e256f94f1a464babc938ae0690c6e34cd79190',
    'basalt trace 0x2f1c… --json > trace.json',
  ]);
}

async function trace(context: Context, hash: string, options: RpcOptions): Promise<void> {
  const { screen, signal } = context;
  const rpc = createRpc(options.rpcUrl, signal);
  const tracer = { tracer: 'callTracer', tracerConfig: { withLog: true } };
  const call = await rpc.call<TracedCall>('debug_traceTransaction', [hash, tracer]);
  if (options.json === true) screen.line(JSON.stringify(call));
  else for (const line of callTree(screen, call)) screen.line(line);
}
