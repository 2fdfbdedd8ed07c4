import { writeFileSync } from 'node:fs';
import { readTransactionProof } from '@basalt/client';
import { Command, Option } from 'commander';
import { readReference } from '../block-reference.ts';
import { askForProof, proveTransaction } from '../chain/prove-transaction.ts';
import { createRpc, RPC_URL_DEFAULT } from '../chain/rpc.ts';
import { isTransactionHash } from '../chain/transaction-hash.ts';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { fetchFrom } from '../node-api.ts';
import { requireNamespace } from '../open-namespace.ts';
import {
  addExamples,
  addNodeOptions,
  type NodeOptions,
  parseUrl,
  policyOption,
} from '../options.ts';

interface Options extends NodeOptions {
  readonly namespace?: string;
  readonly policy?: string;
  readonly output?: string;
  readonly keyBlocks?: string;
  readonly rpcUrl: string;
}

export function proveCommand(context: Context): Command {
  const command = new Command('prove')
    .description(
      'Write a proof file (C2SP tlog-proof) for one block: the log entry, its path in the tree ' +
        'and the signed checkpoint. `basalt verify` checks it without asking anybody. The ' +
        'block is verified before the proof is written. `prove tx <hash>` proves a transaction ' +
        'of a chain, and its receipt, in the same way.',
    )
    .argument('<block>', 'index, or hash in hex; the word tx before a transaction')
    .argument('[transaction]', 'hash of the transaction')
    .addOption(new Option('-n, --namespace <name>', 'label or id; needed with an index'))
    .option('-o, --output <file>', 'write here instead of standard output')
    .option(
      '--key-blocks <file>',
      'write also the key blocks, with which the writer’s signature checks offline',
    )
    .addOption(
      new Option('--rpc-url <address>', 'of the chain, for transactions')
        .env('BASALT_RPC_URL')
        .default(RPC_URL_DEFAULT)
        .argParser(parseUrl),
    )
    .addOption(policyOption())
    .action((block: string, transaction: string | undefined, options: Options) => {
      if (block !== 'tx') return prove(context, block, options);
      const isUrlGiven = command.getOptionValueSource('url') !== 'default';
      return proveTx(context, transaction, options, isUrlGiven);
    });
  return addExamples(addNodeOptions(command), [
    'basalt prove --namespace audit 4711 > 4711.tlog-proof',
    'basalt prove --namespace audit 4711 -o 4711.tlog-proof --key-blocks audit.keys',
    'basalt prove tx 0x2f1c5c2b44f771e942a8506148e256f94f1a464babc938ae0690c6e34cd79190 > tx.proof',
  ]);
}

async function prove(context: Context, text: string, options: Options): Promise<void> {
  const { url, policy } = options;
  const { signal } = context;
  const client = await connect(context, { url, ...(policy === undefined ? {} : { policy }) });
  const reference = await readReference(text, options.namespace, async (name) => {
    return (await requireNamespace(client, name)).namespace;
  });
  const { text: file, block } = await client.prove(reference, { signal });
  await writeKeyBlocks(context, options, url, block.namespace);
  writeProof(context, options, file);
}

/** The ledger is where the chain says, unless another address is given. */
async function proveTx(
  context: Context,
  hash: string | undefined,
  options: Options,
  isUrlGiven: boolean,
): Promise<void> {
  if (hash === undefined || !isTransactionHash(hash)) {
    const hint = 'for example `basalt prove tx 0x2f1c…`: 0x and 64 hex digits';
    throw new CliError(EXIT.usage, 'usage', 'expected the hash of a transaction', hint);
  }
  const rpc = createRpc(options.rpcUrl, context.signal);
  const { proof, ledgerUrl } = await askForProof(rpc, hash);
  const url = isUrlGiven ? options.url : (ledgerUrl ?? options.url);
  const { policy } = options;
  const client = await connect(context, { url, ...(policy === undefined ? {} : { policy }) });
  const file = await proveTransaction(client, proof);
  await writeKeyBlocks(context, options, url, readTransactionProof(proof).namespace);
  writeProof(context, options, file);
}

async function writeKeyBlocks(
  { signal }: Context,
  { keyBlocks }: Options,
  url: string,
  namespace: string,
): Promise<void> {
  if (keyBlocks === undefined) return;
  const path = `/chains/${namespace}/keys`;
  const answer = await fetchFrom(url, path, 'application/x-basalt-blocks', signal);
  writeFileSync(keyBlocks, await answer.bytes());
}

function writeProof(context: Context, options: Options, file: string): void {
  if (options.output !== undefined) writeFileSync(options.output, file);
  else if (options.json === true) context.screen.line(JSON.stringify({ proof: file }));
  else context.output.write(file);
}
